"""circlet webhook: manages webhooks, which post the messages of a channel to an address."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gateway.cli.account import CHANGE_S, INCOMPLETE
from gateway.cli.files import config_option, fail
from gateway.cli.tables import table, text_of

if TYPE_CHECKING:
    from gateway.admin_clients.requests import Reply, Request
    from gateway.admin_clients.webhooks import WebhookFacts


def _ask(path: Path, request: Request, wanted: type[Any]) -> Any:
    """Ask a node. An answer of another kind ends the command with the answer's text."""
    from gateway.cli.visits import Operator  # TLS and the nodes' core are not needed by the other commands

    reply: Reply = asyncio.run(Operator(path).ask_one(request, CHANGE_S))
    if not isinstance(reply, wanted):
        fail(getattr(reply, "text", "the node answered another question"))
    return reply


def _who() -> str:
    """Name the asking person, for the list of webhooks."""
    try:
        return f"circlet webhook ({getpass.getuser()})"
    except (OSError, KeyError):
        return "circlet webhook"


@click.group()
def webhook() -> None:
    """Add, list or remove webhooks. A webhook posts the messages of a channel to an address."""


@webhook.command()
@click.argument("channel")
@click.argument("url")
@click.option("--secret-file", type=click.File("r"), help="a file whose first line is the secret; - for standard input")
@click.option("--json", "as_json", is_flag=True, help="for programs")
@config_option
def add(channel: str, url: str, secret_file: Any, as_json: bool, path: Path) -> None:
    """Post the messages of CHANNEL from now on to URL. Prints, this once, the secret that signs the requests."""
    from gateway.admin_clients.requests import AddWebhook, WebhookMade

    secret = secret_file.readline().rstrip("\r\n") if secret_file is not None else None
    made = _ask(path, AddWebhook(channel, url, _who(), secret), WebhookMade)
    if made.is_empty:
        click.echo(f"nobody is in {made.channel} now: the webhook waits for the first message there", err=True)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(made), indent=2))
        return
    click.echo(f"webhook {made.id} posts what is said in {made.channel} from now on")
    if secret is None:
        click.echo(f"secret for the receiver, shown this once: {made.secret}")


@webhook.command()
@click.argument("id")
@config_option
def remove(id: str, path: Path) -> None:  # noqa: A002
    """End the webhook ID. `circlet webhook list` shows the ids."""
    from gateway.admin_clients.requests import Done, RemoveWebhook

    click.echo(_ask(path, RemoveWebhook(id, _who()), Done).text)


@webhook.command("list")
@click.option("--json", "as_json", is_flag=True, help="for programs")
@config_option
def list_webhooks(as_json: bool, path: Path) -> None:
    """List the webhooks of the network, and how each does. Exit code 2 if some nodes do not answer."""
    from gateway.admin_clients.requests import Webhooks, WebhooksAsk

    found: list[WebhookFacts] = []
    silent: dict[str, None] = {}
    following: str | None = ""
    while following is not None:
        page = _ask(path, WebhooksAsk(following), Webhooks)
        found += page.webhooks
        silent.update(dict.fromkeys(page.silent))
        following = page.next
    found.sort(key=lambda one: (one.channel, one.made, one.id))
    if as_json:
        click.echo(json.dumps({"webhooks": msgspec.to_builtins(found), "silent": [*silent]}, indent=2))
    else:
        made = table("id", "channel", "to", "made", "by", "node", "delivered", "waiting", "given up", "state")
        for one in found:
            counts = (str(one.delivered), str(one.backlog), str(one.dropped))
            made.add_row(one.id, one.channel, one.url, _moment(one.made), one.by, one.node, *counts, _state(one))
        click.echo(text_of(made), nl=False)
    for name in silent:
        click.echo(f"{name} does not answer: webhooks may be missing here", err=True)
    sys.exit(INCOMPLETE if silent else 0)


def _state(one: WebhookFacts) -> str:
    if not one.error:
        return "delivers"
    return f"fails since {_moment(one.failing_since)}: {one.error}"


def _moment(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"
