"""Takes a session up from a dead node, or from a node where no client is attached: the user is here from now on.

Everybody asking for the session meanwhile waits until the user is back in all channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Do, Procedure, Settle, Sleep, Submit, Together, run
from gateway.edge.session_ports import TakeoverPort, Then
from gateway.edge.sessions.carry_over import give
from gateway.edge.sessions.detach import detached
from gateway.edge.users import hosts, nick_ownership
from gateway.edge.users.entering import enter
from gateway.edge.users.user import User
from gateway.edge.views.seats import rejoin
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import HasLeft, Outdated, Update
from gateway.state.nick.messages import Change, Claim, Granted
from gateway.state.people import Person
from gateway.state.session.messages import NotOwner, Stored, Take, Taken
from gateway.state.session.session import Session
from ring.ids import GroupId, Incarnation

AGAIN_S = 5.0
"""Seconds until channels that did not let the user in are tried again."""

_replace = msgspec.structs.replace


def nobody(session: User | Incarnation | None) -> None:
    """Do nothing: nobody waits for the session, for the session is taken up to stay."""


def _adopt(edge: EdgePort, user: User, account: str) -> Procedure[None]:
    yield Do(lambda done: edge.sessions.adopt(user, account, lambda: done(None)))


def _check_nick(edge: EdgePort, user: User) -> Procedure[None]:
    nick_ownership.check_user(edge, user)
    yield from ()


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

    def clients(self, user: User) -> int:
        """Return how many clients are attached to the user's session, or wait until the user is back to attach.

        A node that takes the session up tells the session's group of both: without any client, the session would be
        free to be taken up by another node meanwhile.
        """
        waiting = self._waiting.get(user.session.account, ())
        return len(user.connections) + sum(then is not nobody for then in waiting)

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
        if len(waiting) == 1:
            run(self.edge, self._take_up(account, stored, attached))

    def _take_up(self, account: str, known: Stored, attached: int) -> Procedure[None]:
        """Claim the session, then the nick, then the seats in the channels, and answer everybody who waits.

        known: the session in the state of the session's group at the look-up.
        """
        edge, was = self.edge, known.person
        assert was is not None
        # The version goes by the clock, to be newer than any version in the channels (P28): the nick's group may know
        # nothing of the user any more, and this replica of the session may be older than the channels.
        version, me = max(was.version + 1, int(edge.now * 1000)), edge.network.me
        person = hosts.cloak(edge, _replace(was, node=me.key, incarnation=me.number, version=version))
        outcome = yield Submit(edge.sessions.group(account), Take(person, was.edge, attached))
        if not isinstance(outcome, Taken):
            self._found(account, outcome.owner if isinstance(outcome, NotOwner) else None)
            return
        # A group may have been started empty meanwhile, on a side of a partition without a replica of the group. Such a
        # group knows nothing of the session, and learns the user's channels from here.
        session = outcome.session if outcome.session.person is not None else known
        edge.sessions.arrivals.moved_from(account, was.edge)
        granted = yield Submit(edge.nick(person.nick), Claim(person, moves=True))
        user = self._enter(account, granted.person if isinstance(granted, Granted) else person, session)
        user.identity.want(hosts.kept(user.person, person))
        first = [_adopt(edge, user, account), *([] if isinstance(granted, Granted) else [_check_nick(edge, user)])]
        yield from self._go_back(account, user, session.rooms, first)

    def _enter(self, account: str, person: Person, session: Stored) -> User:
        """Let the session's user in on this node, without any channel yet."""
        edge = self.edge
        user = User(person, edge.nick(person.nick), None, edge.now)
        user.session.left_at = session.left / 1000 or edge.now
        user.session.lasts, user.session.auto_away = session.lasts, session.auto_away
        user.session.detached = detached(session)
        give(edge, user, session.kept)
        enter(edge, user)
        self._returning[account] = session.rooms
        edge.network.note("session_taken_up", None, account=account, uid=user.uid, channels=len(session.rooms))
        return user

    def _go_back(
        self, account: str, user: User, rooms: dict[str, str], first: Sequence[Procedure[None]] | None = None
    ) -> Procedure[None]:
        """Bring the user back to the channels. first: steps of a session that is just taken up, beside the return. The
        callers waiting for the session are answered only then, for a user that left this node may be on the way back
        as another User."""
        edge = self.edge
        found: User | Incarnation | None = None
        if user.quitting:
            return
        returns = [self._return(user, GroupId("channel", folded), name) for folded, name in rooms.items()]
        outcomes = yield Together([*(first or ()), *returns])
        while version := max((one.version for one in outcomes if isinstance(one, Outdated)), default=0):
            raised = yield Submit(user.identity.home, Change(_replace(user.identity.pending, version=version)))
            if not isinstance(raised, Granted) or user.quitting:
                break  # the user is not the nick's holder yet: the channels are tried again later
            returns = [self._return(user, GroupId("channel", folded), name) for folded, name in rooms.items()]
            outcomes = yield Together(returns)
        yield Settle(list(user.unsettled))
        if not user.quitting:  # else the user went on elsewhere: nothing may be said in the user's name
            attached = self.clients(user)
            outcome = yield Do(lambda done: edge.sessions.ask_whether_here(user, attached, done))
            # another node is the session's, if the return took long, or this node stood still
            found = outcome.owner if isinstance(outcome, NotOwner) else user
        if first is not None:
            self._found(account, found)
        if found is user:
            self._has_returned(account, user, rooms)

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
            run(self.edge, self._go_again(account, user, again))

    def _go_again(self, account: str, user: User, rooms: dict[str, str]) -> Procedure[None]:
        yield Sleep(AGAIN_S)
        yield from self._go_back(account, user, rooms)

    def come_back(self, user: User, group: GroupId, name: str) -> None:
        """Bring the user back to a channel no longer followed here: in the channel's state the user may be on another
        node, as on another side of a partition."""
        self._returning[user.session.account] = {**self.returning(user.session.account), group.name: name}
        run(self.edge, self._go_back(user.session.account, user, {group.name: name}))

    def _return(self, user: User, group: GroupId, name: str) -> Procedure[Any]:
        """Tell the channel that the user is here. A channel that took the user for gone lets the user in again."""
        edge = self.edge
        user.unsettled[group] = None
        user.seats.begin_joining(group)
        outcome = yield Submit(group, Update(user.person, moves=True))
        state = edge.network.state(group)
        is_back = isinstance(state, Channel) and user.uid in state.members
        if not user.quitting and not is_back and not isinstance(outcome, Outdated):
            outcome = yield Do(lambda done: rejoin(edge, group, name, user, done))
        if isinstance(outcome, HasLeft):
            self.returning(user.session.account).pop(group.name, None)
            user.seats.forget_unseen(group)
            edge.sessions.moved(user)
        user.seats.end_joining(group)
        return outcome

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
