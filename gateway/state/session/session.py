"""An account's session: the user's node and channels, and how far each device has read (P9, P38).

The session's group lies beside the account's group on the ring. The only subscriber is the session's owner: the owner
follows the group, and so learns when another node takes the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.state.session.messages import (
    Abandon,
    AllForgotten,
    Changed,
    Converse,
    Conversing,
    Detach,
    Detached,
    DetachedSet,
    Device,
    DeviceForgotten,
    End,
    ForgetAll,
    ForgetDevice,
    Keep,
    Kept,
    KeptSet,
    Kick,
    KickNoted,
    KnownConversation,
    Look,
    Marked,
    Marker,
    MarkRead,
    Merged,
    NoteKick,
    NotOwner,
    Present,
    Reached,
    Report,
    Rival,
    Stored,
    Take,
    Taken,
)
from ring.history.cursor import merge_cursors
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

DEVICES = 20
"""The most devices of an account. The device that was away for the longest time goes first."""

DEVICE_MS = 180 * 24 * 3600 * 1000
"""A device that was away for this time loses its cursors."""

CURSORS = 500
"""The most cursors of a device. The cursor with the oldest last message goes first."""

NODES = 4
"""The most nodes that a device remembers. The node that the device came to first goes first."""

CONVERSATIONS = 200
"""The most conversations with accounts. The conversation that was opened longest ago goes first."""

GUEST_CONVERSATIONS = 50
"""The most conversations with guests. The count is separate: no number of guests can displace an account's
conversation."""

MARKERS = 1_000
"""The most read markers, and the most detached channels. The oldest go first."""

KICKS = 100
"""The most kicks that wait until each device is told. The oldest go first."""

NOTHING = Decision(None, None)
_replace = msgspec.structs.replace
_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Session(StateBase):
    """The replicated state of an account's session."""

    __slots__ = ("name", "stored")

    def __init__(self, name: str) -> None:
        self.name = name  # the account's, folded
        self.stored = Stored()

    @property
    def owner(self) -> Incarnation | None:
        """The session's node; None while there is no session."""
        return self.stored.person.edge if self.stored.person is not None else None

    @property
    def subscribers(self) -> Mapping[Incarnation, int]:
        return {self.owner: 1} if self.owner is not None else {}

    # The state machine ----------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        return _DECIDE[type(command)](self, command, at)

    def apply(self, event: Any, at: int) -> bool:
        before = self.owner
        if isinstance(event, Merged):
            self.stored = event.stored
        elif isinstance(event, DeviceForgotten):
            devices = {name: device for name, device in self.stored.devices.items() if name != event.device}
            self.stored = _replace(self.stored, devices=devices)
        elif isinstance(event, Conversing):
            known = self.stored.conversations.get(event.conversation)
            conversation = KnownConversation(event.other, known.since if known is not None else at, at, event.nick)
            self.stored = _replace(
                self.stored, conversations=_newest({**self.stored.conversations, event.conversation: conversation})
            )
        elif isinstance(event, AllForgotten):
            self.stored = _replace(self.stored, conversations={}, devices={}, markers={}, detached={}, kicks={})
        elif isinstance(event, Marked):
            self.stored = _replace(self.stored, markers=_latest({**self.stored.markers, event.folded: event.at}))
        elif isinstance(event, DetachedSet):
            one = Detached(at, event.highlight, event.off)
            self.stored = _replace(self.stored, detached=_recent({**self.stored.detached, event.channel: one}))
        elif isinstance(event, KickNoted):
            self.stored = _replace(self.stored, kicks=_last_kicks({**self.stored.kicks, event.folded: event.kick}))
        elif isinstance(event, KeptSet):
            self.stored = _replace(self.stored, kept=event.kept)
        else:
            devices = _bounded({**self.stored.devices, **event.devices}, at)
            facts = {"person": event.person, "rooms": event.rooms, "lasts": event.lasts, "attached": event.attached}
            facts |= {"taken": event.taken, "left": event.left, "auto_away": event.auto_away}
            facts |= {"base": event.base, "rivals": {}}
            if event.person is None:
                facts |= {"kicks": {}, "kept": Kept()}
            self.stored = _replace(self.stored, **facts, devices=devices)
        return self.owner != before

    def _take(self, command: Take, at: int) -> Decision:
        owner, s = self.owner, self.stored
        same = s.person is not None and s.person.uid == command.person.uid
        if owner is not None and owner != command.before:
            again = same and command.person.edge == owner  # a repeat: the node has not had the answer
            return Decision(Taken(s) if again else NotOwner(owner), None)
        rooms = s.rooms if same else {}
        left = 0 if command.attached else s.left or at
        facts = (command.person, rooms, s.lasts and same, command.attached, at, left)
        changed = Changed(*facts, {}, s.auto_away and same, self._base(at))
        return Decision(Taken(s), changed)

    def _report(self, command: Report, at: int) -> Decision:
        s = self.stored
        if not self._is_owner(command):
            return self._reached(command, at)  # the report came too late, but the cursors are true
        left = 0 if command.attached else s.left or at
        facts = (command.person, command.rooms, command.lasts, command.attached, s.taken, left)
        return Decision(None, Changed(*facts, self._further(command, at), command.auto_away, self._base(at)))

    def _reached(self, command: Reached | Report, at: int) -> Decision:
        s = self.stored
        if not command.cursors and not (isinstance(command, Report) and command.nodes):
            return NOTHING
        facts = (s.person, s.rooms, s.lasts, s.attached, s.taken, s.left)
        return Decision(None, Changed(*facts, self._further(command, at), s.auto_away, self._base(at)))

    def _further(self, command: Reached | Report, at: int) -> dict[str, Device]:
        devices, cursors = self.stored.devices, command.cursors
        delivered = command.nodes if isinstance(command, Report) else {}
        found = {}
        for name in [*cursors, *(name for name in delivered if name not in cursors)]:
            nodes = {key: (at, number) for key, number in delivered.get(name, {}).items()}
            found[name] = _one(devices.get(name), Device(at, cursors.get(name, {}), nodes))
        return found

    def _is_owner(self, command: Report | End | Keep) -> bool:
        person = self.stored.person
        return person is not None and person.uid == command.uid and person.edge == command.owner

    def _end(self, command: End, at: int) -> Decision:
        return Decision(None, self._ended(at)) if self._is_owner(command) else NOTHING

    def _keep(self, command: Keep, at: int) -> Decision:
        new = self._is_owner(command) and command.kept != self.stored.kept
        return Decision(None, KeptSet(command.kept)) if new else NOTHING

    def _abandon(self, command: Abandon, at: int) -> Decision:
        return Decision(None, self._ended(at)) if self.owner == command.owner else NOTHING

    def _ended(self, at: int) -> Changed:
        return Changed(None, {}, False, 0, at, self.stored.left or at, {}, base=self._base(at))

    def _base(self, at: int) -> int:
        """Return when the group first had a session, or may have had: a group without any begins now."""
        s = self.stored
        is_new = not s.base and not s.taken and not s.rivals
        return at if is_new else min([s.base, *s.rivals])

    def _forget(self, command: ForgetDevice, at: int) -> Decision:
        known = command.device in self.stored.devices
        return Decision(None, DeviceForgotten(command.device) if known else None)

    def _converse(self, command: Converse, at: int) -> Decision:
        person = self.stored.person
        return Decision(
            Present(person.uid if person is not None else ""),
            Conversing(command.conversation, command.other, command.nick),
        )

    def _forget_all(self, command: ForgetAll, at: int) -> Decision:
        s = self.stored
        return Decision(
            None, AllForgotten() if s.conversations or s.devices or s.markers or s.detached or s.kicks else None
        )

    def _mark(self, command: MarkRead, at: int) -> Decision:
        known = self.stored.markers.get(command.folded, 0)
        wanted = min(command.at, at)
        if wanted <= known:
            return Decision(Marker(known), None)
        return Decision(Marker(wanted), Marked(command.target, command.folded, wanted))

    def _detach(self, command: Detach, at: int) -> Decision:
        known = self.stored.detached.get(command.channel)
        before = (known.highlight, known.off) if known is not None else (False, True)
        if before == (command.highlight, command.off):
            return NOTHING
        return Decision(None, DetachedSet(command.channel, command.highlight, command.off))

    def _note_kick(self, command: NoteKick, at: int) -> Decision:
        known = self.stored.kicks.get(command.folded)
        late = self.owner is None or (known is not None and known.at >= command.kick.at)
        return NOTHING if late else Decision(None, KickNoted(command.folded, command.kick))

    # Copies and questions -------------------------------------------------------------------------------------------

    def snapshot(self) -> Stored:
        return self.stored

    def merge(self, other: Session, at: int) -> Merged | None:
        both = merge(self.stored, other.stored)
        return Merged(both) if both != self.stored else None

    def answer(self, question: Look, at: int) -> Stored:
        return self.stored

    # Upkeep ---------------------------------------------------------------------------------------------------------

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        """End a session without an owner. A session that lasts stays, as some node takes the session in the end."""
        owner = self.owner
        return [Abandon(owner)] if owner is not None and not self.stored.lasts and gone(owner) else []

    def is_collectable(self, at: int) -> bool:
        conversations = any(at - conversation.at < DEVICE_MS for conversation in self.stored.conversations.values())
        marked = any(at - marker < DEVICE_MS for marker in self.stored.markers.values())
        return self.owner is None and not conversations and not marked and not _bounded(self.stored.devices, at)


