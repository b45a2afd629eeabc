"""What the group engine is given per kind of group: a deterministic state machine, free of replication.

A master *decides* a command against the state and gets an outcome for the one who asked and, if anything changed, an
event; every copy, the master's included, *applies* the event. So followers never judge, they only follow.

A command that another edge may submit again, and the event that comes of it, have a field `once`: something hashable
that both are known by, None for nothing (P9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from ring.history.erased import NOTHING, Erased
from ring.ids import Incarnation


class Decision(NamedTuple):
    """outcome: for the asker, None when there is nothing to tell. event: what every copy applies, None when refused."""

    outcome: Any
    event: Any


class State(Protocol):
    """The state of one group. Commands, events and outcomes are the kind's own msgspec structs."""

    @property
    def subscribers(self) -> Mapping[Incarnation, int]:
        """How many members sit on each node (P15): those nodes follow the group."""
        ...

    def decide(self, command: Any, at: int) -> Decision:
        """Judge a command at event time `at` (Unix ms) without changing anything."""
        ...

    def apply(self, event: Any, at: int) -> bool:
        """Make the event true. Returns whether `hosts`, or what else the master gives out, may have changed."""
        ...

    def snapshot(self) -> Any:
        """The whole state as a msgspec-encodable value; `Kind.restore` reads it back."""
        ...

    def view(self) -> Any:
        """What a watch shows (P15); plain msgspec-encodable data, compared by value."""
        ...

    def answer(self, question: Any, at: int) -> Any:
        """Answer a read-only question of a node that does not follow the group (NAMES, WHOIS, ...)."""
        ...

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        """Commands the master should give itself now: members of gone nodes, claims that ran out."""
        ...

    def precommands(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Any]:
        """Commands that the master gives itself before this one, for what it knows of nodes that are dead."""
        ...

    def is_message(self, event: Any) -> bool:
        """Whether the event is something said: after a partition it is shown to those who lack it (P25)."""
        ...

    def merge(self, other: Any, at: int) -> Any:
        """The event that makes this state what both amount to after a partition; None if it is that already (P26).

        other: a State of the same group. Commutative, associative and idempotent in what it leads to.
        """
        ...

    def is_collectable(self, at: int) -> bool:
        """Whether the group may be forgotten: nobody in it and nothing worth keeping at `at` (Unix ms)."""
        ...


class StateBase:
    """Defaults for a `State`: nothing is said in the group, nobody asks, and the master gives itself no commands."""

    __slots__ = ()

    def view(self) -> Any:
        return None

    def answer(self, question: Any, at: int) -> Any:
        return None

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        return []

    def precommands(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Any]:
        return []

    def is_message(self, event: Any) -> bool:
        return False


Durable = Literal["no", "written", "confirmed"]
"""Whether a kind of group outlives the processes of those who hold it (P35). written: on disk within a moment, and
nobody waits; confirmed: nothing is acknowledged before it is on the disk of all who hold it."""


class Kind(Protocol):
    """One kind of group: makes states and reads what links carry. The read_ methods raise msgspec.MsgspecError."""

    durable: Durable
    unjudged: Any
    """The outcome, in words that builds of level 0 can read, of a command whose judging met a mistake of the program;
    None where the kind has no such outcome."""

    level: int
    """The feature level at which the network acts (P42); the engine keeps it up to date."""

    def keeps(self, event: Any) -> bool:
        """Whether an event is part of the group's history, if the kind is durable."""
        ...

    def selects(self, state: State, event: Any, msgid: str, at: int, wanted: str) -> bool:
        """Whether a kept event is shown to who asks for what is `wanted`, a word of the kind's own; what was erased
        is shown to nobody. msgid and at (Unix ms) are those of its line."""
        ...

    def erased(self, state: State) -> Erased:
        """What of the history is to be forgotten for good."""
        ...

    def authors(self, event: Any) -> tuple[str, ...]:
        """What who has said it is called, for that."""
        ...

    def recorded(self, state: State, event: Any, origin: Incarnation, number: int) -> Any:
        """The event as the history keeps it. origin and number are those of its command, alike in every log."""
        ...

    def initial(self, name: str) -> State: ...

    def restore(self, name: str, snapshot: msgspec.Raw) -> State: ...

    def read_command(self, raw: msgspec.Raw) -> Any: ...

    def read_event(self, raw: msgspec.Raw) -> Any: ...

    def read_outcome(self, raw: msgspec.Raw) -> Any: ...

    def read_question(self, raw: msgspec.Raw) -> Any: ...

    def read_answer(self, raw: msgspec.Raw) -> Any: ...


class KindBase:
    """Defaults for a `Kind`: no event is part of a history."""

    level = 0
    unjudged: Any = None

    def keeps(self, event: Any) -> bool:
        return False

    def selects(self, state: Any, event: Any, msgid: str, at: int, wanted: str) -> bool:
        return True

    def erased(self, state: Any) -> Erased:
        return NOTHING

    def authors(self, event: Any) -> tuple[str, ...]:
        return ()

    def recorded(self, state: Any, event: Any, origin: Incarnation, number: int) -> Any:
        return event


@runtime_checkable
class Silent(Protocol):
    """A kind some of whose groups are not worth a disk's work: anybody makes thousands of them, and says nothing."""

    def is_silent(self, state: State) -> bool:
        """Whether nothing was ever said in the group. Of a silent group no line is kept, and its state only while
        somebody is in it. The group's log is kept from the first word on."""
        ...
