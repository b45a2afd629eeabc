"""The story of a channel, from the nodes' answers: states, entries, new terms, silence, each reported once. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.admin_clients.requests import Problem
from gateway.trace import Began, Role, Traced, TracedEntry, TracedTerm

REMEMBERED = 20_000
"""The number of reported entries that are remembered, because every node lists the same entries."""

BEGAN: dict[Began, str] = {
    "first": "the group begins",
    "hand_off": "hand-off",
    "takeover": "takeover",
    "unknown": "a new term",
}


class State(msgspec.Struct, frozen=True, tag_field="event", tag="state"):
    """A node's part in the channel now. at: Unix seconds of this machine. master: "" if the node knows no master."""

    at: float
    node: str
    role: Role
    term: int
    first: int
    last: int
    head: int
    master: str
    acknowledged: dict[str, int]  # reported by the master: node -> seq
    backups: list[str]


class NewTerm(msgspec.Struct, frozen=True, tag_field="event", tag="term"):
    """A node masters the channel, starting with the entry `first`. began: how the term began."""

    at: float
    node: str
    term: int
    first: int
    began: Began


class Committed(msgspec.Struct, frozen=True, tag_field="event", tag="entry"):
    """An entry of the log. at: Unix seconds of the master. origin: the node that submitted the entry."""

    at: float
    seq: int
    term: int
    kind: str
    who: str
    origin: str
    number: int
    text: str | None = None


class Silent(msgspec.Struct, frozen=True, tag_field="event", tag="silent"):
    """A node does not answer. problem: the reason in words."""

    at: float
    node: str
    problem: str


Happening = State | NewTerm | Committed | Silent


class Story:
    """names: ring key -> node name; the caller adds new names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.standing: dict[str, State | Silent] = {}  # ring key -> the last answer of the node
        self._names = names
        self._seen: dict[str, int] = {}  # ring key -> last reported seq of the node's log
        self._end = 0  # the highest seq of all nodes
        self._terms: set[tuple[int, str]] = set()
        self._told: set[tuple[int, int]] = set()  # (term, seq)
        self._order: deque[tuple[int, int]] = deque()

    def after(self, key: str) -> int:
        """Return the seq after which the node's next answer has to begin."""
        return self._seen.get(key, self._end)

    def begin(self, key: str, answer: Traced | Problem, at: float) -> None:
        """Take the first answer of a node. The present entries and terms are not news. at: Unix seconds."""
        if isinstance(answer, Problem):
            self.standing[key] = Silent(at, self.name(key), answer.text)
            return
        self.standing[key] = self._state(answer, at)
        self._terms |= {(term.number, term.key) for term in answer.terms}
        self._end = max(self._end, answer.last)
        if answer.terms:
            self._seen[key] = answer.last

    def heard(self, key: str, answer: Traced | Problem, at: float) -> list[Happening]:
        """Return the news in a later answer of a node. A silence is reported once, until the node answers again."""
        before = self.standing.get(key)
        if isinstance(answer, Problem):
            now = self.standing[key] = Silent(at, self.name(key), answer.text)
            return [] if isinstance(before, Silent) and before.problem == answer.text else [now]
        told: list[Happening] = [self._committed(entry) for entry in answer.entries if self._is_news(entry)]
        told += [self._new_term(term, at) for term in answer.terms if self._is_new(term)]
        self._advance(key, answer)
        state = self.standing[key] = self._state(answer, at)
        if not isinstance(before, State) or _standing(state) != _standing(before):
            told.append(state)
        return told

    def _advance(self, key: str, answer: Traced) -> None:
        """Move on in the node's log, which another log may have replaced. A node without a copy has no log: if the node
        gets a copy, the story goes on after the last reported entry.
        """
        self._end = max(self._end, answer.last)
        if not answer.terms:
            self._seen.pop(key, None)
        else:
            self._seen[key] = answer.entries[-1].seq if answer.entries else min(self.after(key), answer.last)

    def name(self, key: str) -> str:
        return self._names.get(key, key)

    def _is_news(self, entry: TracedEntry) -> bool:
        place = (entry.term, entry.seq)
        if place in self._told:
            return False
        self._told.add(place)
        self._order.append(place)
        if len(self._order) > REMEMBERED:
            self._told.discard(self._order.popleft())
        return True

    def _is_new(self, term: TracedTerm) -> bool:
        known = (term.number, term.key) in self._terms
        self._terms.add((term.number, term.key))
        return not known

    def _new_term(self, term: TracedTerm, at: float) -> NewTerm:
        return NewTerm(at, self.name(term.key), term.number, term.first, term.began)

    def _committed(self, entry: TracedEntry) -> Committed:
        origin = self.name(entry.origin) if entry.origin else ""
        return Committed(
            entry.at / 1000, entry.seq, entry.term, entry.kind, entry.who, origin, entry.number, entry.text
        )

    def _state(self, reply: Traced, at: float) -> State:
        return State(
            at,
            self.name(reply.ring_key),
            reply.role,
            reply.terms[-1].number if reply.terms else 0,
            reply.first,
            reply.last,
            reply.head,
            self.name(reply.master) if reply.master else "",
            {self.name(one.key): one.acked for one in reply.progress},
            [self.name(one.key) for one in reply.progress if one.backup],
        )


def _standing(state: State) -> tuple[Any, ...]:
    """Return the parts of a state that are news when changed. The length of the log is not news."""
    return state.role, state.term, state.master, state.backups


def words(what: Happening, channel: str) -> str:
    """Describe a happening in a line for a person, without the time."""
    match what:
        case Silent():
            return f"{what.node} does not answer: {what.problem}"
        case NewTerm():
            return (
                f"{BEGAN[what.began]}: {what.node} masters {channel} under term {what.term}, from entry {what.first} on"
            )
        case State():
            return f"{what.node} is {what.role.replace('_', ' ')}{_of(what)}"
        case Committed():
            by = f" by {what.who}" if what.who else ""
            origin = f" from {what.origin} (its command {what.number})" if what.origin else " by the master itself"
            text = f": {what.text!r}" if what.text is not None else ""
            return f"entry {what.seq} of term {what.term}: {what.kind}{by}{origin}{text}"


def _of(state: State) -> str:
    if not state.term:
        return ""
    mine = state.role in ("master", "hand_off")
    master = "" if mine or not state.master else f", follows {state.master}"
    backups = f", with backup {' and '.join(state.backups)}" if state.backups else ", without a backup" if mine else ""
    return f" under term {state.term}{master}{backups}"
