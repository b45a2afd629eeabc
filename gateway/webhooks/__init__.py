"""Webhooks: the rules for posting a channel's messages to subscribed addresses. No sockets.

Theory of operation. A subscription is part of the channel's group (gateway/state/channel/webhooks.py). The receiver's
cursor is part of the group, too: the last delivered position, as a version vector (P44). The node that serves the group
delivers. `Deliveries` has a `Courier` for each subscription. The courier reads the messages after the cursor from the
group's log or history, and asks for a single `Post` at a time. After `answered` the courier goes on; after `failed` the
courier tries again later (P45, P48). Now and then the courier submits the cursor (P47). The next node that serves the
group goes on from this cursor, and may repeat messages that the receiver has. A repeat has the same key, so the
receiver drops the repeat (P46).
"""
