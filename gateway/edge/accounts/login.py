"""Log users in and out. The account is part of a user's profile, and the user's own group numbers each change (P28).

Before registration there is no user, and the connection alone has the login.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.edge.accounts import nick_protection
from gateway.edge.accounts.channel_news import look_at_channels
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.suspending import end_sessions, words
from gateway.edge.accounts.verify import sources_of
from gateway.edge.client.lines import Line
from gateway.edge.procedures import run
from gateway.edge.session_ports import ignore
from gateway.edge.users import hosts
from gateway.edge.users.profile import change_profile
from gateway.irc import numerics as n
from gateway.state.account.messages import Denied, Info, InfoView, LoggedIn
from gateway.state.nick.messages import Change
from gateway.state.people import Refusal
from ring.replication.application import FAILED

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

CHECK_S = 60.0


def other(connection: Connection, life: str) -> Login | None:
    """Return the login to another account, if any. The client has to log out first, as a session has one account."""
    return connection.login if connection.login is not None and connection.login.life != life else None


def login(call: Call, proven: Login, done: Callable[[bool], None]) -> None:
    """Log in the caller with all connections of the caller's user; send 900, then call done(True).

    done(False): the network did not take the change in time, or the caller has logged in to another account meanwhile.
    """
    edge, connection, user = call.edge, call.connection, call.connection.user
    if other(connection, proven.life) is not None:
        done(False)
        return
    were = _give(user, [connection], lambda one: _as(one, proven, connection))

    def changed(outcome: Any) -> None:
        if outcome is FAILED or isinstance(outcome, Refusal):
            for one, was in were.items():
                one.proof.login = was
            _want(edge, user, were[connection])
            done(False)
            return
        edge.network.submit(edge.account(proven.name), LoggedIn(proven.life, sources_of(edge, connection)))
        if user is not None:
            edge.sessions.begin(user, edge.settings.casemap(proven.name))
        for one in [one for one, was in were.items() if was is None]:
            if user is not None:
                (call.send if one is connection else one.show)(_mode(edge, one, "+r"))
            if one is not connection:
                _say_in(edge, one, one.show, proven.name)
            watch(edge, one)
        _say_in(edge, connection, call.send, proven.name)
        done(True)  # at once, so that nothing stands between 900 and 903

    if user is None:
        changed(None)
    else:
        vhost = connection.proof.vhost
        wanted = hosts.as_account(edge, user.identity.pending, proven.name, proven.life, vhost)
        change_profile(call, wanted, changed)


def _as(one: Connection, proven: Login, caller: Connection) -> Login:
    """Return the new login of a connection. A connection with a login keeps this login, and so the device."""
    if one.login is not None:
        return one.login
    return proven if one is caller else proven._replace(device="")


def logout(call: Call, done: Callable[[], None]) -> None:
    """Send 901, even to a caller without a login. All connections of the caller's user are logged out together."""
    edge, connection, user = call.edge, call.connection, call.connection.user
    were = _give(user, [connection], lambda one: None)

    def changed(outcome: Any) -> None:
        for one, was in were.items():
            _say_out(edge, one, call.send if one is connection else one.show, was)
        done()
        _logged_out(edge, user)

    if user is None:
        changed(None)
    else:
        change_profile(call, hosts.as_account(edge, user.identity.pending, None, "", ""), changed)


def watch(edge: EdgePort, connection: Connection) -> None:
    """Check the login now and then: a drop may have missed this node, a merge may have kept another registration."""
    proven = connection.login

    def look() -> None:
        if connection.closed is None and proven is not None and connection.login == proven:
            edge.later(CHECK_S, look)
            if connection.remote.forwarder is None:  # else the session's node asks
                edge.network.ask(edge.account(proven.name), Info(), lambda view: known(proven, view))

    def known(proven: Login, view: InfoView | None) -> None:
        if view is not None and view.life == proven.life and view.suspension is not None:
            end_sessions(edge, proven.life, words(view.name, view.suspension))
            return
        if view is not None and view.life != proven.life:
            if_dropped(edge, proven.name, proven.life, lambda: expel_all(edge, proven.life))
            return
        if view is not None and connection.user is not None:
            hosts.keep_life(edge, connection.user, proven.name, proven.life)
            if connection.user.session.account:
                edge.sessions.know(connection.user, view)
            else:
                hosts.know(edge, connection.user, view.vhost.active)

    edge.later(CHECK_S, look)
    if connection.login is not None:
        run(edge, look_at_channels(edge, connection.login, partial(_notice, edge, connection)), ignore)


