"""Holds back a group's lines after a gap, and plays missed lines from history to clients of sessions (P25, P38).

Lines come from another side of a partition, or from a replica which replaces a replica that fell behind. A device may
have read some of these lines elsewhere, and may lack others. So from here on lines are played to the device, from the
device's present cursor.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.edge.cursors.playback import Playback
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

MERGED_S: Final = 2.0
"""After this time the two sides of the session are merged too, with the cursors known on both sides."""

SOON_S: Final = 0.1


def withhold(edge: EdgePort, group: GroupId, *, parted: bool) -> None:
    """Hold back the group's further lines until playback. parted: another side of a partition has said the lines."""
    room = (edge.conversations.rooms if group.kind == "conversation" else edge.rooms).get(group)
    if room is None:
        return
    for user in [user for user in room.users.values() if user.session.account]:
        for connection in [c for c in user.connections if c in room.connections and group not in c.delivery.awaiting]:
            connection.delivery.await_from(group, edge.network.applied_to(group))
            room.held_back[connection] = None
            edge.later(MERGED_S if parted else SOON_S, partial(_play, edge, connection, user, group))


def _play(edge: EdgePort, connection: Connection, user: User, group: GroupId) -> None:
    """Play the missed lines, unless a reattach has begun a playback or has brought the connection up to date."""
    if connection.user is user and group in connection.delivery.awaiting and group not in connection.delivery.playbacks:
        cursor = edge.sessions.cursors.cursor_of(user, connection, group)
        Playback(edge, connection, user, group, cursor, events=False).go_on()
