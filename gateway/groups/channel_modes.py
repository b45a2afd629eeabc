"""A line of mode changes, judged change by change: a later one sees what the earlier ones did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.groups.channel_messages import ModeChange, ModesDone, ModesSet, SetModes
from gateway.groups.channel_targets import find_target
from gateway.groups.people import Refusal, refused
from gateway.irc import numerics as n
from gateway.irc.masks import MaskSet
from gateway.irc.modes import CHANNEL_MODES
from ring.groups.machine import Decision

if TYPE_CHECKING:
    from gateway.groups.channel import Channel

HALFOP_MAY = "beIvmnistkl"
"""A half-operator changes everyday settings and voices, but makes no operators and changes no C, H, Q, R, S."""


def decide_modes(channel: Channel, command: SetModes, rank: str) -> Decision:
    """rank: of who asks, "" for none. What changes nothing is dropped silently."""
    line = _Line(channel)
    for change in command.changes:
        if _may(change, command.by, rank):
            line.take(change)
        else:
            line.refuse(refused(n.ERR_CHANOPRIVSNEEDED, channel.name))
    event = ModesSet(command.by, command.source, tuple(line.done), command.once) if line.done else None
    return Decision(ModesDone(tuple(line.refusals)) if line.refusals else None, event)


def _may(change: ModeChange, by: str, rank: str) -> bool:
    steps_down = change.letter in "hv" and not change.adding and change.uid == by
    return rank == "o" or (rank == "h" and change.letter in HALFOP_MAY) or steps_down


class _Line:
    """What a line does, as far as it has been read."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.settings: dict[str, str | bool | None] = dict.fromkeys(channel.modes, True)
        self.settings["k"] = channel.key
        self.settings["l"] = None if channel.limit is None else str(channel.limit)
        self.prefixes: dict[str, set[str]] = {}
        self.toggled = {letter: MaskSet(channel.rules.casemap) for letter in channel.lists}  # against the lists
        self.room = channel.rules.limits.list_max - sum(map(len, channel.lists.values()))  # MAXLIST: for all together
        self.done: list[ModeChange] = []
        self.refusals: list[Refusal] = []

    def take(self, change: ModeChange) -> None:
        letter, param = change.letter, change.param
        if len(letter) != 1:
            self.refuse(refused(n.ERR_UNKNOWNMODE, letter))
        elif letter in CHANNEL_MODES.flags:
            self._set(change, True if change.adding else None)
        elif letter in CHANNEL_MODES.ranks:
            self._rank(change)
        elif letter in CHANNEL_MODES.lists and param:
            self._mask(change, param)
        elif letter in ("k", "l") and (not change.adding or _is_good(letter, param)):
            self._set(change, param if change.adding else None)
        elif letter in "klbeI":
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
        shown = before if letter == "k" and value is None else value  # a key is named when it goes, too
        self.done.append(ModeChange(change.adding, letter, shown if isinstance(shown, str) else None))

    def _rank(self, change: ModeChange) -> None:
        channel = self.channel
        uid = find_target(channel, change.uid, change.param)
        if uid is None:
            self.refuse(refused(n.ERR_USERNOTINCHANNEL, change.param or "*", channel.name))
            return
        member = channel.members[uid]
        held = self.prefixes.setdefault(uid, set(member.prefixes))
        if (change.letter in held) != change.adding:
            held ^= {change.letter}
            self.done.append(ModeChange(change.adding, change.letter, member.person.nick, uid))

    def _mask(self, change: ModeChange, mask: str) -> None:
        letter, toggled = change.letter, self.toggled[change.letter]
        is_there = (mask in self.channel.lists[letter]) != (mask in toggled)
        if is_there == change.adding:
            return
        if change.adding and self.room <= 0:
            self.refuse(refused(n.ERR_BANLISTFULL, self.channel.name, letter))
            return
        self.room += -1 if change.adding else 1
        if toggled.discard(mask) is None:
            toggled.add(mask)
        self.done.append(ModeChange(change.adding, letter, mask))


def _is_good(letter: str, param: str | None) -> bool:
    """What the parser of MODE lets through, asked again: commands come from other nodes."""
    if not param:
        return False
    if letter == "k":
        return " " not in param and "," not in param
    return param.isascii() and param.isdigit() and param == str(int(param[:10])) and param != "0"