def _notice(edge: EdgePort, connection: Connection, text: str) -> bool:
    """Send a notice. Returns whether the connection is still there."""
    connection.show(Line(edge.settings.network.server_name, "NOTICE", (_nick(connection), text)))
    return connection.closed is None


def if_dropped(edge: EdgePort, name: str, life: str, then: Callable[[], object]) -> None:
    """Call `then` if this registration of the account is gone. The view may come from an old replica (P37). So a login
    is submitted to the account's group: the newest replica carries out the command, or no replica does."""

    def answered(outcome: Any) -> None:
        if isinstance(outcome, Denied):
            then()

    edge.network.submit(edge.account(name), LoggedIn(life), answered)


def expel_all(edge: EdgePort, life: str) -> int:
    """Log out all users of a registration which is gone, and end the sessions of the registration on this node.

    Returns how many connections were logged in.
    """
    found: dict[User | None, list[Connection]] = {}
    for connection in edge.clients.connections.values():
        mine = connection.login is not None and connection.login.life == life and connection.closed is None
        if mine and connection.remote.forwarder is None:
            found.setdefault(connection.user, []).append(connection)
    for user, connections in found.items():
        _expel(edge, user, connections)
    edge.sessions.expel(life)
    return sum(map(len, found.values()))


def _expel(edge: EdgePort, user: User | None, connections: list[Connection]) -> None:
    were = _give(user, connections, lambda one: None)

    def changed(outcome: Any) -> None:
        for connection, was in were.items():
            _say_out(edge, connection, connection.show, was)
        _logged_out(edge, user)

    if user is None:
        changed(None)
    else:
        _want(edge, user, None)
        user.unsettled[user.identity.home] = None
        edge.network.submit(user.identity.home, Change(user.identity.pending), changed)


def _give(
    user: User | None, connections: Iterable[Connection], login: Callable[[Connection], Login | None]
) -> dict[Connection, Login | None]:
    """Set the login of every connection: a user logs in with all connections or none. Returns the former logins."""
    were = {connection: connection.login for connection in (user.connections if user is not None else connections)}
    for connection in were:
        connection.proof.login = login(connection)
    return were


def _logged_out(edge: EdgePort, user: User | None) -> None:
    if user is not None:
        edge.sessions.release(user)
        nick_protection.watch(edge, user)


def _want(edge: EdgePort, user: User | None, proven: Login | None) -> None:
    if user is not None:
        pending = user.identity.pending
        name, life, vhost = (proven.name, proven.life, pending.vhost) if proven is not None else (None, "", "")
        user.identity.want(hosts.as_account(edge, pending, name, life, vhost))


def _say_in(edge: EdgePort, connection: Connection, send: Callable[[Line], None], name: str) -> None:
    params = (_nick(connection), connection.source, name, f"You are now logged in as {name}")
    send(Line(edge.settings.network.server_name, n.RPL_LOGGEDIN, params))


def _say_out(edge: EdgePort, connection: Connection, send: Callable[[Line], None], was: Login | None) -> None:
    params = (_nick(connection), connection.source, n.TEXT[n.RPL_LOGGEDOUT])
    send(Line(edge.settings.network.server_name, n.RPL_LOGGEDOUT, params))
    if connection.user is not None and was is not None:
        send(_mode(edge, connection, "-r"))


def _nick(connection: Connection) -> str:
    return connection.user.person.nick if connection.user is not None else "*"


def _mode(edge: EdgePort, connection: Connection, change: str) -> Line:
    """Source: Modern IRC Client Protocol, "Registered User Mode"."""
    assert connection.user is not None
    return Line(edge.settings.network.server_name, "MODE", (connection.user.person.nick, change))
