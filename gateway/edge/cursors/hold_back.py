"""What was said where people here did not hear it is shown to the clients of sessions from history (P25, P38).

Another side of a partition, or a copy that takes the place of one that fell behind, brings lines that a device may have
read elsewhere, and may lack others that it has not. So from here on they are played to it, from where it is now.
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
"""The two sides of its session are one again, too, by then, and it is known what its devices have read on the other."""

SOON_S: Final = 0.1


def withhold(edge: EdgePort, group: GroupId, *, parted: bool) -> None:
    """What is said in the group from here on waits until it is played. parted: another side of a partition said it."""
    room = (edge.conversations.rooms if group.kind == "conversation" else edge.rooms).get(group)
    if room is None:
        return
    for user in [user for user in room.users.values() if user.session]:
        for connection in [c for c in user.connections if c in room.connections and group not in c.delivery.behind]:
            connection.delivery.behind[group] = edge.engine.applied_to(group)
            room.withheld[connection] = None
            edge.later(MERGED_S if parted else SOON_S, partial(_play, edge, connection, user, group))


def _play(edge: EdgePort, connection: Connection, user: User, group: GroupId) -> None:
    """Unless it is played by whoever brought it here anew."""
    if connection.user is user and group in connection.delivery.behind and group not in connection.delivery.playbacks:
        place = edge.sessions.cursors.come(user, connection, group)
        Playback(edge, connection, user, group, place, events=False).go_on()
