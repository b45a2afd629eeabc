"""Keeps the sessions of accounts: users here stay when connections go, and go on elsewhere (P9, P31).

The account's session group says on which node the user is. When a node dies, its users stay members of their channels
for grace_s. A node that takes a session up before then moves the user, and nobody sees the user leave or come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge.accounts.login import if_dropped
from gateway.edge.client.draft import ABSENT
from gateway.edge.cursors.arrivals import Arrivals
from gateway.edge.cursors.cursors import Cursors
from gateway.edge.cursors.history import visible
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Ask, Do, Procedure, Submit, run
from gateway.edge.session_ports import SessionsPort, Then
from gateway.edge.sessions.attach import arrive as show_arrival
from gateway.edge.sessions.attach import read_on
from gateway.edge.sessions.heard import join_lists
from gateway.edge.sessions.reports import Reports
from gateway.edge.sessions.superseded import withdraw
from gateway.edge.sessions.takeover import Takeover
from gateway.edge.sessions.whole import once_whole
from gateway.edge.settings import lasts
from gateway.edge.users import hosts
from gateway.edge.users.departure import forget
from gateway.edge.users.monitor import rest, unwatch
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.account.messages import Info, InfoView, SetMetadata
from gateway.state.channel.channel import Channel
from gateway.state.nick.messages import Change
from gateway.state.session.messages import End, Look, NotOwner, Stored, Take, Taken
from gateway.state.session.session import Session
from ring.ids import GroupId, Incarnation

if TYPE_CHECKING:
    from gateway.edge.client.call import Call

EVERY_S = 1.0
"""Seconds between reports of cursors, and between searches for sessions of dead nodes."""

AGAIN_S = 5.0
"""Seconds until an account's settings are asked for again, where nobody answered."""

AWAY = "Not attached"
DROPPED = "Account dropped"

CHECK_S = 60.0
"""Seconds between looks at the account of a user without clients: the news of a dropped account may be lost."""

_replace = msgspec.structs.replace


