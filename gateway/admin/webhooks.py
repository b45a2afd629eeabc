"""Operators' actions on outgoing webhooks, possible on any node (P44). No I/O."""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.admin.channels import channel_group
from gateway.admin.lists import rows_of
from gateway.admin.procedures import Problem, Procedure, need_level
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Ask, Submit
from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.channel.views import PAGE
from gateway.state.channel.webhook_messages import NotSubscribed, Subscribe, Unsubscribe
from gateway.state.channel.webhook_rules import MOST
from gateway.webhooks.addresses import Allow, read_url

LEVEL: Final = 2
SECRET: Final = range(16, 201)
"""Characters of a secret."""
SECRET_BYTES: Final = 32
ID_BYTES: Final = 8


class Made(NamedTuple):
    """secret: for the receiver; no other answer has the secret. is_empty: nobody is in the channel now."""

    id: str
    channel: str
    secret: str
    is_empty: bool = False


class Known(NamedTuple):
    """A webhook. node: the name of the delivering node, the channel's master."""

    node: str
    row: WebhookRow


def create(edge: EdgePort, allow: Allow, channel: str, url: str, secret: str | None, by: str) -> Procedure[Made]:
    """Subscribe the URL to the channel's messages from now on. allow: this node's allowed hosts. secret: chosen by the
    receiver; None makes a secret. by: the operator's name, for lists.
    """
    need_level(edge, LEVEL)
    group = channel_group(edge, channel)
    if not edge.settings.history.enabled:
        raise Problem("refused", "history.enabled is false in this node's file, and webhooks are read from the history")
    try:
        target = read_url(url)
    except ValueError as problem:
        raise Problem("invalid", str(problem)) from None
    if why := allow.why_not(target):
        raise Problem("refused", why)
    if secret is not None and (len(secret) not in SECRET or not secret.isascii() or not secret.isprintable()):
        raise Problem("invalid", f"a secret has {SECRET.start} to {SECRET.stop - 1} printable ASCII characters")
    random = edge.outside.random_bytes
    made = Made(random(ID_BYTES).hex(), channel, secret or random(SECRET_BYTES).hex())
    outcome = yield Submit(group, Subscribe(made.id, url, made.secret, by))
    if isinstance(outcome, NotSubscribed):
        raise Problem("refused", f"{channel} has {MOST} webhooks, as many as a channel may have: remove one first")
    view = yield Ask(group, Look("", PAGE, True))
    return made._replace(is_empty=isinstance(view, ChannelView) and not view.members)


def find(edge: EdgePort, name: str) -> Procedure[Known]:
    """Find the webhook with this id."""
    listed = yield from rows_of(edge, "webhooks", name)
    for node, row in listed.rows:
        if isinstance(row, WebhookRow):
            return Known(node, row)
    if listed.silent:
        silent = ", ".join(listed.silent)
        raise Problem("unanswered", f"no node that answers has the webhook {name[:64]}, and {silent} did not answer")
    raise Problem("unknown", f"there is no webhook {name[:64]}")


def remove(edge: EdgePort, name: str, by: str) -> Procedure[str]:
    """End the webhook with this id; return what was done, in words."""
    known = yield from find(edge, name)
    outcome = yield Submit(channel_group(edge, known.row.channel), Unsubscribe(name, by))
    if isinstance(outcome, NotSubscribed):
        raise Problem("unknown", f"there is no webhook {name[:64]} any more")
    return f"webhook {name} of {known.row.channel} is ended; a message that is on its way may still come"
