"""First touch and takeover: find out what other nodes hold of a group before this node serves the group (P14, P21).

Theory of operation
===================

A node recovers a group if the ring names the node as master, and the node does not master the group: because nobody
has used the group before, because the master is dead, or because this node was stopped for a while (P20). Every live
node is asked, not only the next owners: with `copies: 1` followers hold the only replicas, and may sit anywhere. In a
large network at rest, the next owners are asked first, and suffice if none knows the group (nearby.py).
Messages for the group are parked meanwhile, and handled or sent on in the end.

The states of a recovery (`Recovery.phase`), read from the fields:

    asking      `asked` names nodes, `term` is NO_TERM: each node is asked what the node holds of the group
    waiting     `waits`, until all have replied anew: a silent node may have more of the group (silent.py). This node
                asks again every PREPARE_AGAIN_S; meanwhile the group may be read here (P36, P37)
    promising   `term` is set: the nodes that hold the group promise to listen to no lower term (P21)
    fetching    `fetching` names a node with a newer replica than the replica here

What moves a recovery:

    asking      all have replied, a silent node may have more   waiting
    asking      all have replied, some hold the group           promising
    asking      all have replied, none holds the group          serve the replica here, or an empty group;
                                                                `_leave_absent` if the group was only asked about
    waiting     the pause is over                               asking
    promising   a node has promised a higher term               asking, a moment later (`_again`)
    promising   all have promised, one has a newer replica      fetching
    promising   all have promised, the newest replica is here   serve
    fetching    the replica has come                            serve that replica, or the one here if that outweighs
    asking, promising   a node masters the group, or a nearer owner recovers the group too   `send_on`, and end

A node that comes during a recovery is asked, too: in the state asking at once, later by asking all nodes anew. A node
that dies, or does not answer for dead_after_s + 1 s, is asked no longer. For a confirmed group (P35), all nodes
are asked anew instead if a node dies that was asked or has replied, or if a node does not promise in time: the node may
have given the group to nodes without a replica so far.

Invariants
    A group in recovery is not mastered here. `Roles.find` begins a recovery, and `Roles.serve` makes this node the
    master.
    A node is in `asked` or in `held`, never in both.
    A recovery serves under a term higher than every term, of a replica or promised, that this node was told of (P3).
    While this node recovers a group, this node promises nothing (promises.py): of two, the nearer owner goes on.

This file alone writes the fields of `Recovery`, but for `parked`: roles.py parks messages, and a hand-off that fails
adds the messages parked there.
"""

from __future__ import annotations

from collections import deque

from ring.durations import EACH_S, MANY_MAX_S, PREPARE_AGAIN_S, PREPARE_REPEAT_S
from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.replication.absent import AbsentGroups
from ring.replication.judging import foreseen
from ring.replication.nearby import near_owners, suffices
from ring.replication.owed import OwedForks
from ring.replication.recovered_forks import ask_for_forks, take_in_fork
from ring.replication.replica import Replica
from ring.replication.replicas import Phase, Recovery
from ring.replication.restore import restore
from ring.replication.role_port import RolePort
from ring.replication.shared import outweighs
from ring.replication.silent import SilentNodes
from ring.rpc import Rpc
from ring.wire.group import Question, Submit
from ring.wire.replication import Fetch, Fetched, Prepare, Promise
from ring.work import in_turn


