"""Requests of operators' programs about webhooks. Any node of the network answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from gateway.admin_clients.accounts import Done, Problem
from gateway.edge.rpc.operator_asks import WebhookRow

if TYPE_CHECKING:
    from gateway.admin.procedures import Problem as Trouble
    from gateway.admin.procedures import Procedure
    from gateway.node import NodeCore


class WebhooksAsk(msgspec.Struct, frozen=True, tag="webhooks"):
    """Asks for the webhooks of the network. next: from the page before."""

    next: str = ""


class AddWebhook(msgspec.Struct, frozen=True, tag="add_webhook"):
    """secret: None lets the node make a secret. by: the name of the operator, for lists."""

    channel: str
    url: str
    by: str
    secret: str | None = None


class RemoveWebhook(msgspec.Struct, frozen=True, tag="remove_webhook"):
    id: str
    by: str


class WebhookFacts(msgspec.Struct, frozen=True):
    """The fields of operator_asks.WebhookRow, and the name of the node that delivers."""

    id: str
    channel: str
    url: str
    by: str
    made: int
    node: str
    delivered: int
    delivered_at: int
    backlog: int
    dropped: int
    error: str
    failing_since: int
    retry_at: int


class Webhooks(msgspec.Struct, frozen=True, tag="some_webhooks"):
    """One page of webhooks, sorted by id. next: the start of the next page; None after the last page. silent: nodes
    that did not answer.
    """

    webhooks: list[WebhookFacts]
    next: str | None
    silent: tuple[str, ...]


class WebhookMade(msgspec.Struct, frozen=True, tag="webhook_made"):
    """is_empty: the channel has no members now. Programs and nodes of other builds may leave the field out."""

    id: str
    channel: str
    secret: str
    is_empty: bool = False


Request = WebhooksAsk | AddWebhook | RemoveWebhook
Answer = Webhooks | WebhookMade | Done | Problem


def answer(core: NodeCore, request: Request, reply: Callable[[Answer], None]) -> None:
    from gateway.admin.procedures import run  # operators' programs import this file, and need no core

    def done(result: Answer | Trouble) -> None:
        reply(result if isinstance(result, Answer) else Problem(result.text))

    run(core.edge, _procedure(core, request), done)


def _procedure(core: NodeCore, request: Request) -> Procedure[Answer]:
    from gateway.admin import lists, webhooks
    from gateway.edge.rpc.pages import MOST

    edge = core.edge
    if isinstance(request, WebhooksAsk):
        listed = yield from lists.page(edge, "webhooks", request.next, MOST)
        facts = [_facts(node, row) for node, row in listed.rows if isinstance(row, WebhookRow)]
        return Webhooks(facts, listed.next, listed.silent)
    if isinstance(request, AddWebhook):
        allow = core.webhooks.allow
        made = yield from webhooks.create(edge, allow, request.channel, request.url, request.secret, request.by)
        return WebhookMade(*made)
    return Done((yield from webhooks.remove(edge, request.id, request.by)))


def _facts(node: str, row: WebhookRow) -> WebhookFacts:
    name, channel, url, by, made, *rest = msgspec.structs.astuple(row)
    return WebhookFacts(name, channel, url, by, made, node, *rest)
