"""The limits of a network: lengths of names and texts, and numbers of things."""

from __future__ import annotations

from typing import Protocol

LINE_BYTES = 512  # a line with CR LF, without tags
BODY_BYTES = LINE_BYTES - 2
CLIENT_TAG_BYTES = 4096  # the tags of a client's line: "@", 4,094 bytes of tag data, " "
PARAMS = 15


class Limits(Protocol):
    """The limits of a network, which the configuration owns (config/people.py). Every node has the same limits (P5).

    Lengths are bytes of UTF-8; all other limits are counts. Read only.
    """

    nick_len: int
    user_len: int
    host_len: int
    channel_len: int
    topic_len: int
    kick_len: int
    away_len: int
    key_len: int
    real_len: int
    modes: int
    max_targets: int
    chan_limit: int
    list_max: int
    monitor: int
