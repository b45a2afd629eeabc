"""Tell nodes that recover a group what this node holds of the group, and promise to listen to no lower term (P14, P21).

Theory of operation. A recovery (recovery.py) on another node asks this node twice: first without a term, and then with
the term under which that node is to serve. The second answer is a promise, and the promise stays with the replica
(`Replica.promised`), in each later role of this node. A node that masters or recovers the group itself promises
nothing: its answer says so, and the other recovery ends or goes on by that.

Invariant: `Replica.promised` never falls.
"""

from __future__ import annotations

from ring.ids import GroupId, Incarnation, Term
from ring.replication.port import Port
from ring.replication.silent import describe
from ring.wire.replication import Fetch, Fetched, Held, Prepare, Promise


class Promises:
    """Answer the questions of other nodes' recoveries. Of this node, only `Replica.promised` changes here."""

    def __init__(self, port: Port) -> None:
        self._port = port

    def on_prepare(self, sender: Incarnation, message: Prepare) -> None:
        """Tell a node what this node holds of groups. The replica of a stopped group counts as unheard (P36)."""
        port, held = self._port, []
        for group, term in message.groups:
            if group in port.replicas.stopped:
                port.say_stopped(sender.key, group)
            else:
                held.append(self._held(group, term))
        port.send(sender.key, Promise(held))

    def _held(self, group: GroupId, term: Term) -> Held:
        """Describe what this node holds of the group. With a term, also promise to listen to no lower term, unless this
        node masters or recovers the group itself (P21)."""
        replicas = self._port.replicas
        replica = replicas.newest(group)
        if replica is None:
            return Held(group, "asking" if group in replicas.recoveries else "", (), 0)
        role = "copy"
        mastered = replicas.masters.get(group)
        if mastered is not None and not mastered.is_handed:
            role = "master"
        elif group in replicas.recoveries:
            role = "asking"
        elif term > replica.term:
            replica.promised = max(replica.promised, term)
        return describe(replica, role)

    def on_fetch(self, sender: Incarnation, message: Fetch) -> None:
        """Send a node the newest replica here, with its pending commands."""
        replica = self._port.replicas.newest(message.group)
        held = replica.snapshot(pending=True) if replica is not None else None
        self._port.send(sender.key, Fetched(message.group, held))
