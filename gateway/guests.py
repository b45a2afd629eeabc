"""What a guest may ask of a running node: an operator's program that knows the network key, over the link port.

A new request is a tagged struct in `Request`, its answer one in `Reply`, and a branch of `answer`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.node import NodeCore
from gateway.status import Status, status
from ring.ids import UNREADABLE


class StatusAsk(msgspec.Struct, frozen=True, tag="status"):
    """How is this node?"""


class Problem(msgspec.Struct, frozen=True, tag="problem"):
    """Why there is no answer, in words."""

    text: str


Request = StatusAsk
Reply = Status | Problem

_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encode(message: Request | Reply) -> bytes:
    return _encoder.encode(message)


def read_reply(payload: bytes) -> Reply:
    """Raises one of ring.ids.UNREADABLE."""
    return _replies.decode(payload)


def answer(core: NodeCore, links: dict[str, float], payload: bytes, reply: Callable[[bytes], None]) -> None:
    """reply(bytes of a Reply) comes once, now or, where the network has to be asked, later."""
    try:
        _requests.decode(payload)
    except UNREADABLE:
        reply(encode(Problem(f"it runs version {core.edge.record.version}, which does not know this request")))
        return
    reply(encode(status(core, links)))
