"""Answers the requests of admin clients over the link port. An admin client is an operator's program with the network
key.

To add a request, add a tagged struct to `Request`, another for the answer to `Reply`, and a branch to `answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from gateway.admin_clients import accounts, webhooks
from gateway.admin_clients.accounts import Accounts, AccountsAsk, AddAccount, Done, DropAccount, Problem, SetPassword
from gateway.admin_clients.webhooks import AddWebhook, RemoveWebhook, WebhookMade, Webhooks, WebhooksAsk
from gateway.load import Load, LoadAsk, load
from gateway.status import Around, Status, status
from gateway.trace import TraceAsk, Traced, flaw, trace
from ring.ids import UNREADABLE
from ring.links.link import LinkState

if TYPE_CHECKING:
    from gateway.node import NodeCore

__all__ = [
    "Accounts", "AccountsAsk", "AddAccount", "AddWebhook", "Done", "DropAccount", "ForgetNode", "Load", "LoadAsk",
    "Problem", "RemoveWebhook", "Reply", "Request", "SetPassword", "Status", "StatusAsk", "TraceAsk", "Traced",
    "WebhookMade", "Webhooks", "WebhooksAsk", "answer", "encode", "read_reply",
]  # fmt: skip


class StatusAsk(msgspec.Struct, frozen=True, tag="status"):
    """Asks the node for its status."""


class ForgetNode(msgspec.Struct, frozen=True, tag="forget_node"):
    """Tells the node that a dead node will not come back, so no group waits for the dead node's copies (P36)."""

    key: str


Request = StatusAsk | LoadAsk | TraceAsk | ForgetNode | accounts.Request | webhooks.Request
Reply = Status | Load | Traced | Accounts | webhooks.Answer

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def encode(message: Request | Reply) -> bytes:
    return _encoder.encode(message)


def read_reply(payload: bytes) -> Reply:
    """Decode an answer. Raises one of ring.ids.UNREADABLE."""
    return _replies.decode(payload)


def answer(
    core: NodeCore,
    links: Mapping[str, LinkState],
    payload: bytes,
    reply: Callable[[bytes], None],
    around: Callable[[], Around] = Around,
) -> None:
    """Answer a request. reply(bytes of a Reply) is called once, either now or after the network has answered.

    links: the state of the link to each linked peer, by ring key. around: facts that only the shell knows.
    """
    try:
        request = _requests.decode(payload)
    except UNREADABLE:
        reply(encode(Problem(f"it runs version {core.edge.record.version}, which does not know this request")))
        return
    if isinstance(request, StatusAsk):
        reply(encode(status(core, links, around())))
    elif isinstance(request, LoadAsk):
        reply(encode(load(core, links, around(), request.channels)))
    elif isinstance(request, TraceAsk):
        problem = flaw(request.channel, core.edge.settings.limits.channel_len)
        reply(encode(Problem(problem) if problem else trace(core, request)))
    elif isinstance(request, ForgetNode):
        reply(encode(_forget(core, request.key)))
    elif isinstance(request, WebhooksAsk | AddWebhook | RemoveWebhook):
        webhooks.answer(core, request, lambda found: reply(encode(found)))
    else:
        accounts.answer(core, request, lambda found: reply(encode(found)))


def _forget(core: NodeCore, key: str) -> Done | Problem:
    engine = core.engine
    if key == engine.me.key:
        return Problem("that is this node itself, and this node is alive")
    if engine.peers.is_alive(key):
        return Problem("that node is alive: stop that node first")
    known = engine.give_up(key)
    return Done(
        "it waits for the dead node no more" if known else "it has never heard of that node, and will not wait for it"
    )
