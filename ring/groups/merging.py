"""Two masters of one group, as after a partition: the one of the higher term takes in what the other's log has (P22).

The lower one stops serving and offers its copy. What was said there since the logs parted is appended under its own
name and time and shown to those who lack it (P25); the states become one by the kind's `merge` (P26). Then the lower
one follows. Doing it twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring.groups.copy import Copy, restore
from ring.groups.lineage import fork_point
from ring.groups.mastered import Mastered
from ring.ids import GroupId, Incarnation
from ring.wire import Command, Entry, Offer, Side, Stream, Taken, reencode

if TYPE_CHECKING:
    from ring.groups.engine import Engine

REPEAT_S = 0.4
GIVE_UP_S = 4.0
"""Neither taken nor refused for that long: find out anew who serves."""


class Yielding:
    """This master has met a higher term: it does not serve while its copy is on offer."""

    __slots__ = ("repeat_at", "since", "to")

    def __init__(self, to: str, now: float) -> None:
        self.to = to  # ring key
        self.since = now
        self.repeat_at = now


class Merging:
    """Both sides: groups on offer from here, and those that others offer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._taking: dict[GroupId, dict[str, int]] = {}  # who offered -> the position that ends what it brought

    # The lower term -------------------------------------------------------------------------------------------------

    def yield_to(self, m: Mastered, key: str) -> None:
        """Somebody serves the group under a higher term."""
        engine, group = self.engine, m.copy.group
        if m.is_handed:
            engine.leading.step_down(m)  # it is not ours any more, and we knew
            return
        if m.yielding is not None:
            m.yielding.to = key
            return
        engine.handing.stop(group)
        m.handoff = None
        m.copy.pending.clear()  # nobody was told of it, and its edges send it again
        m.ahead.clear()
        m.yielding = Yielding(key, engine.now)
        engine.note("yielding", group, to=key, term=m.copy.term.number, seq=m.copy.seq)
        self._offer(m, m.yielding)
        engine.hint(group, key)
        engine.resend(group)

    def _offer(self, m: Mastered, yielding: Yielding) -> None:
        yielding.repeat_at = self.engine.now + REPEAT_S
        self.engine.send(yielding.to, Offer(m.copy.group, m.copy.snapshot()))

    def on_taken(self, sender: Incarnation, message: Taken) -> None:
        m = self.engine.leading.groups.get(message.group)
        if m is not None and m.yielding is not None and message.term > m.copy.term:
            self.engine.leading.step_down(m)
            self.engine.hint(message.group, sender.key)
            self.engine.resend(message.group)

    def redirect(self, group: GroupId, master: str) -> None:
        """Who was offered the group says who has it."""
        m = self.engine.leading.groups.get(group)
        if m is not None and m.yielding is not None and master != self.engine.me.key:
            m.yielding.to = master
            self._offer(m, m.yielding)

    def tick(self) -> None:
        engine = self.engine
        for m in [m for m in engine.leading.groups.values() if m.yielding is not None]:
            yielding = m.yielding
            assert yielding is not None
            if not engine.peers.is_alive(yielding.to) or engine.now - yielding.since > GIVE_UP_S:
                engine.leading.resign(m)
            elif engine.now >= yielding.repeat_at:
                self._offer(m, yielding)

    # The higher term ------------------------------------------------------------------------------------------------

    def on_offer(self, sender: Incarnation, message: Offer) -> None:
        engine, group = self.engine, message.group
        m = engine.leading.groups.get(group)
        if m is None:
            engine.finding.park(group, sender, message)
            return
        if m.yielding is not None or m.is_handed:
            engine.bounce(sender.key, group, engine.target(group))
            return
        if m.handoff is not None:
            if m.handoff.placed:
                return  # the one who gets the group is asked next
            engine.handing.give_up(m)  # handed on with what is offered, a moment later
        theirs = restore(group, engine.kinds[group.kind], message.snapshot)
        if theirs.term > m.copy.term:
            self.yield_to(m, sender.key)
            return
        self.take_in(m, theirs)
        self._taking.setdefault(group, {})[sender.key] = m.copy.head
        self.committed(m)

    def take_in(self, m: Mastered, theirs: Copy) -> None:
        """Append what their log has since the logs parted, and make one state of the two."""
        engine, copy = self.engine, m.copy
        fork = fork_point(copy.lineage, copy.seq, theirs.lineage, theirs.seq)
        if fork == theirs.seq:
            return
        words = _words(copy, theirs, fork)
        first = theirs.log[0].seq if theirs.log else theirs.seq + 1
        side = Side(reencode(theirs.state.snapshot()), theirs.snapshot(theirs.seq).streams, max(0, first - fork - 1))
        if not words and self._is_known(copy, side):
            return
        for entry in words:
            stamp = theirs.stamp_of(entry)
            told = (stamp.msgid, stamp.at)
            engine.backing.append(m, Command(0, 0, entry.origin, entry.number, 0, entry.event, told=told))
        engine.backing.append(m, Command(0, 0, None, 0, 0, None, side=side))
        facts = {"words": len(words), "lost": side.lost, "fork": fork}
        engine.note("merge", copy.group, term=copy.term.number, seq=copy.head, their_term=theirs.term.number, **facts)

    def _is_known(self, copy: Copy, side: Side) -> bool:
        """Whether that state and those counters are part of this copy, or will be."""
        if any(command.side is not None and command.side.state == side.state for command in copy.pending):
            return True
        if any(_last(copy, stream) < stream.last for stream in side.streams):
            return False
        return copy.state.merge(copy.kind.restore(copy.group.name, side.state), self.engine.now_ms) is None

    def committed(self, m: Mastered) -> None:
        """More of the group is committed: tell those whose part is in."""
        taking = self._taking.get(m.copy.group)
        if taking is None:
            return
        for key in [key for key, seq in taking.items() if seq <= m.copy.seq]:
            del taking[key]
            self.engine.send(key, Taken(m.copy.group, m.copy.term))
        if not taking:
            del self._taking[m.copy.group]

    def forget(self, group: GroupId) -> None:
        """This node does not master it any more; who offered asks again."""
        self._taking.pop(group, None)


def _words(copy: Copy, theirs: Copy, fork: int) -> list[Entry]:
    """What was said there, and not here, since the logs parted."""
    knows = copy.knows(fork)
    later = [entry for entry in theirs.log if entry.seq > fork and entry.event is not None]
    return [entry for entry in later if copy.state.is_word(entry.event) and not knows(entry)]


def _last(copy: Copy, stream: Stream) -> int:
    accepted = copy.streams.get(stream.origin)
    return accepted.last if accepted is not None else 0
