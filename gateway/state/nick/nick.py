"""A nick's state: claim, holder and earlier holders. The group of a held nick is the holder's own group (P27, P28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from gateway.irc import numerics as n
from gateway.irc.casemapping import Casemap
from gateway.state.nick.hearing import HEARD, hearing, hears_all
from gateway.state.nick.messages import (
    Called,
    Change,
    Changed,
    Claim,
    Claimed,
    Evict,
    Granted,
    Kill,
    Killed,
    Merged,
    Moved,
    NickView,
    Reached,
    Release,
    Released,
    Tell,
    Told,
    Who,
)
from gateway.state.nick.snapshot import LEFT, PAST, Past, Stored, merge
from gateway.state.people import Person, refused
from gateway.state.times import newest
from ring.ids import Incarnation
from ring.replication.state_machine import Decision, StateBase

PENDING_S = 30.0
"""A rename that takes longer loses the new nick."""

PAST_S = 3600.0
"""WHOWAS knows the last few holders for this time."""

NOTHING = Decision(None, None)

NOBODY: Mapping[Incarnation, int] = {}
"""The subscribers of a nick without a holder; nobody writes this."""


@lru_cache(maxsize=1024)
def _alone(edge: Incarnation) -> Mapping[Incarnation, int]:
    """Return the subscribers of a nick whose holder is on this edge: the same for all nicks there, since a dict takes
    224 bytes."""
    return {edge: 1}


class Nick(StateBase):
    """The replicated state of a nick."""

    __slots__ = ("casemap", "holder", "left", "name", "past", "pending", "shown", "subscribers")

    def __init__(self, name: str, casemap: Casemap) -> None:
        self.casemap = casemap
        self.name = name  # folded
        self.shown = name  # in the last holder's spelling
        self.holder: Person | None = None
        self.pending = False
        self.left: dict[str, int] = {}  # uid -> Unix ms: the last few users that gave the nick back (P26)
        self.past: tuple[Past, ...] = ()
        self.subscribers: Mapping[Incarnation, int] = NOBODY

    # The state machine ----------------------------------------------------------------------------------------------

    def decide(self, command: Any, at: int) -> Decision:
        return _DECIDE[type(command)](self, command, at)

    def apply(self, event: Any, at: int) -> bool:
        if isinstance(event, Told | Killed | Called):
            return False
        if isinstance(event, Claimed):
            self.pending = event.pending
            self._hold(event.person)
        elif isinstance(event, Changed):
            self._hold(event.person)
        elif isinstance(event, Merged):
            self._load(event.stored)
        else:
            self._free(event, at)
        return True

    def _hold(self, person: Person) -> None:
        self.holder = person
        self.subscribers = _alone(person.edge)
        if self._is_here(person):
            self.shown = person.nick

    def _is_here(self, person: Person) -> bool:
        """Whether the person has this nick. During a rename, the holder's record shows the new nick already (P27)."""
        return self.casemap(person.nick) == self.name

    def _free(self, event: Released, at: int) -> None:
        if not event.evicted:
            self.left = newest({**self.left, event.uid: at}, LEFT)
        if self.holder is not None and not self.pending:
            person = msgspec.structs.replace(self.holder, nick=self.shown)
            self.past = (Past(person, at), *self._fresh_past(at))[:PAST]
        self.holder = None
        self.pending = False
        self.subscribers = NOBODY

    def _fresh_past(self, at: int) -> tuple[Past, ...]:
        return tuple(past for past in self.past if at - past.until < PAST_S * 1000)

    @property
    def is_held(self) -> bool:
        """Whether somebody has this nick now. A nick is not held while a rename to the nick is pending (P28)."""
        return self.holder is not None and not self.pending

    def _holds(self, uid: str) -> bool:
        return self.holder is not None and self.holder.uid == uid

    def _claim(self, command: Claim, at: int) -> Decision:
        """Judge a claim. When this group becomes the user's own group, the profile keeps the version of the former
        group (P28)."""
        person, holder = command.person, self.holder
        if holder is not None and holder.uid != person.uid:
            return Decision(refused(n.ERR_NICKNAMEINUSE, person.nick), None)
        if holder is not None and holder.edge != person.edge and not command.moves:
            return Decision(Moved(), None)
        person = msgspec.structs.replace(person, since=at if holder is None else holder.since)
        if holder is None or self.pending:
            return Decision(Granted(person), Claimed(person, command.pending))
        if person == holder:
            return Decision(Granted(holder), None)
        person = _next(person, holder)  # the user holds the nick already: this group gives the version
        return Decision(Granted(person), Claimed(person))

    def _change(self, command: Change, at: int) -> Decision:
        """Judge a change of the profile. Only the holder's own node may change the profile: a former node may not know
        that the session has left (P31)."""
        holder, person = self.holder, command.person
        own = holder is not None and (holder.uid, holder.edge) == (person.uid, person.edge)
        if holder is None or not own or self.pending:  # P28: while pending, this is not the user's own group yet
            return Decision(refused(n.ERR_NOSUCHNICK, person.nick), None)
        person = _next(person, holder)
        if self._is_here(person):
            person = msgspec.structs.replace(person, since=holder.since)
        return Decision(Granted(person), Changed(person))

    def _release(self, command: Release, at: int) -> Decision:
        return Decision(None, Released(command.uid, command.moved)) if self._holds(command.uid) else NOTHING

    def _evict(self, command: Evict, at: int) -> Decision:
        return Decision(None, Released(command.uid, evicted=True)) if self._holds(command.uid) else NOTHING

    def _tell(self, command: Tell, at: int) -> Decision:
        other = command.uid and self.holder is not None and self.holder.uid != command.uid
        if self.holder is None or other:  # a pending holder is reached, too: people may have read the NICK line already
            return Decision(refused(n.ERR_NOSUCHNICK, command.target or self.name), None)
        heard = HEARD if hears_all(self.holder) else hearing(self.holder, command.sender, command.verb, self.casemap)
        if not heard.is_shown:
            called = Called(self.holder.uid, command.sender) if heard.calls and command.verb == "PRIVMSG" else None
            return Decision(heard.refusal or Reached(self.holder), called)
        if command.in_conversation and (self.holder.account is not None or command.guests):
            return Decision(Reached(self.holder, in_conversation=True), None)
        facts = (command.sender, command.verb, command.text, command.tags, self.holder.uid, command.idempotency_key)
        return Decision(Reached(self.holder), Told(*facts, command.msgid, command.at))

    def _kill(self, command: Kill, at: int) -> Decision:
        if not self._holds(command.uid):
            return Decision(refused(n.ERR_NOSUCHNICK, self.name), None)
        return Decision(None, Killed(command.uid, command.source, command.reason, command.account))

    # Copies and questions -------------------------------------------------------------------------------------------

    def snapshot(self) -> Stored:
        return Stored(self.holder, self.pending, self.shown, self.past, self.left)

    def _load(self, stored: Stored) -> None:
        self.holder, self.subscribers = None, NOBODY
        self.pending, self.past, self.left = stored.pending, stored.past, stored.left
        if stored.holder is not None:
            self._hold(stored.holder)
        self.shown = stored.shown

    def precommands(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Evict]:
        """Evict a holder on a dead node before another user's claim: people may reconnect elsewhere, and take the nick
        at once."""
        holder = self.holder
        if isinstance(command, Claim) and holder is not None and holder.uid != command.person.uid and dead(holder.edge):
            return [Evict(holder.uid)]
        return []

    def is_message(self, event: Any) -> bool:
        return isinstance(event, Told | Killed)

    def merge(self, other: Nick, at: int) -> Merged | None:
        mine = self.snapshot()
        both = merge(mine, other.snapshot())
        return Merged(both) if both != mine else None

    def view(self) -> list[Any] | None:
        """List what MONITOR and extended-monitor show of the holder, as `watched` reads the list; None while nobody has
        this nick. Nodes before feature level 3 list and read nick, user and host alone."""
        person = self.holder
        if person is None or self.pending or not self._is_here(person):
            return None
        facts = (person.nick, person.user, person.host, person.uid, person.real, person.account, person.away)
        return [*facts, person.metadata]

    def answer(self, question: Who, at: int) -> NickView:
        return NickView(self.holder, self._fresh_past(at))

    # Upkeep ---------------------------------------------------------------------------------------------------------

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        if self.holder is None:
            return []
        ran_out = self.pending and at - self.holder.since > PENDING_S * 1000
        return [Evict(self.holder.uid)] if ran_out or gone(self.holder.edge) else []

    def is_collectable(self, at: int) -> bool:
        return self.holder is None and not self._fresh_past(at)

    def next_change(self, at: int) -> int | None:
        if self.holder is not None:
            return self.holder.since + int(PENDING_S * 1000) + 1 if self.pending else None
        return max((past.until for past in self._fresh_past(at)), default=at) + int(PAST_S * 1000)


