"""Who may read the kept messages of a channel, and from when on: mode H, and two settings of the founder (P52).

The setting "history" is a number of days: older messages are shown to nobody at once, and are erased from all disks
soon after (gateway/edge/accounts/upkeep.py). The setting "readers" says who may read messages from before the own JOIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.irc.times import DAY_S

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

DAY_MS: Final = DAY_S * 1000


def kept_since(channel: ChannelState, now_ms: int) -> int:
    """Return the time (Unix ms) from which the founder lets messages be kept; 0: all messages."""
    kept = channel.register.kept
    days = kept[0].setting("history") if kept else ""
    return now_ms - int(days) * int(DAY_MS) if days else 0


def readable_since(channel: ChannelState, uid: str, now_ms: int) -> int:
    """Return the time (Unix ms) from which a member may read messages; 0: all messages."""
    member, since = channel.members[uid], kept_since(channel, now_ms)
    return max(since, member.joined_at) if _is_bounded(channel, member.person.life) else since


def _is_bounded(channel: ChannelState, life: str) -> bool:
    """Whether an account reads only what was said since the member joined."""
    kept = channel.register.kept
    readers = kept[0].setting("readers") if kept else ""
    if "H" in channel.modes or readers == "join":
        return True
    return readers == "access" and (channel.doubtful or not kept[0].flags(life))