def _bounded(devices: dict[str, Device], at: int) -> dict[str, Device]:
    fresh = [(name, device) for name, device in devices.items() if at - device.seen < DEVICE_MS]
    fresh.sort(key=lambda item: (item[1].seen, item[0]))
    return dict(fresh[-DEVICES:])


def _newest(conversations: dict[str, KnownConversation]) -> dict[str, KnownConversation]:
    order = sorted(conversations.items(), key=lambda item: (item[1].at, item[0]))
    guests = [name for name, conversation in order if conversation.nick][:-GUEST_CONVERSATIONS]
    accounts = [name for name, conversation in order if not conversation.nick][:-CONVERSATIONS]
    gone = {*guests, *accounts}
    return {name: conversation for name, conversation in order if name not in gone}


def _latest(markers: dict[str, int]) -> dict[str, int]:
    order = sorted(markers.items(), key=lambda item: (item[1], item[0]))
    return dict(order[-MARKERS:])


def _recent(detached: dict[str, Detached]) -> dict[str, Detached]:
    order = sorted(detached.items(), key=lambda item: (item[1].at, item[0]))
    return dict(order[-MARKERS:])


def _last_kicks(kicks: dict[str, Kick]) -> dict[str, Kick]:
    order = sorted(kicks.items(), key=lambda item: (item[1].cursor.at, item[0]))
    return dict(order[-KICKS:])


