"""A conversation's state: the seats of the two people, and the deleted messages (P32).

The group's name consists of the two accounts, sorted, each with the id of the registration. So a new registration of a
name has new conversations, and a new owner of a nick cannot read the former owner's messages. For a guest, the user id
takes the account's place: another guest with the same nick has another conversation.

A guest has no seat. Only the account follows and reads the conversation; the account's messages reach the guest through
the group of the guest's nick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from gateway.irc import numerics as n
from gateway.state.channel.history import TAGS, History, is_passing
from gateway.state.channel.snapshot import TOMBSTONES
from gateway.state.conversation.messages import (
    Evict,
    Forget,
    Forgotten,
    Leave,
    Left,
    Merged,
    Redact,
    Redacted,
    Said,
    Sat,
    Say,
    Seat,
    Sit,
    Stored,
)
from gateway.state.idempotency import Probe, decide_probe
from gateway.state.people import refused
from gateway.state.times import latest, newest
from ring.ids import GroupId, Incarnation
from ring.replication.state_machine import Decision, StateBase

NOTHING = Decision(None, None)
_encode = msgspec.msgpack.Encoder().encode


class Party(NamedTuple):
    """A person of a conversation. account: folded; for a guest, the user id (no account can have such a name). life:
    the id of the account's registration, "" for a guest."""

    account: str
    life: str

    @property
    def is_guest(self) -> bool:
        return not self.life


def conversation(one: Party, other: Party) -> GroupId:
    """Name the group of the conversation. Both parties may be the same person."""
    return GroupId("conversation", ",".join(f"{party.account} {party.life}" for party in sorted((one, other))))


@lru_cache(maxsize=4096)  # called for every conversation of a user, for each message
def other_of(name: str, mine: Party) -> Party | None:
    """Find the other party of the conversation with this name; None if `mine` is not a party of the conversation."""
    parties = []
    for part in name.split(","):
        account, _, life = part.partition(" ")
        parties.append(Party(account, life))
    if len(parties) != 2 or mine not in parties:
        return None
    parties.remove(mine)
    return parties[0]


