"""The port of the roles: what master, follower, recovery and incoming hand-off may use of their node.

A role does its own work, and names by a method of this port what concerns more than the role: the group gets another
master, or this node takes another role. `Roles` (roles.py) carries these out; no role knows another role.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Iterable

from ring.ids import GroupId, Incarnation, Term
from ring.replication.port import Port
from ring.replication.progress import Master
from ring.replication.replica import Replica
from ring.replication.replicas import Follower, Parkable
from ring.roster import NodeRecord
from ring.wire.log import Command
from ring.wire.messages import Message


class RolePort(Port):
    """Show the node as one role sees the node.

    rng: the node's only source of chance. mastering: the gateway's; hears of each group mastered here, when this node
    begins to serve the group, and after each change of the nodes where members sit.
    """

    rng: random.Random
    mastering: Callable[[GroupId], None]

    # Messages -------------------------------------------------------------------------------------------------------

    @abstractmethod
    def outgoing(self, key: str) -> list[Message]:
        """Return the messages that this turn has for a node so far; a role may add to the last of these."""

    @abstractmethod
    def receive_again(self, sender: Incarnation, message: Message) -> None:
        """Handle a message that was parked until this node knew what it is to the group."""

    @abstractmethod
    def unpark_answers(self, group: GroupId, seq: int) -> None:
        """Complete this edge's commands whose answers waited until the replica reached `seq` (P11)."""

    @abstractmethod
    def learn(self, records: Iterable[NodeRecord]) -> list[NodeRecord]:
        """Learn node records. Returns the records that were news."""

    # Replicas ---------------------------------------------------------------------------------------------------------

    @abstractmethod
    def trim(self, replica: Replica) -> None:
        """Trim a log, and keep all that a silent node which is not given up may lack (P16)."""

    @property
    @abstractmethod
    def keep_s(self) -> float:
        """The age, in seconds, at which entries of logs are forgotten; infinity while a node is dead."""

    # Another master -------------------------------------------------------------------------------------------------

    @abstractmethod
    def hint(self, group: GroupId, master: str) -> None:
        """Remember for a while the master that another node has named."""

    @abstractmethod
    def holds_back(self, group: GroupId, master: str, sender: Incarnation, message: Parkable) -> bool:
        """Tell whether another edge's message waits here until the master's log is known to have this node's lines
        (P25)."""

    @abstractmethod
    def send_on(self, group: GroupId, master: str) -> None:
        """Go on with another node that masters or recovers the group, instead of recovering the group here."""

    @abstractmethod
    def retire(self, m: Master, to: Incarnation) -> None:
        """Master the group no more: the group is handed over to that node (P24)."""

    # This node as master --------------------------------------------------------------------------------------------

    @abstractmethod
    def append(self, m: Master, command: Command) -> None:
        """Give a command a position in the log of a group mastered here. The commit follows once all backups hold the
        command."""

    @abstractmethod
    def arrange(self, m: Master) -> None:
        """Give a group mastered here the backups that the group should have: the group is not forgotten after all."""

    @abstractmethod
    def prevail(self, f: Follower, theirs: Replica, master: str) -> None:
        """Master the group with the followed replica, which outweighs the master's replica (P22)."""

    @abstractmethod
    def install(self, replica: Replica) -> None:
        """Follow this replica instead of the replica followed so far, if any: this node is about to serve the
        replica."""

    @abstractmethod
    def serve(self, replica: Replica, term: Term) -> None:
        """Master the group from this replica on, under this term."""
