"""What is said in a channel, posted to the addresses that have subscribed to it: the rules, without sockets.

Theory of operation. A subscription is part of the channel's group (gateway/groups/channel_webhooks.py), and with it the
receiver's place: how far the receiver has come, as a version vector (P44). The node that serves the group delivers:
`Deliveries` has a `Courier` for each subscription, which reads what follows the place from the group's log or history,
asks for one `Post` at a time, is told `answered` or `failed`, and goes on or tries again later (P45, P48). Now and then
the courier submits the place (P47). Whoever serves the group next goes on from there, and may post once more what the
receiver has already: under the same key, by which the receiver knows (P46).
"""
