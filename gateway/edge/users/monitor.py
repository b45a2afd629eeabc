"""MONITOR: the nicks which a user watches, and the news which the user's clients were sent. Source: IRCv3 monitor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.edge.client.lines import Line
from gateway.edge.ports import EdgePort, MonitorPort
from gateway.irc import numerics as n
from gateway.irc.names import is_service
from gateway.state.nick.nick import watched
from gateway.state.people import Person
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User


GIVE_UP_S = 4.0
"""Longest wait for the answer of a nick's master; after this time the nick counts as offline."""


class MonitoredNicks(MonitorPort):
    """The holders of monitored nicks, as the masters of the nicks' groups say."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._known: dict[GroupId, Person | None] = {}  # a profile with the facts of the nick's view
        self._waiting: dict[GroupId, list[Callable[[str], None]]] = {}

    def once_known(self, group: GroupId, done: Callable[[str], None]) -> None:
        """Call done(holder) as soon as the watch is in force: from then on, the master reports every change."""
        if group in self._known:
            done(self.now(group))
            return
        waiting = self._waiting.setdefault(group, [])
        waiting.append(done)

        def give_up() -> None:
            if done in waiting:
                waiting.remove(done)
                done("")

        self._edge.later(GIVE_UP_S, give_up)

    def now(self, group: GroupId) -> str:
        """nick!user@host of the holder; "" for nobody."""
        person = self._known.get(group)
        return person.source if person is not None else ""

    def learn(self, group: GroupId, person: Person | None) -> Person | None:
        """Note the holder of a watched nick. Returns the holder as known before."""
        before = self._known.get(group)
        if group in self._edge.monitors:
            self._known[group] = person
        waiting = self._waiting.pop(group, [])
        while waiting:
            waiting.pop(0)(person.source if person is not None else "")
        return before

    def forget(self, group: GroupId) -> None:
        """Forget a nick which nobody here watches any more."""
        self.learn(group, None)
        self._known.pop(group, None)


def watch(edge: EdgePort, user: User, nick: str) -> None:
    group = edge.nick(nick)
    user.monitoring.spell(group, nick)
    watchers = edge.monitors.setdefault(group, {})
    watchers[user.uid] = user
    if len(watchers) == 1:
        edge.network.watch(group)


def unwatch(edge: EdgePort, user: User, group: GroupId) -> None:
    if not user.monitoring.forget(group):
        return
    watchers = edge.monitors[group]
    del watchers[user.uid]
    if not watchers:
        del edge.monitors[group]
        edge.network.unwatch(group)
        edge.monitored_nicks.forget(group)


def line(edge: EdgePort, user: User, nick: str, source: str) -> Line:
    """Make the line 730 or 731. source: nick!user@host of the nick's holder; "" for nobody."""
    numeric = n.RPL_MONONLINE if source else n.RPL_MONOFFLINE
    return Line(edge.settings.network.server_name, numeric, (user.person.nick, source or nick))


def viewed(edge: EdgePort, group: GroupId, view: Any) -> tuple[Person, Person] | None:
    """Tell the watchers of a nick who has the nick now. view: as the nick's group lists the holder.

    Returns the holder before and now, if the same user holds the nick with another profile.
    """
    if view is None and _is_service(group):
        return None
    person = watched(view)
    if person is not None and edge.nick(person.nick) != group:
        person = None
    before = edge.monitored_nicks.learn(group, person)
    online = person.source if person is not None else ""
    for user in list(edge.monitors.get(group, {}).values()):
        known = user.monitoring.online.get(group)
        if known is not None:  # else the answer to the user's own command will tell
            user.monitoring.tell(group, online)
            if bool(known) != bool(online):
                user.send(line(edge, user, user.monitoring.nicks[group], online))
    if before is None or person is None or not person.uid or before.uid != person.uid or before == person:
        return None
    return before, person


def _is_service(group: GroupId) -> bool:
    """Whether the name belongs to a service: no user holds such a name, and a service neither comes nor goes."""
    return group.name.startswith("*") or is_service(group.name)


def told(user: User) -> dict[str, bool | None]:
    """Return the news which the user's clients were last told, for Kept.monitored: nick -> online, None if untold."""
    known = _known(user) if user.connections else user.monitoring.carried
    return {nick: known.get(group) for group, nick in user.monitoring.nicks.items()}


def rest(user: User) -> None:
    """Remember the news told so far: the last client has gone, and may go on at another node."""
    user.monitoring.carried = _known(user)


def _known(user: User) -> dict[GroupId, bool | None]:
    return {group: bool(online) for group, online in user.monitoring.online.items()}


def carry(edge: EdgePort, user: User, monitored: Mapping[str, bool | None]) -> None:
    """Take over the watches of a user from another node. monitored: the news which the clients were told there."""
    for nick, online in monitored.items():
        group = edge.nick(nick)
        watch(edge, user, nick)
        user.monitoring.carry(group, online)
        if online is None:
            _ask(edge, user, group)
        else:
            user.monitoring.told(group, nick if online else "")


def _ask(edge: EdgePort, user: User, group: GroupId) -> None:
    def answered(online: str) -> None:
        if group in user.monitoring.nicks and group not in user.monitoring.online and not _is_service(group):
            user.monitoring.tell(group, online)
            user.send(line(edge, user, user.monitoring.nicks[group], online))

    edge.monitored_nicks.once_known(group, answered)


def go_on(edge: EdgePort, connection: Connection, user: User) -> None:
    """Tell a client which goes on here of the changes since the last news."""
    for group, before in user.monitoring.carried.items():
        online = user.monitoring.online.get(group)
        if online is not None and group in user.monitoring.nicks and before != bool(online):
            connection.show(line(edge, user, user.monitoring.nicks[group], online))
