"""A line of mode changes, judged change by change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.groups.channel_messages import ModeChange, ModesDone, ModesSet, SetModes
from gateway.groups.people import Refusal, refused
from gateway.irc import numerics as n
from gateway.irc.modes import CHANNEL_MODES
from ring.groups.machine import Decision

if TYPE_CHECKING:
    from gateway.groups.channel import Channel

HALFOP_MAY = "beIvmnistkl"
"""A half-operator changes everyday settings and voices, but makes no operators."""


class _Line:
    """What a line of changes does, as far as it has been read: later changes see the earlier ones."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.modes = set(channel.modes)
        self.key = channel.key
        self.limit = channel.limit
        self.prefixes: dict[str, set[str]] = {}
        self.sizes = {letter: len(entries.entries) for letter, entries in channel.lists.items()}
        self.masks = {letter: set(map(channel.rules.casemap, e.entries)) for letter, e in channel.lists.items()}
        self.done: list[ModeChange] = []
        self.refusals: list[Refusal] = []

    def refuse(self, refusal: Refusal) -> None:
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    def rank(self, change: ModeChange) -> None:
        channel = self.channel
        uid = change.uid if change.uid in channel.members else None
        if uid is None and change.param:
            folded = channel.rules.casemap(change.param)
            uid = next(
                (u for u, m in channel.members.items() if channel.rules.casemap(m.person.nick) == folded),
                None,
            )
        if uid is None:
            self.refuse(refused(n.ERR_USERNOTINCHANNEL, change.param or "*", channel.name))
            return
        held = self.prefixes.setdefault(uid, set(channel.members[uid].prefixes))
        if (change.letter in held) == change.adding:
            return
        held.symmetric_difference_update(change.letter)
        self.done.append(ModeChange(change.adding, change.letter, channel.members[uid].person.nick, uid))

    def mask(self, change: ModeChange) -> None:
        channel, letter = self.channel, change.letter
        assert change.param is not None
        folded = channel.rules.casemap(change.param)
        masks = self.masks[letter]
        if (folded in masks) == change.adding:
            return
        if change.adding and len(masks) >= channel.rules.limits.list_max:
            self.refuse(refused(n.ERR_BANLISTFULL, channel.name, change.param))
            return
        masks.symmetric_difference_update((folded,))
        self.done.append(ModeChange(change.adding, letter, change.param))

    def setting(self, change: ModeChange) -> None:
        adding, letter, param = change.adding, change.letter, change.param
        if letter == "k":
            if (adding and self.key == param) or (not adding and self.key is None):
                return
            self.done.append(ModeChange(adding, "k", param if adding else self.key))
            self.key = param if adding else None
        elif letter == "l":
            limit = int(param) if adding and param else None
            if limit == self.limit:
                return
            self.limit = limit
            self.done.append(ModeChange(adding, "l", param if adding else None))
        elif (letter in self.modes) != adding:
            self.modes.symmetric_difference_update(letter)
            self.done.append(ModeChange(adding, letter))


def decide_modes(channel: Channel, command: SetModes, rank: str) -> Decision:
    """rank: the highest rank of who asks, "" for none. Changes that change nothing are dropped silently."""
    line = _Line(channel)
    for change in command.changes:
        steps_down = change.letter in "hv" and not change.adding and change.uid == command.by
        if rank != "o" and not (rank == "h" and change.letter in HALFOP_MAY) and not steps_down:
            line.refuse(refused(n.ERR_CHANOPRIVSNEEDED, channel.name))
            continue
        if change.letter in CHANNEL_MODES.ranks:
            line.rank(change)
        elif change.letter in CHANNEL_MODES.lists:
            line.mask(change)
        else:
            line.setting(change)
    event = ModesSet(command.by, command.source, tuple(line.done)) if line.done else None
    return Decision(ModesDone(tuple(line.refusals)) if line.refusals else None, event)
