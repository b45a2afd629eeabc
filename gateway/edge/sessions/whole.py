"""Waits with the begin of a session while a partition heals.

A side of a partition without a replica of the session's group may have begun the group empty. As soon as the sides hear
each other, a login there is checked by the account's group, which the other side has; the session's group takes a
moment longer to become one. A session begun in that moment would end the session of the other side (P38).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

AGAIN_S = 0.2
"""Seconds until this node looks again whether the group is whole."""


def once_whole(edge: EdgePort, group: GroupId, then: Callable[[], None]) -> None:
    """Run then() at once, or as soon as the group knows both sides of a partition, at most settle_max_s later."""
    until = edge.now + edge.network.settings.settle_max_s

    def look() -> None:
        if edge.now < until and edge.network.may_lack_a_side(group):
            edge.later(AGAIN_S, look)
        else:
            then()

    look()
