"""Show groups to the people on this node: the only place where an entry or a whole replica is shown.

Masters and followers alike take an entry in two steps. `advance` changes the replica; then the master publishes, or the
follower looks who holds the group; then `show` tells the application what the entry changed for the people here.

Members of a group *sit* on a node where the replica's state names the node among its subscribers. Invariants:

- the application hears `replaced(old=None)` of a group before anything else of the group, and `dropped` last;
- an entry is shown at most once, and only where members sit before or after the entry;
- this edge's command is completed after the command's event is shown (P11).

After a partition the replicas of two sides become one. While the replica here lacks what people here know of their
side, the entries of the replica are unseen: people go on to see the replica known to them, until `reveal` shows how the
two replicas differ. Master and follower each say which replica people know (`Master.unmerged`, `Follower.fork`). Either
side may bring what people were shown before: `Shown` keeps these messages by key, and each message is passed over once
(P25).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from ring.ids import GroupId
from ring.replication.lineage import fork_point
from ring.replication.log import message_key
from ring.replication.port import Port
from ring.replication.replica import Replica
from ring.replication.shared import knows_since, trimmed
from ring.replication.state_machine import State
from ring.wire.log import Entry


class Change(NamedTuple):
    """Say how an entry changed a replica. moved: the nodes with members may be others now. sat, sits: whether members
    sat here before the entry, and sit here after the entry. before: the state before a merge that people here see."""

    moved: bool
    sat: bool
    sits: bool
    before: State | None


_HERE = Change(moved=False, sat=True, sits=True, before=None)
_NOT_HERE = Change(moved=False, sat=False, sits=False, before=None)
"""Nearly all entries move nobody."""


class Shown:
    """Name the messages of a group that people here were shown, and that the replica here lacks, if there is a replica.

    until: Unix seconds; infinite while the replica here is to bring the messages.
    """

    __slots__ = ("messages", "until")

    def __init__(self) -> None:
        self.messages: dict[Hashable, None] = {}
        self.until = float("inf")


class People:
    """Show groups to the people here."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._shown: dict[GroupId, Shown] = {}

    # Entries --------------------------------------------------------------------------------------------------------

    def advance(self, replica: Replica, entry: Entry, *, unseen: bool = False) -> Change:
        """Apply the entry to the replica. unseen: people here see another replica. Raises GroupBroken."""
        if unseen:
            return Change(replica.advance(entry), sat=False, sits=False, before=None)
        me = self._port.me
        sat = me in replica.state.subscribers
        if sat and entry.original_id is not None:
            self._port.app.interrupted(replica.group, parted=True)
        before = replica.state_before(entry) if sat and entry.side is not None else None
        moved = replica.advance(entry)
        if not moved and before is None:
            return _HERE if sat else _NOT_HERE
        return Change(moved, sat, me in replica.state.subscribers if moved else sat, before)

    def show(self, replica: Replica, entry: Entry, change: Change) -> None:
        """Tell the application what the entry changed, and complete this edge's own command. Raises GroupBroken."""
        port, group = self._port, replica.group
        if change.before is not None:
            port.app.replaced(group, change.before, replica.state, [], entry.side.lost if entry.side is not None else 0)
        if change.sits and not change.sat:  # the first member here: the application has not seen this group before
            port.app.replaced(group, None, replica.state, [], 0)
            if entry.side is not None:  # members that the other side of a partition has brought
                port.app.replaced(group, replica.state, replica.state, [], 0)
        mine = entry.origin == port.me and entry.original_id is None
        if entry.event is not None and entry.side is None and (change.sat or change.sits):
            self._show_event(replica, entry, mine=mine)
        if mine:
            port.complete(group, entry.number, entry.outcome, replica.event_id_of(entry))

    def _show_event(self, replica: Replica, entry: Entry, *, mine: bool) -> None:
        if self._shown and self.was_shown(replica.group, entry):
            return
        token = self._port.submits.token(replica.group, entry.number) if mine else None
        self._port.app.applied(replica.group, replica.state, entry.event, replica.event_id_of(entry), token)

    # Whole replicas ---------------------------------------------------------------------------------------------------

    def arrive(self, replica: Replica, tail: Sequence[Entry]) -> None:
        """Show a group that the application has not seen before.

        tail: the last entries of the replica that came along. This edge's own commands are shown, and messages after
        the first of these commands; the rest is part of the state.
        """
        app, group = self._port.app, replica.group
        app.replaced(group, None, replica.state, [], 0)
        arrived = False
        for entry in tail:
            mine = entry.origin == self._port.me and entry.original_id is None
            if entry.event is not None and (mine or (arrived and replica.state.is_message(entry.event))):
                self._show_event(replica, entry, mine=mine)
            if mine:
                self._port.complete(group, entry.number, entry.outcome, replica.event_id_of(entry))
            arrived = arrived or mine
        app.replaced(group, replica.state, replica.state, [], 0)  # members that no command of this node has brought

    def leave(self, replica: Replica) -> None:
        """Tell the application that no member sits here any more, and remember the messages for a while: another side
        of a partition may tell the messages once more."""
        messages = {
            message_key(e): None for e in replica.log if e.event is not None and replica.state.is_message(e.event)
        }
        if messages or replica.group in self._shown:
            shown = self._shown.setdefault(replica.group, Shown())
            shown.messages.update(messages)
            settings = self._port.settings
            shown.until = self._port.now + settings.log_keep_s
        self._port.app.dropped(replica.group)

    def interrupt(self, known: Replica, *, parted: bool) -> None:
        """Prepare people here for entries of the time without this node: people still see the known replica. parted:
        the entries are of the other side of a partition."""
        if self._port.me in known.state.subscribers:
            self._port.app.interrupted(known.group, parted=parted)

    def go_on(self, known: Replica, replica: Replica, tail: Sequence[Entry]) -> None:
        """Show people here how the replica differs from the known replica, whose log it continues.

        tail: the entries of the replica after the known replica, as far as these came along. The application is told
        how many are missing.
        """
        first = tail[0].seq if tail else replica.seq + 1
        lost = max(0, first - known.seq - 1) + sum(e.side.lost for e in tail if e.side is not None)
        new = [e for e in tail if e.event is not None and e.side is None]
        missed = [(e.event, replica.event_id_of(e)) for e in new if not self.was_shown(replica.group, e)]
        self._port.app.replaced(replica.group, known.state, replica.state, missed, lost)

    def reveal(self, known: Replica, replica: Replica) -> bool:
        """Show people here how the replica differs from the replica that people knew until now. The two logs had
        parted.

        Returns whether all members here have gone: the caller ends the group here (`leave`).
        """
        app, me = self._port.app, self._port.me
        sat, sits = me in known.state.subscribers, me in replica.state.subscribers
        since = fork_point(known.lineage, known.seq, replica.lineage, replica.seq)
        tail = [e for e in replica.log if e.seq > since]
        if sat:
            knows = knows_since(known, since)
            new = [e for e in tail if e.event is not None and not knows(e)]
            missed = [(e.event, replica.event_id_of(e)) for e in new if not self.was_shown(replica.group, e)]
            self.remember(known, replica, since)
            app.replaced(replica.group, known.state, replica.state, missed, trimmed(replica, since))
        elif sits:
            self.arrive(replica, tail)
        return sat and not sits

    # What people know -----------------------------------------------------------------------------------------------

    def remember(self, old: Replica, replica: Replica, since: int) -> None:
        """Remember the messages of the old replica, known to people here, that the new replica lacks after `since`."""
        has = knows_since(replica, since)
        lacking = {message_key(e): None for e in old.log if e.seq > since and e.event is not None and not has(e)}
        if lacking:
            self._shown.setdefault(replica.group, Shown()).messages.update(lacking)

    def was_shown(self, group: GroupId, entry: Entry) -> bool:
        """Tell whether people here were shown the entry's message before, and forget the message: each comes once."""
        shown = self._shown.get(group)
        if shown is None or message_key(entry) not in shown.messages:
            return False
        del shown.messages[message_key(entry)]
        return True

    def tick(self) -> None:
        now = self._port.now
        for group in [group for group, shown in self._shown.items() if now > shown.until or not shown.messages]:
            del self._shown[group]