class Conversation(StateBase):
    """The replicated state of a conversation."""

    __slots__ = ("changed_at", "history", "history_s", "name", "seats", "subscribers")

    def __init__(self, name: str, history_s: float) -> None:
        """history_s: how long the conversation is remembered without seats."""
        self.name = name
        self.history_s = history_s
        self.seats: dict[str, Seat] = {}  # by folded account
        self.subscribers: dict[Incarnation, int] = {}
        self.changed_at = 0  # Unix ms
        self.history = History()

    # The state machine ----------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        return _DECIDE[type(command)](self, command)

    def apply(self, event: Any, at: int) -> bool:
        if type(event) is Said:
            return False
        self.changed_at = at
        if isinstance(event, Redacted):
            self.history.redact(event.msgid, at)
            return False
        if isinstance(event, Forgotten):
            self.history.forget((event.account,), at)
            return False
        if isinstance(event, Merged):
            self._load(event.stored)
        elif isinstance(event, Sat):
            self._seat({**self.seats, event.account: event.seat})
        else:
            self._seat({account: seat for account, seat in self.seats.items() if account not in event.accounts})
        return True

    def _seat(self, seats: dict[str, Seat]) -> None:
        self.seats, self.subscribers = seats, {}
        for seat in seats.values():
            self.subscribers[seat.edge] = self.subscribers.get(seat.edge, 0) + 1

    def _sit(self, command: Sit) -> Decision:
        known = self.seats.get(command.account)
        late = known is not None and (known == command.seat or known.taken > command.seat.taken)
        return NOTHING if late else Decision(None, Sat(command.account, command.seat))

    def _leave(self, command: Leave) -> Decision:
        who = (command.uid, command.edge)
        return self._go(account for account, seat in self.seats.items() if (seat.uid, seat.edge) == who)

    def _evict(self, command: Evict) -> Decision:
        return self._go(account for account, seat in self.seats.items() if seat.edge == command.edge)

    def _go(self, accounts: Iterable[str]) -> Decision:
        gone = tuple(accounts)
        return Decision(None, Left(gone)) if gone else NOTHING

    def _say(self, command: Say) -> Decision:
        if command.to_uid and all(seat.uid != command.to_uid for seat in self.seats.values()):
            return Decision(refused(n.ERR_NOSUCHNICK, command.to), None)
        return Decision(None, Said(*msgspec.structs.astuple(command)[:-1]))

    def _redact(self, command: Redact) -> Decision:
        return Decision(None, Redacted(*msgspec.structs.astuple(command)))

    def _forget(self, command: Forget) -> Decision:
        return Decision(None, Forgotten(command.account))

    def precommands(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Any]:
        """Evict a dead node's seat before the account's new seat, if the dead node's seat is the later. After a power
        cut the session's group may have lost the time of that seat, and gives an earlier time (P38)."""
        if not isinstance(command, Sit) or (known := self.seats.get(command.account)) is None:
            return []
        return [Evict(known.edge)] if known.taken > command.seat.taken and dead(known.edge) else []

    # Copies and questions -------------------------------------------------------------------------------------------

    def snapshot(self) -> Stored:
        erased, redacted, _, _, forgotten = self.history.stored()
        return Stored(self.seats, self.changed_at, erased, redacted, forgotten)

    def _load(self, stored: Stored) -> None:
        self.changed_at = stored.changed_at
        self.history = History(stored.erased, stored.redacted, forgotten=stored.forgotten)
        self._seat(stored.seats)

    def is_message(self, event: Any) -> bool:
        return type(event) is Said

    def merge(self, other: Conversation, at: int) -> Merged | None:
        mine = self.snapshot()
        both = merge(mine, other.snapshot())
        return Merged(both) if both != mine else None

    # Upkeep ---------------------------------------------------------------------------------------------------------

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        return [Evict(edge) for edge in self.subscribers if gone(edge)]

    def is_collectable(self, at: int) -> bool:
        return not self.seats and at - self.changed_at > self.history_s * 1000


def is_kept(event: Any) -> bool:
    return type(event) is Said and not is_passing(event.verb, event.tags)


def authors(event: Any) -> tuple[str, ...]:
    return (event.account,) if type(event) is Said else ()


def is_wanted(event: Any, wanted: str) -> bool:
    return type(event) is Said and (event.verb != "TAGMSG" or TAGS in wanted)


def merge(a: Stored, b: Stored) -> Stored:
    """Merge two states: the latest seat of each account counts. If an account has left, the account's node repeats the
    Leave. Commutative, associative, idempotent."""
    seats = {}
    for account in sorted({**a.seats, **b.seats}):
        found = [seat for seat in (a.seats.get(account), b.seats.get(account)) if seat is not None]
        seats[account] = max(found, key=lambda seat: (seat.taken, _encode(seat)))
    redacted = newest(latest(a.redacted, b.redacted), TOMBSTONES)
    forgotten = newest(latest(a.forgotten, b.forgotten), TOMBSTONES)
    return Stored(seats, max(a.changed_at, b.changed_at), max(a.erased, b.erased), redacted, forgotten)


_DECIDE: dict[type, Callable[[Conversation, Any], Decision]] = {
    Sit: Conversation._sit,
    Leave: Conversation._leave,
    Evict: Conversation._evict,
    Say: Conversation._say,
    Redact: Conversation._redact,
    Forget: Conversation._forget,
    Probe: decide_probe,
}

_stored = msgspec.msgpack.Decoder(Stored)


def restore(name: str, history_s: float, snapshot: msgspec.Raw) -> Conversation:
    """Raises msgspec.MsgspecError."""
    found = Conversation(name, history_s)
    found._load(_stored.decode(snapshot))
    return found
