"""The rules for commands about subscriptions of a channel (P44)."""

from __future__ import annotations

from typing import Final

from gateway.state.channel.state import ChannelState
from gateway.state.channel.webhook_messages import (
    Advance,
    Advanced,
    NotSubscribed,
    Subscribe,
    Subscribed,
    Subscription,
    Unsubscribe,
    Unsubscribed,
)
from gateway.state.channel.webhooks import advanced_by
from ring.replication.state_machine import Decision
from ring.wire.history import Cursor

MOST: Final = 10
"""The most subscriptions of a channel."""


def decide_subscribe(channel: ChannelState, command: Subscribe, at: int) -> Decision:
    """Begin a subscription. The first cursor is the time of the command: all later messages are delivered."""
    hooks = channel.webhooks
    if command.id in hooks.subscriptions:
        return Decision(None, None)
    if len(hooks.subscriptions) >= MOST:
        return Decision(NotSubscribed("full"), None)
    made = Subscription(command.id, command.url, command.secret, command.by, at, Cursor(0, at))
    return Decision(None, Subscribed(made))


def decide_unsubscribe(channel: ChannelState, command: Unsubscribe, at: int) -> Decision:
    if command.id not in channel.webhooks.subscriptions:
        return Decision(NotSubscribed("unknown"), None)
    return Decision(None, Unsubscribed(command.id, command.by))


def decide_advance(channel: ChannelState, command: Advance, at: int) -> Decision:
    """Merge the cursor with the known cursor. A late Advance of a former master is true, too (P47)."""
    known = channel.webhooks.subscriptions.get(command.id)
    if known is None or advanced_by(known, command) == known:
        return Decision(None, None)
    return Decision(None, Advanced(command.id, command.cursor, command.dropped, command.told))
