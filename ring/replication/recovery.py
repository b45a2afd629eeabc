"""First touch and takeover: find out what other nodes hold of a group before this node serves the group (P14, P21).

Theory of operation
===================

A node recovers a group if the ring names the node as master, and the node does not master the group: because nobody
has used the group before, because the master is dead, or because this node was stopped for a while (P20). Every live
node is asked, not only the next owners: with `copies: 1` followers hold the only copies, and may sit anywhere.
Messages for the group are parked meanwhile, and handled or sent on in the end.

The states of a recovery, read from the fields of `Recovery`:

    asking      `asked` names nodes, `term` is NO_TERM: each node is asked what the node holds of the group
    waiting     `waits`, until all have replied anew: a silent node may have more of the group (`_must_wait`). This node
                asks again every WAIT_S; meanwhile the group may be read here (P36, P37)
    promising   `term` is set: the nodes that hold the group promise to listen to no lower term (P21)
    fetching    `fetching` names a node with a newer copy than the copy here

What moves a recovery:

    asking      all have replied, a silent node may have more   waiting
    asking      all have replied, some hold the group           promising
    asking      all have replied, none holds the group          serve the copy here, or an empty group; `_leave_absent`
                                                                if the group was only asked about (`curious`)
    waiting     the pause is over                               asking
    promising   a node has promised a higher term               asking, a moment later (`_again`)
    promising   all have promised, one has a newer copy         fetching
    promising   all have promised, the newest copy is here      serve
    fetching    the copy has come                               serve that copy (or the copy here, if that outweighs)
    asking, promising   a node masters the group, or a nearer owner recovers the group too   `_send_on`, and end

A node that dies, or does not answer for dead_after_s + 1 s, is asked no longer. For a confirmed group (P35), all nodes
are asked anew instead if a node dies that was asked or has replied, or if a node does not promise in time: the node may
have given the group to nodes without a copy so far.

Invariants
    A group in `searches` is not mastered here. `find` begins a recovery, `serve_under` ends a recovery with a master.
    A node is in `asked` or in `held`, never in both.
    A recovery serves under a term higher than every term, of a copy or promised, that this node was told of (P3).
    While this node recovers a group, this node promises nothing to others (`_held`): of two, the nearer owner goes on.

This file alone writes the fields of `Recovery`, but for `parked`: a hand-off that fails adds the messages parked there.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ring.ids import NO_TERM, GroupId, Incarnation, Term
from ring.replication.copy import Copy, restore
from ring.replication.lineage import fork_point
from ring.replication.progress import Master
from ring.replication.replicas import PARKED, Parkable, Recovery
from ring.wire.group import Question, Submit
from ring.wire.replication import Fetch, Fetched, Held, MergeOffer, Prepare, Promise, Resync

if TYPE_CHECKING:
    from ring.engine import Engine


REPEAT_S = 0.4
WAIT_S = 1.0
"""A node that waits for silent nodes asks all nodes again after this."""

ABSENT_S = 5.0
"""How long a node remembers that nobody holds a group, if the group was only asked about."""

ABSENT = 10_000
"""At most this many absent groups are remembered; the oldest are forgotten first."""


class Recoveries:
    """Keep the recoveries under way, one for each group that this node may have to serve."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.searches = engine.replicas.recoveries
        self._prepares: dict[str, list[tuple[GroupId, Term]]] = {}
        self._absent: dict[GroupId, float] = {}  # groups that nobody holds -> until when this is believed

    def park(self, group: GroupId, sender: Incarnation, message: Parkable) -> None:
        """Handle a message for a group that this node does not master: send the sender on to the owner, or park the
        message and begin a recovery if this node is the owner."""
        engine = self.engine
        search = self.searches.get(group)
        if search is None and not engine.handoffs.holds(group):
            owner = engine.target(group)
            if owner not in (engine.me.key, sender.key):
                engine.bounce(sender.key, group, owner)
                return
            if engine.peers.acting(group) != engine.me.key:
                # The sender is the owner that this node would name: the sender has to recover the group itself.
                if isinstance(message, Resync | MergeOffer):
                    engine.bounce(sender.key, group, owner)
                return
            search = self.find(group, curious=isinstance(message, Question))
        if search is None:
            engine.handoffs.park_installed(group, sender, message)
        elif len(search.parked) < PARKED:
            search.parked.append((sender, message))
            search.curious = search.curious and isinstance(message, Question)

    def find(self, group: GroupId, *, curious: bool = False) -> Recovery | None:
        """Begin a recovery of the group, or return the recovery under way. None: the group is served here, is about to
        be handed over to this node, or has stopped here.

        curious: the caller only wants to answer a question. A group that nobody holds is not served for a question.
        """
        engine = self.engine
        search = self.searches.get(group)
        if search is not None:
            search.curious = search.curious and curious
            return search
        if group in engine.replicas.masters or engine.handoffs.holds(group) or group in engine.stopped.groups:
            return None
        search = self.searches[group] = Recovery(engine.peers.others(), engine.now, engine.now + REPEAT_S)
        search.curious = curious
        for key in search.asked:
            self._ask(key, group)
        if not search.asked:
            # In a job of its own: the caller has something to park first.
            engine.run(lambda: self._resolve(group, search))
        return search

    def _ask(self, key: str, group: GroupId, term: Term = NO_TERM) -> None:
        self._prepares.setdefault(key, []).append((group, term))

    def send_prepares(self) -> None:
        """Send one Prepare per pair of nodes and turn (P23)."""
        for key, groups in self._prepares.items():
            self.engine.send(key, Prepare(groups))
        self._prepares.clear()

    # What is held here ----------------------------------------------------------------------------------------------

    def on_prepare(self, sender: Incarnation, message: Prepare) -> None:
        broken = self.engine.stopped
        groups = [(group, term) for group, term in message.groups if not broken.asked(sender, group)]
        self.engine.send(sender.key, Promise([self._held(group, term) for group, term in groups]))

    def _held(self, group: GroupId, term: Term) -> Held:
        """Describe what this node holds of the group. With a term, also promise to listen to no lower term, unless this
        node masters or recovers the group itself (P21)."""
        copy = self.engine.replicas.newest(group)
        if copy is None:
            return Held(group, "asking" if group in self.searches else "", (), 0)
        role = "copy"
        mastered = self.engine.replicas.masters.get(group)
        if mastered is not None and not mastered.is_handed:
            role = "master"
        elif group in self.searches:
            role = "asking"
        elif term > copy.term:
            copy.promised = max(copy.promised, term)
        return self._describe(copy, role)

    def on_fetch(self, sender: Incarnation, message: Fetch) -> None:
        copy = self.engine.replicas.newest(message.group)
        held = copy.snapshot(pending=True) if copy is not None else None
        self.engine.send(sender.key, Fetched(message.group, held))

    # What others hold -----------------------------------------------------------------------------------------------

    def on_promise(self, sender: Incarnation, message: Promise) -> None:
        """Count the replies of one node, and end recoveries of groups that another node masters or recovers."""
        for held in message.held:
            search = self.searches.get(held.group)
            if search is None or sender.key not in search.asked:
                continue
            if held.role == "master" or (held.role == "asking" and self._yields(held.group, sender.key)):
                self._send_on(held.group, search, sender.key)
                continue
            if held.lineage and held.promised < search.term:
                continue  # the node sent this answer before the node was asked to promise
            search.asked.pop(sender.key, None)
            search.held[sender.key] = held
            if not search.asked:
                self._resolve(held.group, search)

    def stopped(self, group: GroupId, key: str) -> None:
        """Ask a node no longer on which a mistake has stopped the group: the node's copy cannot be had (P43)."""
        search = self.searches.get(group)
        if search is None or key not in search.asked:
            return
        search.stopped = True
        del search.asked[key]
        if not search.asked and search.fetching is None:
            self._resolve(group, search)

    def _yields(self, group: GroupId, other: str) -> bool:
        """Tell whether the other of two nodes that recover one group is the nearer owner: the nearer node goes on."""
        owners = self.engine.peers.owners(group)
        mine = owners.index(self.engine.me.key) if self.engine.me.key in owners else len(owners)
        return other in owners and owners.index(other) < mine

    def _send_on(self, group: GroupId, search: Recovery, master: str) -> None:
        """End a recovery because another node masters or recovers the group: parked senders are sent there."""
        engine = self.engine
        del self.searches[group]
        engine.hint(group, master)
        for sender, _ in search.parked:
            engine.bounce(sender.key, group, master)
        followed = engine.replicas.followers.get(group)
        if followed is not None:
            engine.followers.redirect(followed, master)
        engine.resend(group)
        engine.rpc.redirected(group)
        engine.history.redirected(group)

    def _resolve(self, group: GroupId, search: Recovery) -> None:
        """Decide what comes next, once all have replied: wait, ask for promises, fetch, or serve (see above)."""
        if self.searches.get(group) is not search or search.asked:
            return
        engine = self.engine
        mine = self.engine.replicas.newest(group)
        if search.term == NO_TERM:
            search.waits = self._must_wait(group, search, mine)
            if search.waits:
                self._wait(group, search, mine)
                return
        if search.term == NO_TERM and any(held.lineage for held in search.held.values()):
            self._ask_promises(group, search, mine)
            return
        if any(held.promised > search.term for held in search.held.values()) and search.term != NO_TERM:
            self._again(group, search)
            return
        if self._fetch_newer(group, search, mine):
            return
        if mine is None and search.curious and search.term == NO_TERM:
            self._leave_absent(group, search)
            return
        if mine is None:
            state = engine.kinds[group.kind].initial(group.name)
            mine = Copy(group, engine.kinds[group.kind], state, ())
        self.serve(search, mine)
        self._ask_for_forks(group, search)

    def _fetch_newer(self, group: GroupId, search: Recovery, mine: Copy | None) -> bool:
        """Fetch the newest copy that other nodes hold, if that copy is newer than the copy here."""
        best = max(
            (h for h in search.held.items() if h[1].lineage),
            key=lambda item: (item[1].lineage[-1][0], item[1].seq),
            default=None,
        )
        if best is None or (mine is not None and (best[1].lineage[-1][0], best[1].seq) <= (mine.term, mine.head)):
            return False
        search.fetching = best[0]
        search.repeat_at = self.engine.now + REPEAT_S
        self.engine.send(best[0], Fetch(group))
        return True

    # Groups that must not be lost (P36, P37) -------------------------------------------------------------------------

    def _is_confirmed(self, group: GroupId) -> bool:
        return self.engine.journal.on and self.engine.kinds[group.kind].durable == "confirmed"

    def _must_wait(self, group: GroupId, search: Recovery, mine: Copy | None) -> bool:
        """Tell whether a node that is silent may have more of the group than the nodes that have replied.

        Of the newest set of backups, one member has to be heard; if the newest copies come from disks, all members.
        A node that was given up counts as heard. If no node has a copy, `_may_be_held` decides. A node that does not
        know the network yet would think itself alone, and waits if there is no copy at all (P14).
        """
        if search.stopped and mine is None and not any(held.lineage for held in search.held.values()):
            return True  # the group exists: an empty start would split the group
        if not self.engine.has_met and mine is None and not any(held.lineage for held in search.held.values()):
            return True
        if not self._is_confirmed(group):
            return False
        peers, me = self.engine.peers, self.engine.me.key
        found = {key: held for key, held in search.held.items() if held.lineage}
        if mine is not None:
            found[me] = self._describe(mine, "copy")
        if not found:
            return self._may_be_held(group, {me, *search.held})
        newest = max(held.epoch for held in found.values())
        latest = [held for held in found.values() if held.epoch == newest]
        if any(not held.cold for held in latest):
            return {*found, *peers.given_up}.isdisjoint(latest[0].members)
        heard = {me, *search.held, *peers.given_up}
        return not all(heard.issuperset({*held.members, *held.coming}) for held in latest)

    def _may_be_held(self, group: GroupId, heard: set[str]) -> bool:
        """Tell whether all copies of the group may sit on nodes that have not replied (P37)."""
        peers = self.engine.peers
        silent, copies = peers.unheard(heard), peers.settings.copies
        if silent.isdisjoint(peers.should_know(group)):
            return False
        if self.engine.level < 1:
            return True  # nodes of level 0 do not say that sets are thin
        staying = len(peers.staying()) + (not peers.me.leaving)
        return len(silent) >= copies or staying < copies or not silent.isdisjoint(peers.thin)

    @property
    def waiting(self) -> int:
        """Count the groups that are known to exist, and wait for nodes that may have more of the group (P36)."""
        held = (
            any(h.lineage for h in s.held.values()) or self.engine.replicas.newest(g)
            for g, s in self.searches.items()
            if s.waits
        )
        return sum(bool(one) for one in held)

    def _describe(self, copy: Copy, role: str) -> Held:
        more = (copy.is_cold, copy.members, copy.coming)
        return Held(copy.group, role, copy.lineage, copy.head, copy.epoch, copy.promised, *more)

    def _wait(self, group: GroupId, search: Recovery, mine: Copy | None) -> None:
        """Ask again in a while; meanwhile the newest copy may be read."""
        exists = mine is not None or any(held.lineage for held in search.held.values())
        if not exists and search.curious and self.engine.has_met:
            del self.searches[group]  # only asked about: the asker repeats, and no list of absent names piles up here
            return
        if not search.noted and self.engine.has_met:
            search.noted = True
            self.engine.note("group_waits", group, copies=len([held for held in search.held.values() if held.lineage]))
        search.since, search.repeat_at = self.engine.now, self.engine.now + WAIT_S
        # Origins repeat a command while somebody waits for the answer: no command is carried out after all gave up.
        search.parked = deque((sender, m) for sender, m in search.parked if not isinstance(m, Submit))
        if not self._fetch_newer(group, search, mine):
            self._answer_parked(search, mine)

    def _answer_parked(self, search: Recovery, mine: Copy | None) -> None:
        """Answer the parked questions from the copy here, while the group waits for silent nodes."""
        questions = [(sender, m) for sender, m in search.parked if isinstance(m, Question)]
        if mine is not None and questions:
            search.parked = deque((sender, m) for sender, m in search.parked if not isinstance(m, Question))
            for sender, message in questions:
                self.engine.rpc.answer(sender, message, mine.foreseen())

    def readable(self, group: GroupId) -> Copy | None:
        """Return the copy to read of a group that cannot be served yet, or an empty copy if nobody holds the group."""
        search = self.searches.get(group)
        if search is not None:
            copy = self.engine.replicas.newest(group) if search.waits else None
            return copy.foreseen() if copy is not None else None
        if self._absent.get(group, 0.0) <= self.engine.now or self.engine.target(group) != self.engine.me.key:
            return None
        kind = self.engine.kinds[group.kind]
        return Copy(group, kind, kind.initial(group.name), ())

    def _leave_absent(self, group: GroupId, search: Recovery) -> None:
        """End the recovery of a group that nobody holds: questions are answered as of an empty group."""
        del self.searches[group]
        self._absent.pop(group, None)
        self._absent[group] = self.engine.now + ABSENT_S
        if len(self._absent) > ABSENT:
            del self._absent[next(iter(self._absent))]
        for sender, message in search.parked:
            self.engine.receive_again(sender, message)
        self.engine.rpc.redirected(group)

    def appeared(self, group: GroupId) -> None:
        """Forget that the group was absent: the group is served here now."""
        self._absent.pop(group, None)

    def _number(self, search: Recovery, copy: Copy) -> int:
        """Return the number of the term to serve under: the promised number, or a number above every number that this
        node was told of. Where the group starts empty, the clock puts the number above forgotten terms too (P3)."""
        if search.term != NO_TERM:
            return search.term.number
        told = [max(held.lineage[-1][0], held.promised).number for held in search.held.values() if held.lineage]
        number = max([*told, copy.highest_term.number]) + 1
        return number if copy.lineage else max(number, int(self.engine.now))

    def _ask_promises(self, group: GroupId, search: Recovery, mine: Copy | None) -> None:
        """Ask all nodes that hold the group to promise: from now on to listen to no term below this node's (P21)."""
        holders = {key: held for key, held in search.held.items() if held.lineage}
        told = [max(held.lineage[-1][0].number, held.promised.number) for held in holders.values()]
        if mine is not None:
            told.append(mine.highest_term.number)
        search.term = Term(max(told) + 1, self.engine.me.key, self.engine.me.number)
        if mine is not None:
            mine.promised = search.term
        search.asked, search.held = dict.fromkeys(holders), {}
        search.since, search.repeat_at = self.engine.now, self.engine.now + REPEAT_S
        for key in holders:
            self._ask(key, group, search.term)

    def _again(self, group: GroupId, search: Recovery) -> None:
        """Ask all nodes anew, a random moment later: another node was promised a higher term, or a node has died."""
        search.term, search.fetching = NO_TERM, None  # a copy from before would be served without promises (P21)
        search.asked, search.held = dict.fromkeys(self.engine.peers.others()), {}
        search.since, search.repeat_at = self.engine.now, self.engine.now + REPEAT_S * self.engine.rng.random()

    def on_fetched(self, sender: Incarnation, message: Fetched) -> None:
        """Serve the fetched copy, or keep the copy for reading if the group waits. After a recovery, merge the copy."""
        search = self.searches.get(message.group)
        if search is None:
            self._take_in_fork(message)
        if search is None or search.fetching != sender.key:
            return
        search.fetching = None
        if message.snapshot is None or not message.snapshot.lineage:
            search.held.pop(sender.key, None)
            self._resolve(message.group, search)
            return
        copy = restore(message.group, self.engine.kinds[message.group.kind], message.snapshot)
        if search.waits:
            copy.is_cold = True
            self.engine.followers.keep(copy, copy.term.key).holds = True
            self._answer_parked(search, copy)
            return
        copy.promised = search.term
        mine = self.engine.replicas.newest(message.group)
        followed = self.engine.replicas.followers.get(message.group)
        if mine is not None and mine.outweighs(copy):
            copy, mine = mine, copy
        elif followed is not None:
            self.engine.followers.install(copy, followed, self.engine.me.key, followed.copy.seq)
        self.serve(search, copy)
        mastered = self.engine.replicas.masters.get(message.group)
        if mine is not None and mastered is not None:
            self.engine.owed.add(mine)
            self.engine.merges.take_in(mastered, mine)
        self._ask_for_forks(message.group, search)

    def _ask_for_forks(self, group: GroupId, search: Recovery) -> None:
        """Fetch the copies that have entries which the served copy lacks: these entries are merged, not lost (P22)."""
        mastered = self.engine.replicas.masters.get(group)
        if mastered is None:
            return
        copy = mastered.copy
        for key, held in search.held.items():
            if held.lineage and fork_point(copy.lineage, copy.head, held.lineage, held.seq) < held.seq:
                self.engine.send(key, Fetch(group))

    def _take_in_fork(self, message: Fetched) -> None:
        """Merge a fetched copy into the group that this node serves by now (P22)."""
        mastered = self.engine.replicas.masters.get(message.group)
        if mastered is not None and mastered.serving and message.snapshot is not None:
            theirs = restore(message.group, self.engine.kinds[message.group.kind], message.snapshot)
            self.engine.merges.take_in(mastered, theirs)

    def serve(self, search: Recovery, copy: Copy) -> None:
        """Master the group from this copy on, under a new term, and note a takeover if the group existed."""
        engine, group = self.engine, copy.group
        number, took_over = self._number(search, copy), bool(copy.lineage)
        self.serve_under(copy, Term(number, engine.me.key, engine.me.number))
        mastered = engine.replicas.masters.get(group)
        if took_over and mastered is not None:
            engine.note(
                "takeover",
                group,
                term=number,
                seq=copy.seq,
                followers=len(mastered.followers),
                undecided=len(copy.pending),
                took_ms=round((engine.now - search.began) * 1000, 1),
            )

    def serve_under(self, copy: Copy, term: Term) -> None:
        """Master the group from this copy on, under this term: the only way into `Masters.lead`.

        Every other part of this node that has to do with the group ends or learns of the new master here. Forks that
        this node owes are taken in before the parked messages are handled, and people here go on to see the fork that
        they know until the merge is committed (P25).
        """
        engine, group = self.engine, copy.group
        search = self.searches.pop(group, None)
        followed = engine.replicas.followers.pop(group, None)
        engine.handoffs.drop(group)
        copy.begin_term(term)
        copy.is_ahead = False  # no other node has more
        mastered = Master(copy)
        if followed is not None and followed.fork is not None and followed.shown is not copy:
            mastered.unmerged = followed.shown
            engine.owed.add(followed.shown)
        engine.masters.lead(mastered)
        engine.owed.take_in(mastered)
        engine.masters.reveal(mastered)
        for sender, message in search.parked if search is not None else ():
            engine.receive_again(sender, message)
        engine.resend(group)
        engine.barriers.retry(group)
        engine.watches.served(group)
        engine.rpc.redirected(group)
        engine.history.redirected(group)

    # Timers ---------------------------------------------------------------------------------------------------------

    def peers_changed(self) -> None:
        """Drop nodes that died from all recoveries. Nodes that came are not asked: copies there are old."""
        self._absent.clear()
        for group, search in list(self.searches.items()):
            heard = {*search.asked, *search.held}
            if self._is_confirmed(group) and not all(map(self.engine.peers.is_alive, heard)):
                # A node with a copy is gone again, or has given the group to nodes that said no before (P36, P37).
                self._again(group, search)
            search.asked = {key: None for key in search.asked if self.engine.peers.is_alive(key)}
            for key in [key for key in search.held if not self.engine.peers.is_alive(key)]:
                del search.held[key]
            if search.fetching is not None and not self.engine.peers.is_alive(search.fetching):
                search.fetching = None
            if not search.asked and search.fetching is None:
                self._resolve(group, search)

    def tick(self) -> None:
        """Ask again, begin anew after a wait, and stop asking nodes that do not answer."""
        engine = self.engine
        for group, search in list(self.searches.items()):
            if engine.now < search.repeat_at:
                continue
            search.repeat_at = engine.now + REPEAT_S
            if search.fetching is not None:
                engine.send(search.fetching, Fetch(group))
                continue
            if search.waits and not search.asked:
                search.term, search.held = NO_TERM, {}
                search.asked = dict.fromkeys(engine.peers.others())
                if not search.asked:
                    self._resolve(group, search)
                    continue
            if engine.now - search.since > engine.settings.dead_after_s + 1.0:
                # The nodes left in `asked` are neither dead nor answering: do not wait for these nodes any longer.
                if search.term != NO_TERM and self._is_confirmed(group):
                    self._again(group, search)
                else:
                    search.asked.clear()
                    self._resolve(group, search)
                continue
            for key in search.asked:
                self._ask(key, group, search.term)
