"""A nick's state: who claims it, who holds it, who held it before. The user's own group while it is held (P27, P28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.groups.nick_messages import (
    Change,
    Changed,
    Claim,
    Claimed,
    Evict,
    Granted,
    Kill,
    Killed,
    NickView,
    Past,
    Reached,
    Release,
    Released,
    Tell,
    Told,
    Who,
)
from gateway.groups.people import Person, refused
from gateway.irc import numerics as n
from ring.groups.machine import Decision
from ring.ids import Incarnation

PENDING_S = 30.0
"""A rename that has not ended by then has lost its new nick."""

PAST = 5
PAST_S = 3600.0
"""WHOWAS knows the last few holders, for an hour."""

NOTHING = Decision(None, None)


class Nick:
    """The replicated state of one nick."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.holder: Person | None = None
        self.pending = False
        self.claimed_at = 0  # Unix ms
        self.past: list[Past] = []
        self.hosts: dict[Incarnation, int] = {}

    # The state machine ----------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        return _DECIDE[type(command)](self, command, at)

    def apply(self, event: Any, at: int) -> bool:
        if isinstance(event, Told | Killed):
            return False
        if isinstance(event, Claimed):
            self.pending, self.claimed_at = event.pending, at
            self._hold(event.person)
        elif isinstance(event, Changed):
            self._hold(event.person)
        else:
            self._free(event, at)
        return True

    def _hold(self, person: Person) -> None:
        self.holder = person
        self.hosts = {person.edge: 1}

    def _free(self, event: Released, at: int) -> None:
        if self.holder is not None and not self.pending:
            self.past = [Past(self.holder, at), *self.past][:PAST]
        self.holder = None
        self.pending = False
        self.hosts = {}

    def _claim(self, command: Claim, at: int) -> Decision:
        if self.holder is not None and self.holder.uid != command.person.uid:
            return Decision(refused(n.ERR_NICKNAMEINUSE, command.person.nick), None)
        return Decision(Granted(command.person), Claimed(command.person, command.pending))

    def _change(self, command: Change, at: int) -> Decision:
        if self.holder is None or self.holder.uid != command.person.uid:
            return Decision(refused(n.ERR_NOSUCHNICK, command.person.nick), None)
        version = max(self.holder.version, command.person.version) + 1
        person = msgspec.structs.replace(command.person, version=version)
        return Decision(Granted(person), Changed(person))

    def _release(self, command: Release, at: int) -> Decision:
        if self.holder is None or self.holder.uid != command.uid:
            return NOTHING
        return Decision(None, Released(command.uid, command.moved))

    def _evict(self, command: Evict, at: int) -> Decision:
        if self.holder is None or self.holder.uid != command.uid:
            return NOTHING
        return Decision(None, Released(command.uid))

    def _tell(self, command: Tell, at: int) -> Decision:
        if self.holder is None or self.pending:
            return Decision(refused(n.ERR_NOSUCHNICK, command.target or self.name), None)
        told = Told(command.sender, command.verb, command.text, command.tags, self.holder.uid)
        return Decision(Reached(self.holder), told)

    def _kill(self, command: Kill, at: int) -> Decision:
        if self.holder is None or self.holder.uid != command.uid:
            return Decision(refused(n.ERR_NOSUCHNICK, self.name), None)
        return Decision(None, Killed(command.uid, command.source, command.reason))

    # Copies and questions -------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        return (self.holder, self.pending, self.claimed_at, self.past)

    def view(self) -> Any:
        """For MONITOR: nick, user and host of the holder."""
        if self.holder is None or self.pending:
            return None
        return [self.holder.nick, self.holder.user, self.holder.host]

    def answer(self, question: Who, at: int) -> NickView:
        fresh = tuple(past for past in self.past if at - past.until < PAST_S * 1000)
        return NickView(None if self.pending else self.holder, fresh)

    # Upkeep ---------------------------------------------------------------------------------------------------------

    def upkeep(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        if self.holder is None:
            return []
        ran_out = self.pending and at - self.claimed_at > PENDING_S * 1000
        return [Evict(self.holder.uid)] if ran_out or gone(self.holder.edge) else []

    def is_spent(self, at: int) -> bool:
        return self.holder is None and all(at - past.until >= PAST_S * 1000 for past in self.past)


_DECIDE: dict[type, Callable[[Nick, Any, int], Decision]] = {
    Claim: Nick._claim,
    Change: Nick._change,
    Release: Nick._release,
    Evict: Nick._evict,
    Tell: Nick._tell,
    Kill: Nick._kill,
}


class _Stored(msgspec.Struct, array_like=True):
    holder: Person | None
    pending: bool
    claimed_at: int
    past: list[Past]


_stored = msgspec.msgpack.Decoder(_Stored)


def restore(name: str, snapshot: msgspec.Raw) -> Nick:
    """Raises msgspec.MsgspecError."""
    stored = _stored.decode(snapshot)
    nick = Nick(name)
    nick.pending, nick.claimed_at, nick.past = stored.pending, stored.claimed_at, stored.past
    if stored.holder is not None:
        nick._hold(stored.holder)
    return nick