class Recoveries:
    """Keep the recoveries under way, one for each group that this node may have to serve."""

    def __init__(self, port: RolePort, rpc: Rpc, owed: OwedForks, silent: SilentNodes, absent: AbsentGroups) -> None:
        self._port = port
        self._rpc = rpc
        self._owed = owed
        self._silent = silent
        self._absent = absent
        self._recoveries = port.replicas.recoveries
        self._prepares: dict[str, list[tuple[GroupId, Term]]] = {}

    def begin(self, group: GroupId, *, curious: bool = False) -> Recovery:
        """Begin a recovery of a group that this node neither serves nor recovers.

        curious: only to answer a question. A group that nobody holds is not served for a question.
        """
        port = self._port
        near = near_owners(port, self._silent, group, curious=curious)
        asked = port.peers.others() if near is None else near
        recovery = self._recoveries[group] = Recovery(asked, port.now, port.now + PREPARE_REPEAT_S)
        recovery.curious, recovery.near = curious, near is not None
        for key in recovery.asked:
            self._ask(key, group)
        if not recovery.asked:
            # In a job of its own: the caller has something to park first.
            port.run(lambda: self._resolve(group, recovery))
        return recovery

    def _ask(self, key: str, group: GroupId, term: Term = NO_TERM) -> None:
        self._prepares.setdefault(key, []).append((group, term))

    def send_prepares(self) -> None:
        """Send one Prepare per pair of nodes and turn (P23)."""
        for key, groups in self._prepares.items():
            self._port.send(key, Prepare(groups))
        self._prepares.clear()

    # What others hold -----------------------------------------------------------------------------------------------

    def on_promise(self, sender: Incarnation, message: Promise) -> None:
        """Count the replies of one node, and end recoveries of groups that another node masters or recovers."""
        for held in message.held:
            recovery = self._recoveries.get(held.group)
            if recovery is None or sender.key not in recovery.asked:
                continue
            if held.role == "master" or (held.role == "asking" and self._yields(held.group, sender.key)):
                self._send_on(held.group, recovery, sender.key)
                continue
            if held.lineage and held.promised < recovery.term:
                continue  # the node sent this answer before the node was asked to promise
            recovery.asked.pop(sender.key, None)
            recovery.held[sender.key] = held
            if not recovery.asked:
                self._resolve(held.group, recovery)

    def stopped(self, group: GroupId, key: str) -> None:
        """Ask a node no longer on which a mistake has stopped the group: the node's replica cannot be had (P43)."""
        recovery = self._recoveries.get(group)
        if recovery is None or key not in recovery.asked:
            return
        recovery.stopped = True
        del recovery.asked[key]
        if not recovery.asked and recovery.fetching is None:
            self._resolve(group, recovery)

    def _yields(self, group: GroupId, other: str) -> bool:
        """Tell whether the other of two nodes that recover one group is the nearer owner: the nearer node goes on."""
        owners = self._port.peers.owners(group)
        mine = owners.index(self._port.me.key) if self._port.me.key in owners else len(owners)
        return other in owners and owners.index(other) < mine

    def _send_on(self, group: GroupId, recovery: Recovery, master: str) -> None:
        """End a recovery because another node masters or recovers the group: parked senders are sent there."""
        del self._recoveries[group]
        for sender, message in recovery.parked:
            if not self._port.holds_back(group, master, sender, message):
                self._port.bounce(sender.key, group, master)
        self._port.send_on(group, master)

    def _resolve(self, group: GroupId, recovery: Recovery) -> None:
        """Decide what comes next, once all have replied: wait, ask for promises, fetch, or serve (see above)."""
        if self._recoveries.get(group) is not recovery or recovery.asked:
            return
        port = self._port
        mine = self._port.replicas.newest(group)
        if recovery.near and not suffices(self._silent, recovery, group, mine):
            self._ask_further(group, recovery)
            return
        promised = recovery.phase is Phase.PROMISING
        if not promised and not recovery.near:
            recovery.waits = self._silent.may_have_more(group, recovery, mine)
            if recovery.waits:
                self._wait(group, recovery, mine)
                return
        if not promised:
            recovery.doubtful = self._silent.is_doubtful(group, recovery, mine)
        if not promised and any(held.lineage for held in recovery.held.values()):
            self._ask_promises(group, recovery, mine)
            return
        if promised and any(held.promised > recovery.term for held in recovery.held.values()):
            self._again(recovery)
            return
        if self._fetch_newer(group, recovery, mine):
            return
        if mine is None and recovery.curious and not promised:
            self._leave_absent(group, recovery)
            return
        if mine is None:
            state = port.kinds[group.kind].initial(group.name)
            mine = Replica(group, port.kinds[group.kind], state, ())
        self.serve(recovery, mine)
        ask_for_forks(self._port, group, recovery)

    def _fetch_newer(self, group: GroupId, recovery: Recovery, mine: Replica | None) -> bool:
        """Fetch the newest replica that other nodes hold, if that replica is newer than the replica here, or is as new
        and has more: a replica from disk has no log, from which followers could read what they lack (P16)."""
        best = max(
            (h for h in recovery.held.items() if h[1].lineage),
            key=lambda item: (item[1].lineage[-1][0], item[1].seq, not item[1].cold),
            default=None,
        )
        if best is None:
            return False
        if mine is not None:
            theirs, ours = (best[1].lineage[-1][0], best[1].seq), (mine.term, mine.head)
            has_more = mine.is_ahead or (mine.is_cold and not best[1].cold)
            if theirs < ours or (theirs == ours and (recovery.waits or not has_more)):
                return False
        recovery.fetching = best[0]
        recovery.repeat_at = self._port.now + PREPARE_REPEAT_S
        self._port.send(best[0], Fetch(group))
        return True

    # Groups that must not be lost (P36, P37) -------------------------------------------------------------------------

    def _wait(self, group: GroupId, recovery: Recovery, mine: Replica | None) -> None:
        """Ask again in a while; meanwhile the newest replica may be read."""
        exists = mine is not None or any(held.lineage for held in recovery.held.values())
        if not exists and recovery.curious and self._port.has_met:
            del self._recoveries[group]  # only asked about: the asker repeats, and no list of absent names piles up
            return
        if not recovery.noted and self._port.has_met:
            recovery.noted = True
            self._port.note("group_waits", group, copies=len([held for held in recovery.held.values() if held.lineage]))
        recovery.since, recovery.repeat_at = self._port.now, self._port.now + PREPARE_AGAIN_S
        # Origins repeat a command while somebody waits for the answer: no command is carried out after all gave up.
        recovery.parked = deque((sender, m) for sender, m in recovery.parked if not isinstance(m, Submit))
        if not self._fetch_newer(group, recovery, mine):
            self._answer_parked(recovery, mine)

    def _answer_parked(self, recovery: Recovery, mine: Replica | None) -> None:
        """Answer the parked questions from the replica here, while the group waits for silent nodes."""
        questions = [(sender, m) for sender, m in recovery.parked if isinstance(m, Question)]
        if mine is not None and questions:
            recovery.parked = deque((sender, m) for sender, m in recovery.parked if not isinstance(m, Question))
            for sender, message in questions:
                self._rpc.answer(sender, message, foreseen(mine))

    def readable(self, group: GroupId) -> Replica | None:
        """Return the replica to read of a group that cannot be served yet, or an empty replica if nobody holds the
        group."""
        recovery = self._recoveries.get(group)
        if recovery is None:
            return self._absent.replica(group)
        replica = self._port.replicas.newest(group) if recovery.waits else None
        return foreseen(replica) if replica is not None else None

    def _leave_absent(self, group: GroupId, recovery: Recovery) -> None:
        """End the recovery of a group that nobody holds: questions are answered as of an empty group."""
        del self._recoveries[group]
        self._absent.add(group)
        for sender, message in recovery.parked:
            self._port.receive_again(sender, message)
        self._rpc.master_known(group)

    def _number(self, recovery: Recovery, replica: Replica) -> int:
        """Return the number of the term to serve under: the promised number, or a number above every number that this
        node was told of. Where the group starts empty, the clock puts the number above forgotten terms too (P3)."""
        if recovery.term != NO_TERM:
            return recovery.term.number
        told = [max(held.lineage[-1][0], held.promised).number for held in recovery.held.values() if held.lineage]
        number = max([*told, replica.highest_term.number]) + 1
        return number if replica.lineage else max(number, int(self._port.now))

    def _ask_promises(self, group: GroupId, recovery: Recovery, mine: Replica | None) -> None:
        """Ask all nodes that hold the group to promise: from now on to listen to no term below this node's (P21)."""
        holders = {key: held for key, held in recovery.held.items() if held.lineage}
        told = [max(held.lineage[-1][0].number, held.promised.number) for held in holders.values()]
        if mine is not None:
            told.append(mine.highest_term.number)
        recovery.term = Term(max(told) + 1, self._port.me.key, self._port.me.number)
        if mine is not None:
            mine.promised = recovery.term
        recovery.asked, recovery.held = dict.fromkeys(holders), {}
        recovery.since, recovery.repeat_at = self._port.now, self._port.now + PREPARE_REPEAT_S
        for key in holders:
            self._ask(key, group, recovery.term)

    def _again(self, recovery: Recovery) -> None:
        """Ask all nodes anew, a random moment later: another node was promised a higher term, or a node has died."""
        self._ask_all(recovery)
        recovery.since, recovery.repeat_at = self._port.now, self._port.now + PREPARE_REPEAT_S * self._port.rng.random()

    def _ask_all(self, recovery: Recovery) -> None:
        """Go back to asking: a replica on the way would be served without promises (P21)."""
        recovery.term, recovery.fetching = NO_TERM, None
        recovery.asked, recovery.held = dict.fromkeys(self._port.peers.others()), {}
        recovery.known = set(recovery.asked)

    def on_fetched(self, sender: Incarnation, message: Fetched) -> None:
        """Serve the fetched replica, or keep the replica for reading if the group waits. After a recovery, merge the
        replica."""
        recovery = self._recoveries.get(message.group)
        if recovery is None:
            take_in_fork(self._port, message)
        if recovery is None or recovery.fetching != sender.key:
            return
        recovery.fetching = None
        if message.snapshot is None or not message.snapshot.lineage:
            recovery.held.pop(sender.key, None)
            self._resolve(message.group, recovery)
            return
        replica = restore(message.group, self._port.kinds[message.group.kind], message.snapshot)
        if recovery.waits:
            replica.is_cold = True
            self._port.loaded(replica)
            self._answer_parked(recovery, replica)
            return
        replica.promised = recovery.term
        mine = self._port.replicas.newest(message.group)
        if mine is not None and outweighs(mine, replica):
            replica, mine = mine, replica
        else:
            self._port.install(replica)
        self.serve(recovery, replica)
        mastered = self._port.replicas.masters.get(message.group)
        if mine is not None and mastered is not None:
            self._owed.add(mine)
            self._port.take_in(mastered, mine)
        ask_for_forks(self._port, message.group, recovery)

    def serve(self, recovery: Recovery, replica: Replica) -> None:
        """Master the group from this replica on, under a new term, and note a takeover if the group existed."""
        port, group = self._port, replica.group
        number, took_over = self._number(recovery, replica), bool(replica.lineage)
        port.serve(replica, Term(number, port.me.key, port.me.number))
        mastered = port.replicas.masters.get(group)
        if took_over and mastered is not None:
            took_ms = round((port.now - recovery.began) * 1000, 1)
            facts = {"followers": len(mastered.followers), "undecided": len(replica.pending), "took_ms": took_ms}
            port.note("takeover", group, term=number, seq=replica.seq, **facts)

    # Timers ---------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Drop nodes that died from all recoveries, and ask nodes that came."""
        self._absent.clear()
        decided: list[tuple[GroupId, Recovery]] = []
        for group, recovery in list(self._recoveries.items()):
            recovery.near = False
            heard = {*recovery.asked, *recovery.held}
            if self._silent.is_confirmed(group) and not all(map(self._port.peers.is_alive, heard)):
                # A node with a replica is gone again, or has given the group to nodes that said no before (P36, P37).
                self._again(recovery)
            recovery.asked = {key: None for key in recovery.asked if self._port.peers.is_alive(key)}
            for key in [key for key in recovery.held if not self._port.peers.is_alive(key)]:
                del recovery.held[key]
            if recovery.fetching is not None and not self._port.peers.is_alive(recovery.fetching):
                recovery.fetching = None
            recovery.known = {key for key in recovery.known if self._port.peers.is_alive(key)}
            self._ask_who_came(group, recovery)
            if not recovery.asked and recovery.fetching is None:
                decided.append((group, recovery))
        self._port.in_slices(in_turn(self._port, decided, self._decide))

    def _ask_further(self, group: GroupId, recovery: Recovery) -> None:
        """Ask all other nodes, too, as the replies of the next owners do not do (nearby.py)."""
        recovery.near, recovery.since = False, self._port.now
        self._ask_who_came(group, recovery)
        self._resolve(group, recovery)

    def _ask_who_came(self, group: GroupId, recovery: Recovery) -> None:
        """Ask nodes that came during the recovery, for one of these nodes may master the group (P14). Where promises
        are under way, all nodes are asked anew; a recovery that pauses asks all nodes after the pause."""
        unfit = self._port.peers.unfit_for(group)
        came = [key for key in self._port.peers.others() if key not in recovery.known and key not in unfit]
        if not came or (recovery.waits and not recovery.asked):
            return
        if recovery.phase in (Phase.PROMISING, Phase.FETCHING):
            self._ask_all(recovery)
            recovery.since, came = self._port.now, list(recovery.asked)
        recovery.known.update(came)
        recovery.asked.update(dict.fromkeys(came))
        for key in came:
            self._ask(key, group)

    def _decide(self, found: tuple[GroupId, Recovery]) -> None:
        """Decide what comes next in a recovery that lost the last node asked."""
        if found[1].fetching is None:
            self._resolve(*found)

    def tick(self) -> None:
        """Ask again, begin anew after a wait, and stop asking nodes that do not answer."""
        port, many_s = self._port, min(EACH_S * len(self._recoveries), MANY_MAX_S)
        for group, recovery in list(self._recoveries.items()):
            if port.now < max(recovery.repeat_at, recovery.since + many_s):
                continue
            recovery.repeat_at = port.now + max(PREPARE_REPEAT_S, many_s)
            if recovery.fetching is not None:
                port.send(recovery.fetching, Fetch(group))
                continue
            if recovery.waits and not recovery.asked:
                self._ask_all(recovery)
                if not recovery.asked:
                    self._resolve(group, recovery)
                    continue
            if port.now - recovery.since > port.settings.prepare_wait_s:
                # The nodes left in `asked` are neither dead nor answering: do not wait for these nodes any longer.
                if recovery.near:
                    self._ask_further(group, recovery)
                elif recovery.phase is Phase.PROMISING and self._silent.is_confirmed(group):
                    self._again(recovery)
                else:
                    recovery.asked.clear()
                    self._resolve(group, recovery)
                continue
            for key in recovery.asked:
                self._ask(key, group, recovery.term)