class Sessions(SessionsPort):
    """Holds the sessions on this node, by folded account name."""

    cursors: Cursors
    arrivals: Arrivals
    takeover: Takeover

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self.users: dict[str, User] = {}
        self.leaving = False  # the node is leaving: a user staying here would stay for nobody
        self.cursors = Cursors(edge)
        self.arrivals = Arrivals(edge)
        self.takeover = Takeover(edge)
        self.reports = Reports(edge)
        self._beginning: dict[str, list[Callable[[], None]]] = {}  # by uid, callbacks of users about to become sessions
        self._gone: dict[str, float] = {}  # uids of sessions that went on elsewhere -> when
        self._at = 0.0

    def group(self, account: str) -> GroupId:
        return GroupId("session", account)

    # Begin ----------------------------------------------------------------------------------------------------------

    def find(self, account: str, then: Then) -> None:
        """Find the account's session; then(the user, brought here if possible; or the session's node; or None)."""
        user = self.users.get(account)
        if self.takeover.is_under_way(account):
            self.ready(account, then)
        elif user is not None:
            self._confirm(account, user, then)
        else:
            once_whole(self.edge, self.group(account), lambda: self.look(account, partial(self._looked, account, then)))

    def _confirm(self, account: str, user: User, then: Then) -> None:
        """Ask the group whether the session is still here: the session may have gone while this node stood still."""

        def confirmed(outcome: Any) -> None:
            if account in self.users or self.takeover.is_under_way(account):
                self.ready(account, then)
            elif isinstance(outcome, NotOwner) and outcome.owner != self.edge.network.me:
                then(outcome.owner)
            else:  # the session left during the question: the group knows the new node
                self.find(account, then)

        self.ask_whether_here(user, len(user.connections) + 1, confirmed)

    def confirm(self, user: User, here: Callable[[], None]) -> None:
        """Let the user go if the session's group agrees with the nick's group that the user is elsewhere; else here().

        After a partition the two groups may have kept one node of each side: the session's group decides.
        """

        def confirmed(outcome: Any) -> None:
            if isinstance(outcome, Taken) and self.users.get(user.session.account) is user and not user.quitting:
                here()

        self.ask_whether_here(user, self.takeover.clients(user), confirmed)

    def ask_whether_here(self, user: User, attached: int, then: Callable[[Any], None]) -> None:
        account = user.session.account

        def answered(outcome: Any) -> None:
            if isinstance(outcome, NotOwner) and self.users.get(account) is user:
                self._leave(user)
            elif isinstance(outcome, Taken) and outcome.session.person is None:
                self.reports.forget(account)  # the group was started empty
            then(outcome)

        self.edge.network.submit(self.group(account), Take(user.person, self.edge.network.me, attached), answered)

    def look(self, account: str, then: Callable[[Stored | None], None]) -> None:
        """Ask the session's group for the session; then(None): nobody answers."""
        self.edge.network.ask(self.group(account), Look(), then)

    def ready(self, account: str, then: Then) -> None:
        """Wait until the session's user is back in all channels; then(the user here, as in `find`)."""
        if self.takeover.is_under_way(account):
            self.takeover.wait(account, then)
        else:
            then(self.users.get(account))

    def _looked(self, account: str, then: Then, stored: Stored | None) -> None:
        if account in self.users or self.takeover.is_under_way(account):
            self.ready(account, then)
        elif stored is None or stored.person is None:
            then(None)
        elif self._is_free(stored):
            self.takeover.take_up(account, stored, then, attached=1)
        else:
            then(stored.person.edge)

    def _is_free(self, stored: Stored) -> bool:
        """Return whether no client is attached to the session on the session's node."""
        assert stored.person is not None
        owner = stored.person.edge
        return not stored.attached or owner == self.edge.network.me or self.is_over(owner)

    def is_over(self, owner: Incarnation) -> bool:
        """Return whether this life of a node has ended, or is about to."""
        network = self.edge.network
        record = network.roster.get(owner.key)
        leaving = record is not None and record.leaving
        return owner != self.edge.network.me and (leaving or not network.is_current(owner))

    def begin(self, user: User, account: str, then: Callable[[bool], None] = lambda other: None) -> None:
        """Make a logged-in user the account's session if there is none; then(whether another user is the session)."""
        if account in self.users or user.quitting or not self.edge.settings.sessions.enabled:
            then(account in self.users)
            return
        self._beginning.setdefault(user.uid, [])
        run(self.edge, self._begin(user, account), then)

    def _begin(self, user: User, account: str) -> Procedure[bool]:
        group = self.group(account)
        yield Do(lambda done: once_whole(self.edge, group, lambda: done(None)))
        outcome = yield Submit(group, Take(user.person, None, 1))
        other = account in self.users
        if not isinstance(outcome, Taken) or other:
            other = other or isinstance(outcome, NotOwner)
        elif user.quitting or self.edge.settings.casemap(user.identity.pending.account or "") != account:
            self.edge.network.submit(group, End(user.uid, self.edge.network.me))
        else:
            yield Do(lambda done: self.adopt(user, account, lambda: done(None)))
        for waiting in self._beginning.pop(user.uid, ()):
            waiting()
        return other

    def once_begun(self, user: User, then: Callable[[], None]) -> None:
        """Run then() as soon as this node knows whether the user is a session, and of what kind."""
        waiting = self._beginning.get(user.uid)
        if waiting is None:
            then()
        else:
            waiting.append(then)

    def is_unsure(self, user: User) -> bool:
        """Return whether the settings of the user's account are not known yet."""
        return user.uid in self._beginning or (bool(user.session.account) and not user.session.life)

    def once_known(self, user: User, then: Callable[[], None]) -> None:
        """Run then() as soon as the settings of the user's account are known, or nobody answers."""
        run(self.edge, self._get_to_know(user), lambda _: then())

    def _get_to_know(self, user: User) -> Procedure[None]:
        yield Do(lambda done: self.once_begun(user, lambda: done(None)))
        if self.is_unsure(user):
            view: InfoView | None = yield Ask(GroupId("account", user.session.account), Info())
            if view is not None and user.session.account and not user.quitting:
                self.know(user, view)

    def adopt(self, user: User, account: str, then: Callable[[], None] = lambda: None) -> None:
        user.session.account = account
        self.users[account] = user
        self.arrivals.note(user)
        self.reports.report(account, user)
        self.look_up(user, then)

    def look_up(self, user: User, then: Callable[[], None] = lambda: None) -> None:
        """Ask for the account's settings, in case of changes. then(): the settings are known, or nobody answers."""
        account, user.session.looked_at = user.session.account, self.edge.now

        def known(view: InfoView | None) -> None:
            if view is not None and user.session.account == account and not user.quitting:
                self.know(user, view)
            elif view is None:
                self.edge.later(AGAIN_S, lambda: self._look_again(user, account))
            then()

        self.edge.network.ask(GroupId("account", account), Info(), known)

    def know(self, user: User, view: InfoView) -> None:
        """Act on the account's state and settings."""
        if user.session.life and user.session.life != view.life and not user.connections:
            if_dropped(self.edge, user.session.account, user.session.life, lambda: self.expel(user.session.life))
            return
        settings, chosen = self.edge.settings.sessions, view.settings
        user.session.lasts = bool(view.name) and lasts(settings, chosen.always_on)
        is_away = settings.auto_away if chosen.auto_away is None else chosen.auto_away
        user.session.absence = (chosen.away_text or AWAY) if is_away else None
        user.session.playback = chosen.playback
        is_new, user.session.life = user.session.life != view.life, view.life
        if is_new and (view.metadata or user.identity.pending.metadata):
            self._join_metadata(user, view)
        if is_new:
            join_lists(self.edge, user, view)
        hosts.know(self.edge, user, view.vhost.active)
        self.edge.conversations.know(user, view)
        self.reports.report(user.session.account, user)

    def _join_metadata(self, user: User, view: InfoView) -> None:
        """Give a new session the account's keys, and the account the keys that the user has said since."""
        said = dict(user.identity.pending.metadata)
        self.describe(user, {**view.metadata, **said})
        for key, value in said.items():
            if view.metadata.get(key) != value:
                order = SetMetadata(view.life, key, value, self.edge.settings.metadata.keys_max)
                self.edge.network.submit(GroupId("account", user.session.account), order)

    def describe(self, user: User, metadata: Mapping[str, str]) -> None:
        """Change the user's keys and values. Source: IRCv3 metadata."""
        keys = tuple(sorted(metadata.items()))
        if keys != user.identity.pending.metadata:
            user.identity.change(metadata=keys)
            user.unsettled[user.identity.home] = None
            self.edge.network.submit(user.identity.home, Change(user.identity.pending))

    def expel(self, life: str) -> None:
        """Let users without clients depart if here only for this registration, which has ended."""
        for user in list(self.users.values()):
            if user.session.life == life and not user.connections:
                self.edge.depart(user, DROPPED)

    def _look_again(self, user: User, account: str) -> None:
        if user.session.account == account and not user.quitting:
            self.look_up(user)

    def release(self, user: User) -> None:
        """Make the user an ordinary user: the user has logged out."""
        self.ended(user)
        self.edge.conversations.leave(user)
        user.session.account, user.session.lasts, user.session.life = "", False, ""

    def arrive(self, user: User, room: Room) -> None:
        """Put the user back in the channel, and show attached clients the missed lines. Clients that never saw the user
        leave are shown no JOIN."""
        inside = user.seats.unseen.get(room.group, {})
        for connection in user.connections:
            connection.delivery.await_playback(room.group)
        room.add(user)
        channel = visible(self.edge, user, room.group)
        if channel is not None and room.group not in user.session.detached:
            for connection in user.connections:
                if connection in inside and self.cursors.cursor_of(user, connection, room.group) is not None:
                    read_on(self.edge, connection, user, room.group)
                else:
                    show_arrival(self.edge, connection, user, room.group, channel)

    def is_returning(self, user: User, group: GroupId) -> bool:
        return group.name in self.takeover.returning(user.session.account)

    # Stay and go ----------------------------------------------------------------------------------------------------

    def stays(self, user: User, *, quits: bool) -> bool:
        """Keep the user after the last connection; False: the user departs. quits: by the person's own will."""
        if not user.session.account or (quits and not user.session.lasts):
            return False
        if self.leaving:
            self.let_go(user)
            return True
        user.session.left_at = self.edge.now
        rest(user)
        self.mind_absence(user)
        self.reports.report(user.session.account, user)
        return True

    def mind_absence(self, user: User) -> None:
        """Set the user away while no client is attached or about to be, unless the person has set AWAY. Clients that
        came without a person, with AWAY *, do not count (IRCv3 pre-away)."""
        absent = sum(connection.draft.away == ABSENT for connection in user.connections)
        alone = self.takeover.clients(user) <= absent
        if alone and user.session.lasts and user.session.absence is not None and user.identity.pending.away is None:
            self._set_away(user, user.session.absence)
        elif not alone and (user.session.auto_away or user.identity.pending.away == ABSENT):
            self._set_away(user, None)

    def leave(self, user: User, text: str | None) -> None:
        """Set the user away, as a client said before registration."""
        self._set_away(user, text)
        user.session.auto_away = False

    def _set_away(self, user: User, text: str | None) -> None:
        user.session.auto_away = text is not None
        user.identity.change(away=text)
        user.unsettled[user.identity.home] = None
        self.edge.network.submit(user.identity.home, Change(user.identity.pending))

    def attached(self, user: User) -> None:
        user.session.left_at = 0.0
        self.mind_absence(user)
        if user.session.account:
            self.reports.report(user.session.account, user)

    def ended(self, user: User) -> None:
        """End the session: the user leaves the network."""
        if self.users.get(user.session.account) is user:
            self.reports.report_cursors(user)
            self._forget(user.session.account)
            self.edge.network.submit(self.group(user.session.account), End(user.uid, self.edge.network.me))

    def check(self, account: str) -> None:
        """Let the user go if the session is no longer here: the group has changed."""
        user, state = self.users.get(account), self.edge.network.state(self.group(account))
        if user is None or user.quitting:
            return
        if not isinstance(state, Session) or state.owner != self.edge.network.me:
            self._leave(user)

    def _leave(self, user: User) -> None:
        """Let the user and the connections follow the session to another node."""
        self.edge.forwarding.tell_last(user)
        connections = {connection: self.cursors.now(user, connection) for connection in user.connections}
        withdraw(self.edge, user)
        self.let_go(user)
        for connection, cursors in connections.items():
            user.drop(connection)
            connection.user = None
            self.edge.forwarding.follow(connection, cursors)

    def let_go(self, user: User) -> None:
        """Remove the user without notice to anybody: the user goes on elsewhere."""
        edge = self.edge
        if self.users.get(user.session.account) is user:
            self.reports.report_cursors(user)
            self._forget(user.session.account)
        user.quitting = True
        self._gone[user.uid] = edge.now
        for room in list(user.seats.all.values()):
            room.discard(user.uid)
        for group in list(user.monitoring.nicks):
            unwatch(edge, user, group)
        forget(edge, user)

    def _forget(self, account: str) -> None:
        del self.users[account]
        for part in (self.arrivals, self.reports, self.takeover):
            part.forget(account)

    def has_gone(self, uid: str) -> bool:
        """Return whether the user went on elsewhere a while ago: the channels may not know yet."""
        return uid in self._gone

    # Now and then ---------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        if now < self._at:
            return
        self._at = now + EVERY_S
        self.arrivals.tick(now)
        self._gone = {uid: at for uid, at in self._gone.items() if now - at < self.edge.network.settings.grace_s}
        for account, user in list(self.users.items()):
            if user.session.left_at and self._is_late(user, now):
                self.edge.depart(user, "Connection closed")
            else:
                if user.session.left_at and now - user.session.looked_at > CHECK_S:
                    self.look_up(user)
                self.mind_absence(user)  # perhaps taken up from a dead node, and no client has come back
                self.reports.report(account, user)
        if not self.leaving:
            self.takeover.orphans()

    def _is_late(self, user: User, now: float) -> bool:
        settings = self.edge.settings.sessions
        stays_s = settings.expire_days * 86_400 if user.session.lasts else self.edge.network.settings.grace_s
        return now - user.session.left_at > stays_s

    def moved(self, user: User, call: Call | None = None) -> None:
        """Report changes of the user at once: this node may die as soon as the client has read of a change."""
        if user.session.account and not user.quitting:
            group = self.group(user.session.account)
            user.unsettled[group] = None
            self.reports.report(user.session.account, user)
            if call is not None and call.connection.remote.stream is not None:
                call.after_all([group], lambda: None)  # only then the client's line is settled (P9)

    def shown(self, group: GroupId) -> str:
        state = self.edge.network.state(group)
        return state.name if isinstance(state, Channel) else group.name