def merge(a: Stored, b: Stored) -> Stored:
    """Merge two states: the session, and the furthest cursors of each device.

    Of sessions of one base, the last owner's counts, be the session over or not. Of sessions of several bases, the
    session of the oldest base goes on: the sides that began the group empty did not know of that session (P26).
    Commutative, associative, idempotent.
    """
    rivals = _united(a, b)
    base = _first(rivals)
    first = rivals.pop(base)
    devices = {name: _one(a.devices.get(name), b.devices.get(name)) for name in sorted({**a.devices, **b.devices})}
    conversations = {**a.conversations, **b.conversations}
    for name in a.conversations.keys() & b.conversations.keys():
        both = (a.conversations[name], b.conversations[name])
        conversations[name] = _replace(
            max(both, key=lambda conversation: conversation.at), since=min(conversation.since for conversation in both)
        )
    names = sorted(a.markers.keys() | b.markers.keys())
    markers = {name: max(a.markers.get(name, 0), b.markers.get(name, 0)) for name in names}
    detached = {**a.detached, **b.detached}
    for name in a.detached.keys() & b.detached.keys():
        detached[name] = max(a.detached[name], b.detached[name], key=lambda one: (one.at, one.off, one.highlight))
    kicks = {**a.kicks, **b.kicks}
    for name in a.kicks.keys() & b.kicks.keys():
        kicks[name] = max(a.kicks[name], b.kicks[name], key=lambda kick: (kick.cursor.at, _encode(kick)))
    found: dict[str, Any] = {
        "conversations": _newest(conversations),
        "markers": _latest(markers),
        "detached": _recent(detached),
    }
    session: dict[str, Any] = {name: getattr(first, name) for name in Rival.__struct_fields__}
    return Stored(**session, devices=devices, kicks=_last_kicks(kicks), **found, base=base, rivals=rivals)


