"""Takes a session up from a dead node, or from a node where no client is attached: the user is here from now on.

Everybody asking for the session meanwhile waits until the user is back in all channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.edge.ports import EdgePort
from gateway.edge.session_ports import TakeoverPort, Then
from gateway.edge.sessions.carry_over import give
from gateway.edge.sessions.detach import detached
from gateway.edge.users import nick_ownership
from gateway.edge.users.user import User
from gateway.edge.views.seats import rejoin
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import HasLeft, Outdated, Update
from gateway.state.nick.messages import Change, Claim, Granted
from gateway.state.session.messages import NotOwner, Stored, Take, Taken
from gateway.state.session.session import Session
from ring.ids import GroupId, Incarnation

AGAIN_S = 5.0
"""Seconds until channels that did not let the user in are tried again."""

_replace = msgspec.structs.replace


def nobody(session: User | Incarnation | None) -> None:
    """Do nothing: nobody waits for the session, for the session is taken up to stay."""


def _nothing_else(user: User, account: str, done: Callable[[], None]) -> None:
    done()


class Takeover(TakeoverPort):
    """Holds the sessions on their way to this node, by folded account name."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self._waiting: dict[str, list[Then]] = {}
        self._looked = -1  # `Engine.changes` at the last look for orphans
        self._returning: dict[str, dict[str, str]] = {}  # channels to which the user is on the way back

    def is_under_way(self, account: str) -> bool:
        return account in self._waiting

    def wait(self, account: str, then: Then) -> None:
        """then(the user, once back; or the session's node, if elsewhere after all; or None)."""
        self._waiting[account].append(then)

    def awaited(self, account: str) -> int:
        """Return how many callers wait for the session."""
        return sum(then is not nobody for then in self._waiting.get(account, ()))

    def returning(self, account: str) -> dict[str, str]:
        """Return the channels to which the user is on the way back: folded channel -> shown name."""
        return self._returning.get(account, {})

    def forget(self, account: str) -> None:
        """Forget the session: the session is no longer here."""
        self._returning.pop(account, None)

    def take_up(self, account: str, stored: Stored, then: Then, *, attached: int = 0) -> None:
        """Take up a session of a dead node, or a session without clients. attached: clients waiting to attach."""
        waiting = self._waiting.setdefault(account, [])
        waiting.append(then)
        assert stored.person is not None
        if len(waiting) == 1:
            me, was = self.edge.network.me, stored.person
            # The version goes by the clock, to be newer than any version in the channels (P28): the nick's group may
            # know nothing of the user any more, and this replica of the session may be older than the channels.
            version = max(was.version + 1, int(self.edge.now * 1000))
            person = _replace(was, node=me.key, incarnation=me.number, version=version)
            command = Take(person, stored.person.edge, attached)
            group = self.edge.sessions.group(account)
            self.edge.network.submit(group, command, lambda outcome: self._taken(account, person, stored, outcome))

    def _taken(self, account: str, person: Any, known: Stored, outcome: Any) -> None:
        """known: the session in the state of the session's group at the look-up."""
        if not isinstance(outcome, Taken):
            self._found(account, outcome.owner if isinstance(outcome, NotOwner) else None)
            return
        # A group may have been started empty meanwhile, on a side of a partition without a replica of the group. Such a
        # group knows nothing of the session, and learns the user's channels from here.
        session = outcome.session if outcome.session.person is not None else known
        if known.person is not None:
            self.edge.sessions.arrivals.moved_from(account, known.person.edge)
        home = self.edge.nick(person.nick)
        self.edge.network.submit(
            home, Claim(person, moves=True), lambda granted: self._claimed(account, person, session, granted)
        )

    def _claimed(self, account: str, person: Any, session: Stored, outcome: Any) -> None:
        edge, rooms = self.edge, session.rooms
        granted = isinstance(outcome, Granted)
        user = User(outcome.person if granted else person, edge.nick(person.nick), None, edge.now)
        user.session.left_at = session.left / 1000 or edge.now
        user.session.lasts, user.session.auto_away, user.session.detached = (
            session.lasts,
            session.auto_away,
            detached(session),
        )
        give(edge, user, session.kept)
        edge.enter(user)
        self._returning[account] = rooms
        edge.network.note("session_taken_up", None, account=account, uid=user.uid, channels=len(rooms))
        self._go_back(account, user, rooms, self.edge.sessions.adopt, lambda found: self._found(account, found))
        if not granted:
            nick_ownership.check_user(edge, user)

    def _go_back(
        self,
        account: str,
        user: User,
        rooms: dict[str, str],
        also: Callable[[User, str, Callable[[], None]], None] = _nothing_else,
        then: Then = nobody,
    ) -> None:
        """Bring the user back to the channels. also: further work before the user counts as returned. then: as in
        `wait`; given only when the session is taken up, for a user that left this node may be on the way back as
        another User."""
        if user.quitting:
            return
        awaited = 1 + len(rooms)
        version = 0  # the newest of the seats that stay on another node

        def done(outcome: Any = None) -> None:
            nonlocal awaited, version
            awaited -= 1
            version = max(version, outcome.version if isinstance(outcome, Outdated) else 0)
            if not awaited and version:
                change = Change(_replace(user.identity.pending, version=version))
                self.edge.network.submit(user.identity.home, change, raised)
            elif not awaited:
                settle()

        def raised(outcome: Any) -> None:
            if isinstance(outcome, Granted) and not user.quitting:
                self._go_back(account, user, rooms, then=then)
            else:  # the user is not the nick's holder yet: the channels are tried again later
                settle()

        def settle() -> None:
            self.edge.network.settle(list(user.unsettled), ask)

        def ask() -> None:
            if user.quitting:  # the user went on elsewhere: nothing may be said in the user's name
                then(None)
                return
            self.edge.sessions.ask_whether_here(user, len(user.connections) + self.awaited(account), returned)

        def returned(outcome: Any) -> None:
            if isinstance(outcome, NotOwner):  # the return took long, or this node stood still
                then(outcome.owner)
            else:
                then(user)
                self._has_returned(account, user, rooms)

        also(user, account, done)
        for folded, name in rooms.items():
            self._return(user, GroupId("channel", folded), name, done)

    def _has_returned(self, account: str, user: User, rooms: dict[str, str]) -> None:
        """End the return. Channels still without the user, as after two takeovers at once, are tried again."""
        if self.edge.sessions.users.get(account) is not user or user.quitting:
            return
        awaited = self._returning.pop(account, {})
        lacking = {
            folded: name for folded, name in awaited.items() if GroupId("channel", folded) not in user.seats.rooms
        }
        if lacking:
            self._returning[account] = lacking
        again = {folded: name for folded, name in rooms.items() if folded in lacking}
        if again:
            self.edge.later(AGAIN_S, lambda: self._go_back(account, user, again))

    def come_back(self, user: User, group: GroupId, name: str) -> None:
        """Bring the user back to a channel no longer followed here: in the channel's state the user may be on another
        node, as on another side of a partition."""
        self._returning[user.session.account] = {**self.returning(user.session.account), group.name: name}
        self._go_back(user.session.account, user, {group.name: name})

    def _return(self, user: User, group: GroupId, name: str, done: Callable[[Any], None]) -> None:
        """Tell the channel that the user is here. A channel that took the user for gone lets the user in again."""

        def updated(outcome: Any) -> None:
            state = self.edge.network.state(group)
            is_back = isinstance(state, Channel) and user.uid in state.members
            if user.quitting or is_back or isinstance(outcome, Outdated):
                returned(outcome)
            else:
                rejoin(self.edge, group, name, user, returned)

        def returned(outcome: Any) -> None:
            if isinstance(outcome, HasLeft):
                self.returning(user.session.account).pop(group.name, None)
                user.seats.forget_unseen(group)
                self.edge.sessions.moved(user)
            user.seats.end_joining(group)
            done(outcome)

        user.unsettled[group] = None
        user.seats.begin_joining(group)
        self.edge.network.submit(group, Update(user.person, moves=True), updated)

    def _found(self, account: str, session: User | Incarnation | None) -> None:
        for then in self._waiting.pop(account, ()):
            then(None if isinstance(session, User) and session.quitting else session)

    def orphans(self) -> None:
        """Take up lasting sessions of dead nodes, on the master of the session's group.

        If the session's user is here, the user stays, or first lets the session go. A merge under way may still find
        that the session is here. Where nothing has changed since a look that found no orphan, there is none.
        """
        network, sessions = self.edge.network, self.edge.sessions
        lately_s = network.settings.grace_s + network.settings.dead_after_s
        if self._looked == network.changes and not network.lost_lately(lately_s):
            return
        changes, found = network.changes, bool(self._waiting)
        for group, state, _ in network.mastered("session"):
            assert isinstance(state, Session)
            account, owner = group.name, state.owner
            if owner is None or self.is_under_way(account):
                continue
            if account in sessions.users:
                if sessions.is_over(owner):
                    found = True
                    sessions.check(account)
            elif state.stored.lasts and (owner == network.me or sessions.is_over(owner)):
                found = True
                self.take_up(account, state.stored, nobody)
        self._looked = -1 if found else changes
