"""Which member a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState


def find_target(channel: ChannelState, uid: str | None, nick: str | None) -> str | None:
    """The member's uid, None if it is not in the channel.

    uid: where the edge knows it; the nick may be another's by now, so it then says nothing (P10). nick: looked up as
    the master knows it. Time O(members) without a uid.
    """
    if uid is not None:
        return uid if uid in channel.members else None
    casemap = channel.rules.casemap
    folded = casemap(nick or "")
    return next((found for found, m in channel.members.items() if casemap(m.person.nick) == folded), None)
