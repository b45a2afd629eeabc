"""The ring as the gateway sees the ring: what a part of an edge may ask of groups and of nodes.

Theory of operation. The parts of an edge, the commands and the actions of operators know the ring by this class alone.
`Engine` (engine.py) carries out the methods, and the docstrings stand there. A call of an abstract base
class costs nothing more.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ring.duplex import Stream
from ring.ids import GroupId, Incarnation, Term
from ring.replication.state_machine import State
from ring.roster import NodeRecord, Roster
from ring.settings import Settings
from ring.storage.store import Line
from ring.wire.history import Cursor, Query


class Network(ABC):
    """me: this life of this node. now: time of the turn, Unix seconds."""

    me: Incarnation
    now: float
    settings: Settings
    rng: random.Random

    @property
    @abstractmethod
    def now_ms(self) -> int: ...

    @property
    @abstractmethod
    def level(self) -> int: ...

    @property
    @abstractmethod
    def changes(self) -> int: ...

    @abstractmethod
    def in_slices(self, job: Iterator[None]) -> None: ...

    # Groups -----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def submit(self, group: GroupId, command: Any, token: object = None, because: GroupId | None = None) -> None: ...

    @abstractmethod
    def settle(self, groups: Iterable[GroupId], done: Callable[[], None]) -> None: ...

    @abstractmethod
    def ask(self, group: GroupId, question: Any, done: Callable[[Any], None]) -> None: ...

    @abstractmethod
    def watch(self, group: GroupId) -> None: ...

    @abstractmethod
    def unwatch(self, group: GroupId) -> None: ...

    @abstractmethod
    def state(self, group: GroupId) -> State | None: ...

    @abstractmethod
    def mastered(self, kind: str) -> list[tuple[GroupId, State, Term]]: ...

    @abstractmethod
    def groups(self) -> list[GroupId]: ...

    @abstractmethod
    def serves(self, group: GroupId) -> tuple[State, Term] | None: ...

    @abstractmethod
    def role(self, group: GroupId) -> tuple[str, int, int] | None: ...

    # History ----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def applied_to(self, group: GroupId) -> Cursor: ...

    @abstractmethod
    def has_shown(self, group: GroupId, msgid: str) -> bool: ...

    @abstractmethod
    def recent(self, group: GroupId, query: Query) -> list[Line]: ...

    @abstractmethod
    def is_shown(self, line: Line) -> bool: ...

    @abstractmethod
    def recall(self, group: GroupId, query: Query, done: Callable[[list[Line] | None], None]) -> None: ...

    # Nodes ------------------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def roster(self) -> Roster: ...

    @property
    @abstractmethod
    def catches_up(self) -> bool: ...

    @property
    @abstractmethod
    def peers_version(self) -> int: ...

    @abstractmethod
    def live(self) -> list[NodeRecord]: ...

    @abstractmethod
    def others(self) -> list[str]: ...

    @abstractmethod
    def staying(self) -> list[str]: ...

    @abstractmethod
    def missing(self) -> list[NodeRecord]: ...

    @abstractmethod
    def lowest(self) -> NodeRecord: ...

    @abstractmethod
    def is_current(self, node: Incarnation) -> bool: ...

    @abstractmethod
    def lost_lately(self, within_s: float) -> bool: ...

    @abstractmethod
    def returned_lately(self, within_s: float) -> bool: ...

    @abstractmethod
    def may_lack_a_side(self, group: GroupId) -> bool: ...

    @abstractmethod
    def ask_node(self, key: str, body: Any, done: Callable[[Any], None]) -> None: ...

    @abstractmethod
    def open_stream(self, node: Incarnation, first: bytes) -> Stream: ...

    # The log ----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None: ...

    @abstractmethod
    def note_bug(
        self, where: str, problem: BaseException, group: GroupId | None = None, event: str = "bug", **facts: Any
    ) -> None: ...
