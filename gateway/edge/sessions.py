"""The sessions of accounts on this edge: users who stay when their connections go, and go on elsewhere (P9, P31).

The account's session group says on which node its user is. A node that dies leaves the user a member of its channels
for grace_s: whoever takes the session up before that moves it, and nobody sees it leave or come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge import homes
from gateway.edge.attaching import arrive as show_arrival
from gateway.edge.channels import rejoin
from gateway.edge.detaching import detached
from gateway.edge.history import visible
from gateway.edge.login import if_dropped
from gateway.edge.places import Places
from gateway.edge.user import Room, User
from gateway.groups.account_messages import Info, InfoView
from gateway.groups.channel import Channel
from gateway.groups.channel_messages import Update
from gateway.groups.nick_messages import Change, Claim, Granted
from gateway.groups.session import Session
from gateway.groups.session_messages import Elsewhere, End, ForgetDevice, Look, Reached, Report, Stored, Take, Taken
from ring.groups.host import FAILED
from ring.ids import GroupId, Incarnation
from ring.wire import Place

if TYPE_CHECKING:
    from gateway.edge.connection import Connection
    from gateway.edge.edge import Edge

EVERY_S = 1.0
"""How often places are reported, and sessions of dead nodes looked for."""

AGAIN_S = 5.0
"""What an account has chosen is asked for again, where nobody answered."""

AWAY = "Not attached"
DROPPED = "Account dropped"

CHECK_S = 60.0
"""How often the account of who is not attached is asked for: a drop may not have come through."""

Then = Callable[[User | Incarnation | None], None]
_replace = msgspec.structs.replace


def nobody(session: User | Incarnation | None) -> None:
    """Nobody waits for the session: it is taken up to stay."""


class Sessions:
    """By folded account name."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.users: dict[str, User] = {}
        self.leaving = False  # the node is: what stays here would stay for nobody
        self.telling = 0  # of so many sessions that have gone their group is just told how far their devices have come
        self._places = Places(edge)
        self._taking: dict[str, list[Then]] = {}
        self._returning: dict[str, dict[str, str]] = {}  # channels that the user is on its way back to
        self._reported: dict[str, tuple[Any, ...]] = {}
        self._gone: dict[str, float] = {}  # uids of sessions that went on elsewhere -> when
        self._at = 0.0

    def group(self, account: str) -> GroupId:
        return GroupId("session", account)

    # Begin ----------------------------------------------------------------------------------------------------------

    def find(self, account: str, then: Then) -> None:
        """The account's session: its user, brought here if it may be; or the node that it is on; or None."""
        user = self.users.get(account)
        if account in self._taking:
            self.ready(account, then)
        elif user is not None:
            self._confirm(account, user, then)
        else:
            self.edge.engine.ask(self.group(account), Look(), lambda stored: self._looked(account, stored, then))

    def _confirm(self, account: str, user: User, then: Then) -> None:
        """It is here, for all that this node knows; but if it stood still, the session may have gone."""

        def confirmed(outcome: Any) -> None:
            if isinstance(outcome, Elsewhere) and account not in self._taking:
                then(outcome.host)
            else:
                self.ready(account, then)

        self._ask_whether_here(user, len(user.connections) + 1, confirmed)

    def confirm(self, user: User) -> None:
        """Its nick's group says that it is on another node: if its session's says so as well, it has left."""
        self._ask_whether_here(user, len(user.connections), lambda _: None)

    def _ask_whether_here(self, user: User, attached: int, then: Callable[[Any], None]) -> None:
        account, me = user.session, self.edge.engine.me

        def answered(outcome: Any) -> None:
            if isinstance(outcome, Elsewhere) and self.users.get(account) is user:
                self._leave(user)
            elif isinstance(outcome, Taken) and outcome.session.person is None:
                self._reported.pop(account, None)  # its group was started empty: it has to be told all
            then(outcome)

        self.edge.engine.submit(self.group(account), Take(user.person, me, attached), answered)

    def look(self, account: str, then: Callable[[Stored | None], None]) -> None:
        """then(the account's session as its group has it; None: nobody answers)."""
        self.edge.engine.ask(self.group(account), Look(), then)

    def ready(self, account: str, then: Then) -> None:
        """The session's user here, once it is in all its channels."""
        if account in self._taking:
            self._taking[account].append(then)
        else:
            then(self.users.get(account))

    def _looked(self, account: str, stored: Stored | None, then: Then) -> None:
        if account in self.users or account in self._taking:
            self.ready(account, then)
        elif stored is None or stored.person is None:
            then(None)
        elif self._is_free(stored):
            self.take_up(account, stored, then, attached=1)
        else:
            then(stored.person.edge)

    def _is_free(self, stored: Stored) -> bool:
        """Whether nobody is attached to it where it is."""
        assert stored.person is not None
        host = stored.person.edge
        return not stored.attached or host == self.edge.engine.me or self._is_over(host)

    def _is_over(self, host: Incarnation) -> bool:
        """Whether that life of a node has ended, or is about to."""
        peers = self.edge.engine.peers
        record = peers.roster.get(host.key)
        leaving = record is not None and record.leaving
        return host != self.edge.engine.me and (leaving or not peers.is_current(host))

    def begin(self, user: User, account: str) -> None:
        """A user who is logged in becomes its account's session, unless that has one."""
        if account in self.users or user.quitting or not self.edge.settings.sessions.enabled:
            return

        def taken(outcome: Any) -> None:
            if not isinstance(outcome, Taken) or account in self.users:
                return
            if user.quitting or self.edge.settings.casemap(user.wanted.account or "") != account:
                self.edge.engine.submit(self.group(account), End(user.uid, self.edge.engine.me))
            else:
                self._adopt(user, account)

        self.edge.engine.submit(self.group(account), Take(user.person, None, 1), taken)

    def _adopt(self, user: User, account: str, then: Callable[[], None] = lambda: None) -> None:
        user.session = account
        self.users[account] = user
        self._report(account, user)
        self.look_up(user, then)

    def look_up(self, user: User, then: Callable[[], None] = lambda: None) -> None:
        """What the person has chosen for its session may have changed. then: once that is known, or nobody answers."""
        account, user.looked_at = user.session, self.edge.now

        def known(view: InfoView | None) -> None:
            if view is not None and user.session == account and not user.quitting:
                self.know(user, view)
            elif view is None:
                self.edge.later(AGAIN_S, lambda: self._look_again(user, account))
            then()

        self.edge.engine.ask(GroupId("account", account), Info(), known)

    def know(self, user: User, view: InfoView) -> None:
        """What its account is now, and has chosen."""
        if user.life and user.life != view.life and not user.connections:
            if_dropped(self.edge, user.session, user.life, lambda: self.expel(user.life))
            return
        settings, chosen = self.edge.settings.sessions, view.settings
        user.lasts = bool(view.name) and settings.lasts(chosen.always_on)
        is_away = settings.auto_away if chosen.auto_away is None else chosen.auto_away
        user.absence = (chosen.away_text or AWAY) if is_away else None
        user.playback = chosen.playback
        self.edge.talks.know(user, view)
        self._report(user.session, user)

    def expel(self, life: str) -> None:
        """This registration of an account is no more: who stays here for it alone goes."""
        for user in list(self.users.values()):
            if user.life == life and not user.connections:
                self.edge.depart(user, DROPPED)

    def _look_again(self, user: User, account: str) -> None:
        if user.session == account and not user.quitting:
            self.look_up(user)

    def release(self, user: User) -> None:
        """It is logged out: a user like others from now on."""
        self.ended(user)
        self.edge.talks.leave(user)
        user.session, user.lasts, user.life = "", False, ""

    # Take up --------------------------------------------------------------------------------------------------------

    def take_up(self, account: str, stored: Stored, then: Then, *, attached: int = 0) -> None:
        """Go on with a session whose node is dead, or that nobody is attached to. attached: who waits to be."""
        waiting = self._taking.setdefault(account, [])
        waiting.append(then)
        assert stored.person is not None
        if len(waiting) == 1:
            me, was = self.edge.engine.me, stored.person
            # Newer than what its channels know, though its nick's group should know nothing of it any more (P28).
            person = _replace(was, node=me.key, incarnation=me.number, version=was.version + 1)
            command = Take(person, stored.person.edge, attached)
            self.edge.engine.submit(self.group(account), command, lambda outcome: self._taken(account, person, outcome))

    def _taken(self, account: str, person: Any, outcome: Any) -> None:
        if not isinstance(outcome, Taken):
            self._found(account, outcome.host if isinstance(outcome, Elsewhere) else None)
            return
        session, home = outcome.session, self.edge.nick(person.nick)
        self.edge.engine.submit(
            home, Claim(person, moves=True), lambda granted: self._claimed(account, person, session, granted)
        )

    def _claimed(self, account: str, person: Any, session: Stored, outcome: Any) -> None:
        edge, rooms = self.edge, session.rooms
        granted = isinstance(outcome, Granted)
        user = User(outcome.person if granted else person, edge.nick(person.nick), None, edge.now)
        user.left_at = session.left / 1000 or edge.now
        user.lasts, user.auto_away, user.detached = session.lasts, session.auto_away, detached(session)
        edge.users[user.uid] = user
        edge.people.add(user.person)
        self._returning[account] = rooms
        edge.engine.note("session_taken_up", None, account=account, uid=user.uid, channels=len(rooms))
        self._go_back(account, user, rooms, self._adopt)
        if not granted:
            homes.check(edge, user.home)

    def _go_back(
        self, account: str, user: User, rooms: dict[str, str], also: Callable[[User, str, Callable[[], None]], None]
    ) -> None:
        """To its channels. also: what else is to be done before the user has returned."""
        if user.quitting:
            return
        awaited = 1 + len(rooms)

        def done(_: Any = None) -> None:
            nonlocal awaited
            awaited -= 1
            if not awaited:
                self.edge.engine.settle(list(user.unsettled), ask)

        def ask() -> None:
            if user.quitting:  # it went on elsewhere meanwhile: nothing may be said in its name
                self._found(account, None)
                return
            self._ask_whether_here(user, len(user.connections) + self._awaited(account), returned)

        def returned(outcome: Any) -> None:
            if isinstance(outcome, Elsewhere):  # it took long, or this node stood still
                self._found(account, outcome.host)
            else:
                self._has_returned(account, user, rooms)

        also(user, account, done)
        for folded, name in rooms.items():
            self._return(user, GroupId("channel", folded), name, done)

    def _has_returned(self, account: str, user: User, rooms: dict[str, str]) -> None:
        """To all that it could; where two nodes took the session up at about the same time, once more to others."""
        self._found(account, user)
        if self.users.get(account) is not user or user.quitting:
            return
        lacking = {folded: name for folded, name in rooms.items() if GroupId("channel", folded) not in user.rooms}
        self._returning[account] = lacking
        if lacking:
            self.edge.later(AGAIN_S, lambda: self._go_back(account, user, lacking, lambda user, account, done: done()))
        else:
            del self._returning[account]

    def _return(self, user: User, group: GroupId, name: str, done: Callable[[Any], None]) -> None:
        """The channel has the user here from now on; where it has let it go meanwhile, it is let in again."""

        def updated(outcome: Any) -> None:
            state = self.edge.engine.state(group)
            if user.quitting or (isinstance(state, Channel) and user.uid in state.members):
                returned(outcome)
            else:
                rejoin(self.edge, group, name, user.person, returned)

        def returned(outcome: Any) -> None:
            user.joining -= Counter([group])
            done(outcome)

        user.unsettled[group] = None
        user.joining[group] += 1
        self.edge.engine.submit(group, Update(user.person), updated)

    def arrive(self, user: User, room: Room) -> None:
        """The user is where it was to return to: whoever is attached already is shown what it has missed there."""
        for connection in user.connections:
            connection.behind[room.group] = None
        room.add(user)
        channel = visible(self.edge, user, room.group)
        if channel is not None and room.group not in user.detached:
            for connection in user.connections:
                show_arrival(self.edge, connection, user, room.group, channel)

    def is_returning(self, user: User, group: GroupId) -> bool:
        return group.name in self._returning.get(user.session, {})

    def _found(self, account: str, session: User | Incarnation | None) -> None:
        for then in self._taking.pop(account, ()):
            then(None if isinstance(session, User) and session.quitting else session)

    # Stay and go ----------------------------------------------------------------------------------------------------

    def stays(self, user: User, *, quits: bool) -> bool:
        """The last connection is closed. quits: by the person's own will."""
        if not user.session or (quits and not user.lasts):
            return False
        if self.leaving:
            self._drop(user)
            return True
        user.left_at = self.edge.now
        self._mind_absence(user)
        self._report(user.session, user)
        return True

    def _mind_absence(self, user: User) -> None:
        """Away while nothing is attached, or about to be, unless the person is away by its own word."""
        alone = not user.connections and not self._awaited(user.session)
        if alone and user.lasts and user.absence is not None and user.wanted.away is None:
            self._set_away(user, user.absence)
        elif not alone and user.auto_away:
            self._set_away(user, None)

    def _set_away(self, user: User, text: str | None) -> None:
        user.auto_away = text is not None
        user.wanted = _replace(user.wanted, away=text)
        user.unsettled[user.home] = None
        self.edge.engine.submit(user.home, Change(user.wanted))

    def _awaited(self, account: str) -> int:
        """How many wait for the session."""
        return sum(then is not nobody for then in self._taking.get(account, ()))

    def attached(self, user: User) -> None:
        user.left_at = 0.0
        self._mind_absence(user)
        if user.session:
            self._report(user.session, user)

    def ended(self, user: User) -> None:
        """The user leaves the network."""
        if self.users.get(user.session) is user:
            self._tell_places(user)
            self._forget(user.session)
            self.edge.engine.submit(self.group(user.session), End(user.uid, self.edge.engine.me))

    def check(self, account: str) -> None:
        """The group has changed: is the session still here?"""
        user, state = self.users.get(account), self.edge.engine.state(self.group(account))
        if user is None or user.quitting:
            return
        if not isinstance(state, Session) or state.host != self.edge.engine.me:
            self._leave(user)

    def _leave(self, user: User) -> None:
        """The session is on another node, and so will its connections be."""
        connections = {connection: self._places.now(user, connection) for connection in user.connections}
        self._drop(user)
        for connection, places in connections.items():
            user.connections.pop(connection, None)
            connection.user = None
            self.edge.tunnels.follow(connection, places)

    def _drop(self, user: User) -> None:
        """It goes on elsewhere, and nobody is to notice."""
        edge = self.edge
        if self.users.get(user.session) is user:
            self._tell_places(user)
            self._forget(user.session)
        user.quitting = True
        self._gone[user.uid] = edge.now
        for room in list(user.heard.values()):
            room.discard(user.uid)
        edge.users.pop(user.uid, None)
        edge.people.remove(user.uid)

    def _forget(self, account: str) -> None:
        del self.users[account]
        self._reported.pop(account, None)
        self._returning.pop(account, None)

    def has_gone(self, uid: str) -> bool:
        """Whether it went on elsewhere a while ago: its channels may not know yet."""
        return uid in self._gone

    def _tell_places(self, user: User) -> None:
        """The node that the session goes on to has to know how far its devices have come here."""
        account, places = user.session, self._places.changed(user)
        self.telling += 1

        def told(_: Any) -> None:
            self.telling -= 1
            if account not in self.users:
                self._places.forget(account)

        self.edge.engine.submit(self.group(account), Reached(places), told)

    # Now and then ---------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        if now < self._at:
            return
        self._at = now + EVERY_S
        self._gone = {uid: at for uid, at in self._gone.items() if now - at < self.edge.engine.settings.grace_s}
        for account, user in list(self.users.items()):
            if user.left_at and self._is_late(user, now):
                self.edge.depart(user, "Connection closed")
            else:
                if user.left_at and now - user.looked_at > CHECK_S:
                    self.look_up(user)
                self._mind_absence(user)  # it may have been taken up because its node died, and nobody come back
                self._report(account, user)
        if not self.leaving:
            self._take_up_orphans()

    def _is_late(self, user: User, now: float) -> bool:
        settings = self.edge.settings.sessions
        stays_s = settings.expire_days * 86_400 if user.lasts else self.edge.engine.settings.grace_s
        return now - user.left_at > stays_s

    def _take_up_orphans(self) -> None:
        """Sessions that last and whose node is gone are taken up where their group is mastered."""
        for group, state, _ in self.edge.engine.mastered("session"):
            assert isinstance(state, Session)
            host = state.host
            if state.stored.lasts and host is not None and group.name not in self._taking:
                here = host == self.edge.engine.me and group.name not in self.users
                if here or self._is_over(host):
                    self.take_up(group.name, state.stored, nobody)

    def moved(self, user: User) -> None:
        """It is in other channels than before: its node may die the moment it has read so."""
        if user.session and not user.quitting:
            user.unsettled[self.group(user.session)] = None
            self._report(user.session, user)

    def _report(self, account: str, user: User) -> None:
        """Tell the session's group what has changed."""
        if user.quitting:
            return
        rooms = self._returning.get(account, {}) | {group.name: self.shown(group) for group in user.rooms}
        places = self._places.changed(user)
        facts = (user.person, rooms, user.lasts, len(user.connections))
        if places or self._reported.get(account) != (*facts, user.auto_away):
            self._reported[account] = (*facts, user.auto_away)
            report = Report(user.uid, self.edge.engine.me, *facts, places, user.auto_away)
            self.edge.engine.submit(self.group(account), report)

    def shown(self, group: GroupId) -> str:
        state = self.edge.engine.state(group)
        return state.name if isinstance(state, Channel) else group.name

    # Places ---------------------------------------------------------------------------------------------------------

    def fresh_places(self, connection: Connection) -> dict[str, Place]:
        """How far the connection is now, where that has changed since it was last asked for."""
        return self._places.fresh(connection)

    def mark(self, user: User) -> None:
        """What the user's connections have been sent so far is remembered, though it is about to leave a group."""
        for connection in user.connections if user.session else ():
            self._places.keep(user, connection)

    def brought(self, user: User, connection: Connection, places: Mapping[str, Place]) -> None:
        """The connection comes with what it has been sent where the session was before."""
        if user.session:
            self._places.brought(user, connection.device, places)

    def reached(self, account: str, device: str, places: dict[str, Place]) -> None:
        """What a client here has been sent of a session that is elsewhere."""
        if places:
            self.edge.engine.submit(self.group(account), Reached({device: places}))

    def leaves(self, user: User, connection: Connection) -> None:
        """The connection is about to be closed: what its device has been sent so far is kept."""
        if user.session:
            self._places.left(user, connection)

    def seen(self, user: User, device: str) -> float:
        """When the device was attached last; 0 if it never was."""
        return self._places.seen(user, device)

    def knows(self, user: User, device: str) -> bool:
        """Whether the device has been attached before."""
        return self._places.knows(user, device)

    def forget_device(self, user: User, device: str, done: Callable[[bool], None]) -> None:
        """It begins anew when it is attached again. done(whether the session's group has taken that)."""

        def forgotten(outcome: Any) -> None:
            self._places.forget_device(user.session, device)
            done(outcome is not FAILED)

        self.edge.engine.submit(self.group(user.session), ForgetDevice(device), forgotten)

    def place(self, user: User, device: str, group: GroupId) -> Place | None:
        """Up to where the device has been sent the channel; None if it never was in it."""
        return self._places.of(user, device, group)
