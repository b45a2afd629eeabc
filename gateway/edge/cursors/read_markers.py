"""Keeps read markers: one marker per account and channel or nick, told to all clients of the account.

Without an account, the markers belong to the connection, and go with the connection.

Source: IRCv3 read-marker (draft).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.edge.client.lines import Line
from gateway.irc.times import server_time
from gateway.state.session.messages import Marked
from gateway.state.session.session import Session
from ring.nothing import own

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

CAPABILITY = "draft/read-marker"


MOST = 1_000
"""A connection keeps so many markers; the earliest goes."""


def marker(edge: EdgePort, connection: Connection, folded: str) -> int:
    """Return the marker in Unix ms; 0 if there is none."""
    user = connection.user
    if user is None or not user.session.account:
        return connection.delivery.markers.get(folded, 0)
    state = edge.network.state(edge.sessions.group(user.session.account))
    return state.stored.markers.get(folded, 0) if isinstance(state, Session) else 0


def mark(edge: EdgePort, connection: Connection, folded: str, at: int) -> int:
    """Set and return a marker of a client without an account. A marker only grows, and is no later than now."""
    markers = connection.delivery.markers = own(connection.delivery.markers)
    known = markers.pop(folded, 0)
    at = markers[folded] = max(known, min(at, int(edge.now * 1000)))
    if len(markers) > MOST:
        del markers[min(markers, key=lambda name: markers[name])]
    return at


def line(edge: EdgePort, target: str, at: int) -> Line:
    return Line(edge.settings.network.server_name, "MARKREAD", (target, f"timestamp={server_time(at)}" if at else "*"))


def send_marker(edge: EdgePort, connection: Connection, channel: str, send: Callable[[Line], None]) -> None:
    """Send the marker of a channel shown to a connection."""
    if CAPABILITY in connection.caps:
        send(line(edge, channel, marker(edge, connection, edge.channel(channel).name)))


def applied(edge: EdgePort, user: User, event: Marked, call: Call | None) -> None:
    """Show a moved marker to the user's clients. The caller is left out: the caller has an answer already."""
    own = call.connection if call is not None else None
    for connection in user.connections:
        if CAPABILITY in connection.caps and connection is not own:
            connection.show(line(edge, event.target, event.at))
