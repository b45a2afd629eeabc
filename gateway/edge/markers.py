"""Up to where a person has read: one marker per channel or nick and account, told to all its clients.

Source: IRCv3 read-marker (draft).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.edge.lines import Line
from gateway.groups.session import Session
from gateway.groups.session_messages import Marked
from gateway.irc.times import server_time

if TYPE_CHECKING:
    from gateway.edge.call import Call
    from gateway.edge.edge import Edge
    from gateway.edge.user import User

CAPABILITY = "draft/read-marker"


def marker(edge: Edge, user: User, folded: str) -> int:
    """Unix ms; 0 where there is none."""
    state = edge.engine.state(edge.sessions.group(user.session)) if user.session else None
    return state.stored.markers.get(folded, 0) if isinstance(state, Session) else 0


def line(edge: Edge, target: str, at: int) -> Line:
    return Line(edge.settings.server_name, "MARKREAD", (target, f"timestamp={server_time(at)}" if at else "*"))


def send_marker(edge: Edge, user: User, channel: str, caps: frozenset[str], send: Callable[[Line], None]) -> None:
    """Of a channel that a connection of these capabilities is shown."""
    if CAPABILITY in caps:
        send(line(edge, channel, marker(edge, user, edge.channel(channel).name)))


def applied(edge: Edge, user: User, event: Marked, call: Call | None) -> None:
    """The caller has its answer."""
    own = call.connection if call is not None else None
    for connection in user.connections:
        if CAPABILITY in connection.caps and connection is not own:
            connection.show(line(edge, event.target, event.at))
