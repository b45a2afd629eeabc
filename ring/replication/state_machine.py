"""State machines of groups: the interface that each kind of group implements, deterministic and free of replication.

A master *decides* a command against the state. The decision is an outcome for the origin and, if anything changes, an
event. Every replica, the master's included, *applies* the event. So followers never judge, and `apply` has to give the
same state on every node: `apply` reads no clock, no chance and no feature level (P42).

A command that another edge may submit again, and the command's event, have a field `idempotency_key`: hashable, or None
for no key (P9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from ring.history.erased import NOTHING, Erased
from ring.ids import Incarnation


class Decision(NamedTuple):
    """outcome: for the origin; None: nothing to tell. event: for every replica to apply; None: nothing changes."""

    outcome: Any
    event: Any


class State(Protocol):
    """The state of one group. Commands, events and outcomes are the kind's own msgspec structs."""

    @property
    def subscribers(self) -> Mapping[Incarnation, int]:
        """Return how many members sit on each node (P15): these nodes follow the group."""
        ...

    def decide(self, command: Any, at: int) -> Decision:
        """Judge a command at event time `at` (Unix ms) without changing anything."""
        ...

    def apply(self, event: Any, at: int) -> bool:
        """Apply the event. Returns whether `subscribers`, or other data that the master gives out, may have changed."""
        ...

    def snapshot(self) -> Any:
        """Return the whole state as a msgspec-encodable value; `Kind.restore` reads the value back."""
        ...

    def view(self) -> Any:
        """Return the data that a watch shows (P15): plain, msgspec-encodable, compared by value."""
        ...

    def answer(self, question: Any, at: int) -> Any:
        """Answer a read-only question of a node that does not follow the group (NAMES, WHOIS, ...)."""
        ...

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Any]:
        """Return the commands that the master gives itself now, for members of gone nodes or claims that ran out."""
        ...

    def precommands(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Any]:
        """Return the commands that the master gives itself before this command, because of nodes that are dead."""
        ...

    def is_message(self, event: Any) -> bool:
        """Tell whether the event is a message: a merge shows messages to people that lack the messages (P25)."""
        ...

    def merge(self, other: Any, at: int) -> Any:
        """Return the event that makes this state the merge of both states after a partition; None: no change (P26).

        other: a State of the same group. The merged states are equal in whatever order, and however often, states are
        merged.
        """
        ...

    def is_collectable(self, at: int) -> bool:
        """Tell whether the group may be forgotten: the group is empty, with nothing worth keeping at `at` (Unix ms)."""
        ...

    def next_change(self, at: int) -> int | None:
        """Return the Unix ms at which `maintenance` or `is_collectable` may answer otherwise, though no event came and
        no node died; None: not within LOOK_AT_LEAST_S."""
        ...


class StateBase:
    """Give defaults for a `State`: the group has no messages, no questions, and no commands of the master's own."""

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

    def next_change(self, at: int) -> int | None:
        return None


Durable = Literal["no", "written", "confirmed"]
"""Whether a kind of group outlives the processes of the nodes that hold the group (P35). no: the group is in memory
alone. written: a change is on disk within a moment, and nothing waits for the disk. confirmed: nothing is acknowledged
before the change is on the disks of all nodes that hold the group."""

Confirmed = Literal["no", "held", "whole"]
"""Whether a single command of a "written" kind is confirmed as in a "confirmed" kind. held: the command is not
acknowledged before the command is on the disks of all nodes that hold the group now. whole: in addition the set is to
be as large as the set of a confirmed group, and otherwise the command is refused (P51)."""


class Kind(Protocol):
    """Make the states of one kind of group, and read values from links. read_ methods raise msgspec.MsgspecError."""

    durable: Durable
    unjudged: Any
    """The outcome, in words that builds of level 0 can read, of a command whose judging met a mistake of the program;
    None where the kind has no such outcome."""

    level: int
    """The feature level at which the network acts (P42); the engine keeps it up to date."""

    def keeps(self, event: Any) -> bool:
        """Tell whether an event is part of the group's history, if the kind is durable."""
        ...

    def selects(self, state: State, event: Any, msgid: str, at: int, wanted: str) -> bool:
        """Tell whether a kept event is part of the answer to a history query. Erased events are part of no answer.

        wanted: the kind's own word for the wanted lines. msgid and at (Unix ms): of the event's line.
        """
        ...

    def erased(self, state: State) -> Erased:
        """Return the part of the history that stores have to forget for good."""
        ...

    def authors(self, event: Any) -> tuple[str, ...]:
        """Return the names by which `erased` knows the author of the event."""
        ...

    def recorded(self, state: State, event: Any, origin: Incarnation, number: int) -> Any:
        """Return the event as the history keeps the event. origin and number: of the command, equal in every log."""
        ...

    def confirms(self, state: State, command: Any) -> Confirmed:
        """Tell how a command is confirmed. Asked of a "written" kind alone, for each command: O(1)."""
        ...

    def is_confirmed_by(self, state: State, event: Any) -> bool:
        """Tell whether an event of a "written" kind is written at once, because its command is confirmed."""
        ...

    def is_lasting(self, state: State) -> bool:
        """Tell whether a group of a "written" kind has something that deaths of nodes may not cost: its set never
        shrinks by a death, as the set of a confirmed group (P37)."""
        ...

    def doubts(self, state: State, over: bool) -> Any:
        """Return the command by which a group learns that absent nodes may hold something lasting of the group.

        over: that no such node is absent any more. None: the group knows so already, or the kind has no doubts."""
        ...

    unkept: Any
    """The outcome of a command that was to be confirmed as "whole", and for which too few nodes are there."""

    def is_silent(self, state: State) -> bool:
        """Tell whether the group has never had a message, and a group without a word is not worth a disk's work.

        Anybody makes thousands of such groups. A silent group's lines are not kept, and the state is kept only while
        the group has members. The log is kept from the first message on.
        """
        ...

    def initial(self, name: str) -> State: ...

    def restore(self, name: str, snapshot: msgspec.Raw) -> State: ...

    def read_command(self, raw: msgspec.Raw) -> Any: ...

    def read_event(self, raw: msgspec.Raw) -> Any: ...

    def read_outcome(self, raw: msgspec.Raw) -> Any: ...

    def read_question(self, raw: msgspec.Raw) -> Any: ...

    def read_answer(self, raw: msgspec.Raw) -> Any: ...


class KindBase:
    """Give defaults for a `Kind`: no event is part of a history."""

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

    def confirms(self, state: Any, command: Any) -> Confirmed:
        return "no"

    def is_confirmed_by(self, state: Any, event: Any) -> bool:
        return False

    def is_lasting(self, state: Any) -> bool:
        return False

    def doubts(self, state: Any, over: bool) -> Any:
        return None

    unkept: Any = None

    def is_silent(self, state: Any) -> bool:
        return False
