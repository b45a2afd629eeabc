"""The port: the part of the engine that parts of replication may use. Parts with a port know no more of the node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ring.ids import GroupId, Incarnation
from ring.membership.peers import Peers
from ring.replication.application import Application, EventId
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Parkable, Recovery, Replicas
from ring.replication.state_machine import Kind, State
from ring.settings import Settings
from ring.storage.store import ReadStore, WorkStore
from ring.submit import SubmitQueues
from ring.wire.messages import Message


class Port(ABC):
    """Show the node as one part sees the node.

    me: this life of the node. now: Unix seconds, the same for a whole turn. app: the gateway's side of the node.
    submits: commands of this node's edge without an answer. read_store, work_store: ask the shell to read the store,
    and to work on the store. counters: what happened how often, for operators. has_met: whether this node knows its
    network, as far as anybody tells.
    """

    me: Incarnation
    now: float
    settings: Settings
    peers: Peers
    kinds: Mapping[str, Kind]
    replicas: Replicas
    app: Application
    submits: SubmitQueues
    read_store: ReadStore
    work_store: WorkStore
    counters: Counter[str]
    has_met: bool

    @property
    def now_ms(self) -> int:
        """Return the time of the turn in Unix ms."""
        return int(self.now * 1000)

    @property
    def level(self) -> int:
        """The feature level at which the network acts (P42)."""
        return self.peers.level

    @abstractmethod
    def send(self, key: str, message: Message) -> None:
        """Send a message to the node with the ring key, at the end of the turn."""

    @abstractmethod
    def answer(self, asker: Incarnation, message: Message) -> None:
        """Send an answer to that life of the asker, unless a later life is known."""

    @abstractmethod
    def in_slices(self, job: Iterator[None]) -> None:
        """Do long work step by step, some steps in each turn. A step leaves what may fail to `run`."""

    @abstractmethod
    def run(self, job: Callable[[], None]) -> None:
        """Do a job now or, from within another job, right after that job."""

    @abstractmethod
    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        """Tell the log a fact that an operator should know."""

    @abstractmethod
    def note_bug(
        self, where: str, problem: BaseException, group: GroupId | None = None, event: str = "bug", **facts: Any
    ) -> None:
        """Tell the log of a mistake of the program that does not end the process."""

    # Where a group is -----------------------------------------------------------------------------------------------

    @abstractmethod
    def state(self, group: GroupId) -> State | None:
        """Return the state that people here are shown, if members sit here or this node masters the group."""

    @abstractmethod
    def target(self, group: GroupId) -> str:
        """Return the ring key of the node to send to: the group's master, as far as this node knows."""

    @abstractmethod
    def bounce(self, key: str, group: GroupId, master: str) -> None:
        """Tell a node that the group is at another node."""

    @abstractmethod
    def resend(self, group: GroupId) -> None:
        """Send all commands of this edge that wait for the group's answers, in order."""

    @abstractmethod
    def oldest(self, group: GroupId) -> int | None:
        """Return the Unix ms before which lines of the group are forgotten; None: no lines are."""

    @abstractmethod
    def find(self, group: GroupId, *, curious: bool = False) -> Recovery | None:
        """Begin to find out who holds the group (P14). None: this node knows, or has stopped the group.

        curious: only to answer a question.
        """

    @abstractmethod
    def readable(self, group: GroupId) -> Replica | None:
        """Return the replica to read questions' answers from while the group is not served, if there is one (P36)."""

    @abstractmethod
    def park(self, group: GroupId, sender: Incarnation, message: Parkable) -> None:
        """Keep a message until this node knows what it is to the group, or tell the sender who masters the group."""

    @abstractmethod
    def wait_for_handoff(self, m: Master, sender: Incarnation, message: Parkable) -> None:
        """Keep a message to a group that is frozen for a hand-off, or tell the sender whose the group is (P24)."""

    # What happens to a group ----------------------------------------------------------------------------------------

    @abstractmethod
    def command(self, m: Master, command: Any) -> None:
        """Give a group mastered here a command of the master's own."""

    @abstractmethod
    def resync(self, follower: Follower) -> None:
        """Ask the group's master for what the follower lacks (P16)."""

    @abstractmethod
    def take_in(self, m: Master, theirs: Replica) -> None:
        """Append what another log of the group has, and merge the states (P22, P25, P26)."""

    @abstractmethod
    def say_stopped(self, key: str, group: GroupId) -> None:
        """Tell a node that a mistake of the program has stopped the group here (P43)."""

    @abstractmethod
    def stop_unread(self, group: GroupId, sender: Incarnation) -> None:
        """Stop the group here: this build cannot read what another build writes (P43)."""

    @abstractmethod
    def held_to(self, replica: Replica) -> int:
        """Return the highest seq that this node may acknowledge: later events wait for what they caused (P33)."""

    @abstractmethod
    def after_catch_up(self, job: Callable[[], None]) -> None:
        """Do the job once this node has caught up after a stop: now, unless it was stopped a moment ago (P20)."""

    @abstractmethod
    def complete(self, group: GroupId, number: int, outcome: Any, event_id: EventId | None) -> None:
        """Answer this edge's command of this number: the replica here, if any, has reached the position (P11)."""

    @abstractmethod
    def stored(self, replica: Replica) -> None:
        """Go on after a write: the replica's commands up to `replica.safe` are on disk (P35)."""

    @abstractmethod
    def loaded(self, replica: Replica) -> None:
        """Hold a group by a replica that an earlier life of this node has written (P36)."""
