"""Webhooks: the rules by which a channel's messages are posted to subscribed addresses. No sockets.

Theory of operation. A subscription is part of the channel's group (gateway/state/channel/webhooks.py), and so is the
receiver's place: how far the receiver has come, as a version vector (P44). The node that serves the group delivers.
`Deliveries` has a `Courier` for each subscription. The courier reads the messages after the place from the group's log
or history, asks for one `Post` at a time, is told `answered` or `failed`, and goes on or tries again later (P45, P48).
Now and then the courier submits the place (P47). The next node that serves the group goes on from the submitted place,
and may repeat messages that the receiver has. A repeat has the same key, so the receiver drops the repeat (P46).
"""