def _united(a: Stored, b: Stored) -> dict[int, Rival]:
    """Return the last session of each base, by base; of bases without any session so far, at most one base."""
    found: dict[int, Rival] = {}
    for stored in (a, b):
        own = Rival(*(getattr(stored, name) for name in Rival.__struct_fields__))
        for base, session in ((stored.base, own), *stored.rivals.items()):
            found[base] = max(found.get(base, session), session, key=_order)
    had = {base: session for base, session in sorted(found.items()) if session.taken or session.person is not None}
    last = max(found, key=lambda base: (_order(found[base]), base))
    return had or {last: found[last]}


def _first(sessions: dict[int, Rival]) -> int:
    """Return the oldest base with a session; if no session is left, the base of the session that ended last."""
    there = [base for base, session in sessions.items() if session.person is not None]
    return min(there, default=max(sessions, key=lambda base: (_order(sessions[base]), base)))


def _order(session: Rival) -> tuple[int, bool, bytes]:
    return session.taken, session.person is not None, _encode(session)


def _one(a: Device | None, b: Device | None) -> Device:
    if a is None or b is None:
        found = a or b
        assert found is not None
        return found
    both = {**a.cursors, **b.cursors}
    cursors = {name: merge_cursors(a.cursors.get(name), b.cursors.get(name)) or both[name] for name in sorted(both)}
    if len(cursors) > CURSORS:
        newest = sorted(cursors.items(), key=lambda item: (item[1].at, item[0]))[-CURSORS:]
        cursors = dict(sorted(newest))
    return Device(max(a.seen, b.seen), cursors, _latest_nodes(a.nodes, b.nodes))


def _latest_nodes(a: dict[str, tuple[int, int]], b: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    both = {key: max(a.get(key, (0, 0)), b.get(key, (0, 0))) for key in a.keys() | b.keys()}
    latest = sorted(both.items(), key=lambda item: (item[1], item[0]))[-NODES:]
    return dict(sorted(latest))


_DECIDE: dict[type, Callable[[Session, Any, int], Decision]] = {
    Take: Session._take,
    Report: Session._report,
    End: Session._end,
    Abandon: Session._abandon,
    ForgetDevice: Session._forget,
    Reached: Session._reached,
    Converse: Session._converse,
    ForgetAll: Session._forget_all,
    MarkRead: Session._mark,
    Detach: Session._detach,
    NoteKick: Session._note_kick,
    Keep: Session._keep,
}

_stored = msgspec.msgpack.Decoder(Stored)


def restore(name: str, snapshot: msgspec.Raw) -> Session:
    """Raises msgspec.MsgspecError."""
    session = Session(name)
    session.stored = _stored.decode(snapshot)
    return session
