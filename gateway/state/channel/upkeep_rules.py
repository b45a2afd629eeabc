"""The rules of the commands that a registered channel's own node gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.state.channel.reading import kept_since
from gateway.state.channel.upkeep_messages import HistoryTrimmed, TrimHistory
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


UPKEEP_DECIDE: Final[Mapping[type, Callable[[Any, Any, int], Decision]]] = {TrimHistory: decide_trim}
