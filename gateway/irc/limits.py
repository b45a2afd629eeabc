"""The limits of a network: lengths of names and texts, and numbers of things."""

from __future__ import annotations

from dataclasses import dataclass

LINE_BYTES = 512  # a line with CR LF, without tags
BODY_BYTES = LINE_BYTES - 2
CLIENT_TAG_BYTES = 4096  # the tags of a client's line: "@", 4,094 bytes of tag data, " "
PARAMS = 15


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths are bytes of UTF-8; all other limits are counts. Every node of a network has the same limits (P5)."""

    nick_len: int = 30
    user_len: int = 10
    host_len: int = 63
    channel_len: int = 64
    topic_len: int = 390
    kick_len: int = 255
    away_len: int = 200
    key_len: int = 23
    real_len: int = 150
    modes: int = 6
    max_targets: int = 4
    chan_limit: int = 100
    list_max: int = 100
    monitor: int = 100


DEFAULT_LIMITS = Limits()
