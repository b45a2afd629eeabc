"""Groups that a mistake of the program has stopped on this node, and how other nodes are told (P43).

Theory of operation
===================

A mistake that shows while a committed entry is applied would show on every node that has the entry. Crash-only nodes
would then end one after the other, each successor taking over the group that ended the node before. So the group alone
stops, on the node where the mistake showed: the node keeps no copy in use, takes the group over no more in this life,
and leaves on disk what was written before. The operator reads `group_broken` in the log and in `circlet status`; the
group is tried again when the node is started again.

A node that is asked to follow, hold or serve such a group says `Stopped`. The group's master then does without that
node: the master awaits no acknowledgement from the node and has another node hold the group. Where the master has
stopped the group, the next owner takes the group over, at most once in each life of a node. Where the mistake is in
the entry itself, the group so stops on all nodes with a copy, and every command submitted to the group fails.

    a mistake while a command is judged                     the command alone fails (`judged`)
    a mistake while an entry is applied or shown            the group stops here (`stop`)
    entries that this build cannot read, again and again    the group stops here (`stop_unread`, P42)
    a mistake while a question is answered                  the question has no answer, the group goes on

Invariants
    A group in `groups` stays there for the life of the node.
    A group in `groups` is not mastered, followed, recovered, handed over, merged or owed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ring.ids import GroupId, Incarnation
from ring.replication.application import FAILED, Halted
from ring.wire.group import Barrier, Question, Submit
from ring.wire.log import raw
from ring.wire.messages import Message
from ring.wire.node import Reply
from ring.wire.replication import Append, Fetch, Install, MergeOffer, Publish, Replace, Resync, Stopped

if TYPE_CHECKING:
    from ring.engine import Engine
    from ring.replication.copy import Copy
    from ring.replication.progress import Master
    from ring.wire.log import Entry

ANSWERED = (Append, Barrier, Fetch, Install, MergeOffer, Publish, Replace, Resync, Submit)
"""Messages that await an answer of this node: the sender is told `Stopped` instead."""


class StoppedGroups:
    """Keep the groups that stopped here, and turn mistakes of state machines into answers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.groups: dict[GroupId, None] = {}
        self._without_upkeep: set[GroupId] = set()  # groups whose upkeep met a mistake: noted once for each group

    # A group stops here ---------------------------------------------------------------------------------------------

    def stop(self, group: GroupId, problem: BaseException) -> None:
        """Stop the group on this node for the node's life, and tell the nodes that wait for this node."""
        if group not in self.groups:
            self.engine.note_bug("apply", problem, group, event="group_broken")
            self._stop(group)

    def _stop(self, group: GroupId) -> None:
        """Take the group out of every part of the engine, leave the disk as the disk is, and tell the followers."""
        engine = self.engine
        self.groups[group] = None
        engine.peers.stopped(group, engine.me)
        mastered = engine.replicas.masters.pop(group, None)
        engine.followers.abandon(group)
        engine.replicas.recoveries.pop(group, None)
        engine.handoffs.drop(group)
        engine.handoffs.stop(group)
        engine.merges.forget(group)
        engine.merges.forked.pop(group, None)
        engine.owed.copies.pop(group, None)
        engine.journal.abandon(group)
        if mastered is not None:
            for key in mastered.followers:
                self.say(key, group)
        self._let_go(group)

    def failure(self, group: GroupId) -> Any:
        """Return the outcome of a command that no master has answered: FAILED, or the nodes that stopped the group."""
        peers = self.engine.peers
        names = sorted(record.name for key in peers.unfit_for(group) if (record := peers.known(key)) is not None)
        return Halted(tuple(names)) if names else FAILED

    def _let_go(self, group: GroupId) -> None:
        """Answer every submitted command with a failure, and let the barriers of the group go."""
        engine = self.engine
        stream = engine.submits.queues.get(group)
        for pending in list(stream.pending) if stream is not None else ():
            engine.complete(group, pending.number, self.failure(group), None)
        engine.barriers.let_go(group)

    def stop_unread(self, group: GroupId, sender: Incarnation) -> None:
        """Stop the group as after a mistake: the build of another node writes entries that this build cannot read."""
        if group not in self.groups:
            self._stop(group)
            self.engine.note("group_broken", group, where="read", peer=sender.key)
            self.say(sender.key, group)

    def say(self, key: str, group: GroupId) -> None:
        if self.engine.level >= 1:
            self.engine.send(key, Stopped(group))

    def refuse(self, sender: Incarnation, message: Message, group: GroupId) -> None:
        """Answer a message about a group that has stopped here, if the sender waits for an answer."""
        if isinstance(message, Question):
            self.engine.answer(sender, Reply(message.id, raw(None)))
        elif isinstance(message, Stopped):
            self.on_stopped(sender, message)
        elif isinstance(message, ANSWERED):
            self.say(sender.key, group)

    def asked(self, sender: Incarnation, group: GroupId) -> bool:
        """Tell whether the group has stopped here; if so, tell the asker. The copy here counts as unheard (P36)."""
        if group not in self.groups:
            return False
        self.say(sender.key, group)
        return True

    # A group has stopped elsewhere -----------------------------------------------------------------------------------

    def on_stopped(self, sender: Incarnation, message: Stopped) -> None:
        """Do without the sender, on which the group has stopped. Where the sender was the master, another owner serves
        the group, if an owner can."""
        engine, group = self.engine, message.group
        engine.peers.stopped(group, sender)
        engine.recoveries.stopped(group, sender.key)
        m, f = engine.replicas.masters.get(group), engine.replicas.followers.get(group)
        if m is not None:
            engine.masters.do_without(m, sender)
            return
        if f is not None and f.master == sender.key:
            f.tries, f.asked_at = 0, 0.0
            engine.followers.resync(f)
        engine.resend(group)
        engine.barriers.retry(group)
        engine.rpc.redirected(group)
        engine.history.redirected(group)

    # What could not be judged ----------------------------------------------------------------------------------------

    def judged(self, copy: Copy, entry: Entry) -> Entry:
        """Return the entry of a command whose judging met a mistake: nothing changes, and the origin hears so.

        Builds of level 0 cannot read the outcome `UNJUDGED`: with such a node around the kind has its own words.
        """
        problem, copy.bug = copy.bug, None
        if problem is not None:
            self.engine.note_bug("decide", problem, copy.group)
        if self.engine.level < 1:
            entry.outcome = self.engine.kinds[copy.group.kind].unjudged
        return entry

    def maintenance(self, m: Master, gone: Callable[[Incarnation], bool]) -> Sequence[Any]:
        """Return the commands that the master gives itself now, or none where the state meets a mistake. The state is
        asked every second, so the mistake is noted once."""
        copy = m.copy
        try:
            return copy.state.maintenance(self.engine.now_ms, gone)
        except Exception as problem:
            if copy.group not in self._without_upkeep:
                self._without_upkeep.add(copy.group)
                self.engine.note_bug("upkeep", problem, copy.group)
            return ()