def watched(view: Sequence[Any] | None) -> Person | None:
    """Return the holder of a watched nick from the nick's view: a profile with the facts of the view alone. The uid is
    empty in a view of a node before feature level 3."""
    if view is None:
        return None
    nick, user, host, uid, real, account, away, pairs = (*view, *_OLD_VIEW[len(view) :])[: len(_OLD_VIEW)]
    keys = tuple((key, value) for key, value in pairs)
    return Person(uid, 0, nick, user, host, real, "", 0, account, away, metadata=keys)


_OLD_VIEW: Final[Sequence[Any]] = ("", "", "", "", "", None, None, ())
"""A view without facts: completes the view of an older node."""


def _next(person: Person, known: Person) -> Person:
    """Give the profile a version above every known version (P28)."""
    return msgspec.structs.replace(person, version=max(known.version, person.version) + 1)


_DECIDE: dict[type, Callable[[Nick, Any, int], Decision]] = {
    Claim: Nick._claim,
    Change: Nick._change,
    Release: Nick._release,
    Evict: Nick._evict,
    Tell: Nick._tell,
    Kill: Nick._kill,
}


_stored = msgspec.msgpack.Decoder(Stored)


def restore(name: str, casemap: Casemap, snapshot: msgspec.Raw) -> Nick:
    """Raises msgspec.MsgspecError."""
    nick = Nick(name, casemap)
    nick._load(_stored.decode(snapshot))
    return nick
