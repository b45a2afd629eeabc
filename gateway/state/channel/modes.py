"""Judges a line of mode changes, change by change. A later change sees the effect of earlier changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.irc import numerics as n
from gateway.irc.extbans import WRONG, is_extended, is_good_mask, read
from gateway.irc.masks import MaskSet, meaning
from gateway.irc.mode_table import CHANNEL_TABLE
from gateway.irc.modes import CHANNEL_MODES, NOT_UNDERSTOOD
from gateway.state.channel.channel_settings import is_good, locked
from gateway.state.channel.messages import ModesDone, ModesSet, SetModes
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.ranks import BY_ACCESS, OPERATORS, is_above
from gateway.state.channel.targets import find_target
from gateway.state.people import Refusal, refused
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

HALFOP_MAY = frozenset(mode.letter for mode in CHANNEL_TABLE if mode.halfop)
"""Half-operators may change these modes: everyday settings and voices. Half-operators cannot make operators."""

SET_ALONE = CHANNEL_MODES.always + CHANNEL_MODES.when_set
WITH_PARAM = CHANNEL_MODES.lists + SET_ALONE
FOUNDERS_MODES = frozenset("P")
"""Only founders and operators of the network change these modes."""


def decide_modes(channel: ChannelState, command: SetModes, rank: str) -> Decision:
    """Judge a line of mode changes. rank: the caller's highest rank, "" for no rank. Changes without effect are dropped
    silently."""
    line = _Line(channel, command.by, rank)
    for change in command.changes:
        if _may(change, command.by, rank):
            line.take(change)
        else:
            line.refuse(refused(n.ERR_CHANOPRIVSNEEDED, channel.name))
    done = ModesSet(command.by, command.source, tuple(line.done), command.idempotency_key, command.account)
    event = done if line.done else None
    return Decision(ModesDone(tuple(line.refusals)) if line.refusals else None, event)


def _may(change: ModeChange, by: str, rank: str) -> bool:
    if change.letter in FOUNDERS_MODES:
        return rank == CHANNEL_MODES.ranks[0]
    steps_down = change.letter in "hv" and not change.adding and change.uid == by
    return rank in OPERATORS or (rank == "h" and change.letter in HALFOP_MAY) or steps_down


class _Line:
    """The effect of the changes of a line so far."""

    def __init__(self, channel: ChannelState, by: str, rank: str) -> None:
        self.channel = channel
        self.by, self.rank = by, rank
        self.locked = locked(channel)
        self.settings: dict[str, str | bool | None] = dict.fromkeys(channel.modes, True)
        self.settings["k"] = channel.key
        self.settings["l"] = None if channel.limit is None else str(channel.limit)
        self.settings |= channel.params
        self.prefixes: dict[str, set[str]] = {}
        self.toggled = {letter: MaskSet(channel.rules.casemap) for letter in channel.lists}  # added or removed
        most = channel.rules.limits.list_max
        self.room = {letter: most - len(entries) for letter, entries in channel.lists.items()}
        self.done: list[ModeChange] = []
        self.refusals: list[Refusal] = []

    def take(self, change: ModeChange) -> None:
        letter, param = change.letter, change.param
        if len(letter) != 1:
            self.refuse(refused(n.ERR_UNKNOWNMODE, letter))
        elif self.locked.forbids(change):
            self.refuse(Refusal(n.ERR_CHANOPRIVSNEEDED, (self.channel.name, f"The mode {letter} is locked (ChanServ)")))
        elif letter in CHANNEL_MODES.flags:
            self._set(change, True if change.adding else None)
        elif letter in CHANNEL_MODES.ranks:
            self._rank(change)
        elif letter in CHANNEL_MODES.lists and param:
            self._mask(change, change.stored or param)
        elif letter in SET_ALONE and (not change.adding or is_good(letter, param)):
            self._set(change, param if change.adding else None)
        elif letter in WITH_PARAM:
            bad = (self.channel.name, letter, param or "*", "Not a valid parameter")
            self.refuse(Refusal(n.ERR_INVALIDMODEPARAM, bad))
        else:
            self.refuse(refused(n.ERR_UNKNOWNMODE, letter))

    def refuse(self, refusal: Refusal) -> None:
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    def _set(self, change: ModeChange, value: str | bool | None) -> None:
        letter = change.letter
        before = self.settings.get(letter)
        if before == value:
            return
        self.settings[letter] = value
        shown = before if letter == "k" and value is None else value  # MODE -k shows the removed key
        self.done.append(ModeChange(change.adding, letter, shown if isinstance(shown, str) else None))

    def _rank(self, change: ModeChange) -> None:
        channel = self.channel
        uid = find_target(channel, change.uid, change.param)
        if uid is None:
            self.refuse(refused(n.ERR_USERNOTINCHANNEL, change.param or "*", channel.name))
            return
        member = channel.members[uid]
        if change.letter in BY_ACCESS:
            text = "Only ChanServ gives and takes this rank"
            self.refuse(Refusal(n.ERR_CHANOPRIVSNEEDED, (channel.name, text)))
            return
        if not change.adding and uid != self.by and is_above(member.prefixes[:1], self.rank):
            self.refuse(refused(n.ERR_CHANOPRIVSNEEDED, channel.name))
            return
        held = self.prefixes.setdefault(uid, set(member.prefixes))
        if (change.letter in held) != change.adding:
            held ^= {change.letter}
            self.done.append(ModeChange(change.adding, change.letter, member.person.nick, uid))

    def _mask(self, change: ModeChange, mask: str) -> None:
        letter, toggled = change.letter, self.toggled[change.letter]
        mask = self._as_listed(letter, mask)
        is_there = (mask in self.channel.lists[letter]) != (mask in toggled)
        if not is_there and not is_good_mask(letter, mask):
            text = WRONG if is_extended(mask) else NOT_UNDERSTOOD
            self.refuse(Refusal(n.ERR_INVALIDMODEPARAM, (self.channel.name, letter, mask, text)))
            return
        anew = ModeChange(True, letter, mask)
        if is_there and change.adding and _ends(mask) and anew not in self.done:
            self.done.append(anew)  # the time of the mask begins anew
            return
        if is_there == change.adding:
            return
        if change.adding and self.room[letter] <= 0:
            self.refuse(refused(n.ERR_BANLISTFULL, self.channel.name, letter))
            return
        self.room[letter] += -1 if change.adding else 1
        if toggled.discard(mask) is None:
            toggled.add(mask)
        shown = mask if change.stored is None else change.param
        self.done.append(ModeChange(change.adding, letter, shown, stored=mask if change.stored is not None else None))

    def _as_listed(self, letter: str, mask: str) -> str:
        """Find a mask with the same meaning in the list or in this line; if there is none, return the mask unchanged.

        Masks with the same address in different spellings have the same meaning.
        """
        if mask in self.channel.lists[letter] or mask in self.toggled[letter]:
            return mask
        casemap = self.channel.rules.casemap
        wanted = meaning(mask, casemap)
        known = (*self.channel.lists[letter].entries, *self.toggled[letter])
        return next((one for one in known if meaning(one, casemap) == wanted), mask)


def _ends(mask: str) -> bool:
    found = read(mask) if is_extended(mask) else None
    return found is not None and found.minutes > 0
