"""Which members a person sees: in an auditorium (+u) plain members see those with a rank, and with delayed joins (+D)
nobody sees who has not spoken yet. Everybody sees oneself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.state.channel.ranks import HELPERS

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState, Member


def is_helper(channel: ChannelState, uid: str) -> bool:
    """Whether the member may kick: such members see everybody in an auditorium."""
    member = channel.members.get(uid)
    return member is not None and any(rank in HELPERS for rank in member.prefixes)


def is_veiled(channel: ChannelState, uid: str) -> bool:
    """Whether plain members do not see the member."""
    member = channel.members.get(uid)
    return uid in channel.hidden or ("u" in channel.modes and member is not None and not member.prefixes)


def members_for(channel: ChannelState, viewer: str) -> Mapping[str, Member]:
    """List the members whom the viewer sees, by uid. O(1) in a channel without +u and +D."""
    if not channel.hidden and "u" not in channel.modes:
        return channel.members
    helps = is_helper(channel, viewer)
    return {
        uid: member
        for uid, member in channel.members.items()
        if uid == viewer or not (uid in channel.hidden if helps else is_veiled(channel, uid))
    }
