"""Outgoing webhooks: a channel's messages are posted to an address (contrib/docs/webhooks.md)."""

from __future__ import annotations

from gateway.admin import webhooks
from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.web.api import models as m
from gateway.web.api.endpoints import endpoint
from gateway.web.api.request import Request


@endpoint("GET", "/webhooks", "List the webhooks", m.List[m.Webhook], can="webhooks", query=m.PageQuery)
async def list_webhooks(request: Request) -> m.List[m.Webhook]:
    return await request.page("webhooks", _webhook)


@endpoint(
    "POST", "/webhooks", "Post what is said in a channel from now on to an address", m.WebhookMade,
    can="webhooks", body=m.NewWebhook, status=201,
)  # fmt: skip
async def create_webhook(request: Request) -> m.WebhookMade:
    core, body = request.core, request.body
    by = f"token {request.token.name}"
    procedure = webhooks.create(core.edge, core.webhooks.allow, body.channel, body.url, body.secret, by)
    made = await request.act("create_webhook", body.channel, procedure)
    return m.WebhookMade(id=made.id, channel=made.channel, secret=made.secret)


@endpoint("GET", "/webhooks/{id}", "Show a webhook, and how its receiver does", m.Webhook, can="webhooks")
async def show_webhook(request: Request) -> m.Webhook:
    known = await request.ask(webhooks.find(request.core.edge, request.path["id"]))
    return _webhook(known.node, known.row)


@endpoint("DELETE", "/webhooks/{id}", "End a webhook", m.Done, can="webhooks")
async def remove_webhook(request: Request) -> m.Done:
    name = request.path["id"]
    procedure = webhooks.remove(request.core.edge, name, f"token {request.token.name}")
    return m.Done(done=await request.act("remove_webhook", name, procedure))


def _webhook(node: str, row: WebhookRow) -> m.Webhook:
    return m.Webhook(
        id=row.key,
        channel=row.channel,
        url=row.url,
        by=row.by,
        created=row.made,
        node=node,
        delivered=row.delivered,
        last_delivered=row.delivered_at or None,
        backlog=row.backlog,
        dropped=row.dropped,
        error=row.error or None,
        failing_since=row.failing_since or None,
        next_try=row.retry_at or None,
    )
