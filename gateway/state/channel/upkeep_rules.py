"""The rules of the commands that a registered channel's own node gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.state.channel.access_rules import drop
from gateway.state.channel.reading import kept_since
from gateway.state.channel.upkeep_messages import Expire, HistoryTrimmed, Sighted, TrimHistory
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

NOTHING: Final = Decision(None, None)

PARTS: Final = 24
"""The history is trimmed whenever the oldest message is older than the kept time by this part of the kept time."""


def is_untrimmed(channel: ChannelState, at: int) -> bool:
    """Whether messages are due to be erased."""
    since = kept_since(channel, at)
    return since > 0 and (since - channel.history.erased) * PARTS > at - since


def decide_trim(channel: ChannelState, command: TrimHistory, at: int) -> Decision:
    before = kept_since(channel, at)
    return Decision(None, HistoryTrimmed(before)) if before > channel.history.erased else NOTHING


def is_unused(channel: ChannelState, before: int) -> bool:
    """Whether the registration is to end: no account with access is in the channel, or was since `before` (Unix ms)."""
    kept = channel.register.kept
    if not kept or channel.doubtful or kept[0].used_at >= before:
        return False
    return not any(kept[0].flags(member.person.life) for member in channel.members.values())


def decide_expire(channel: ChannelState, command: Expire, at: int) -> Decision:
    if not is_unused(channel, command.before):
        return NOTHING
    return Decision(None, drop(channel) if channel.register.kept[0].seen else Sighted())


UPKEEP_DECIDE: Final[Mapping[type, Callable[[Any, Any, int], Decision]]] = {
    TrimHistory: decide_trim,
    Expire: decide_expire,
}
