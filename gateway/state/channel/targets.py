"""Finds the member that a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState


def find_target(channel: ChannelState, uid: str | None, nick: str | None) -> str | None:
    """Find the member's uid; None if the person is not in the channel.

    uid: if the caller's node knows the person; the nick then counts for nothing, as another person may have the nick
    now (P10). nick: used only without a uid, and compared with the nicks that the master knows. Time O(members) without
    a uid.
    """
    if uid is not None:
        return uid if uid in channel.members else None
    casemap = channel.rules.casemap
    folded = casemap(nick or "")
    return next((found for found, m in channel.members.items() if casemap(m.person.nick) == folded), None)
