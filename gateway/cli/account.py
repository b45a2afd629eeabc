"""circlet account: manages the accounts of the running network."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from gateway.cli.files import config_option, fail
from gateway.cli.passwords import read_password
from gateway.cli.tables import table, text_of

if TYPE_CHECKING:
    from gateway.accounts.credentials import Credentials
    from gateway.admin_clients.requests import Accounts, Request
    from gateway.cli.visits import Operator
    from ring.roster import NodeRecord

CHANGE_S = 20.0
PAGE_S = 10.0
INCOMPLETE = 2
"""The exit code if some nodes did not answer. 1 means a wrong command, or a refused action."""


def _operator(path: Path) -> Operator:
    from gateway.cli.visits import Operator  # TLS and the nodes' core are not needed by the other commands

    return Operator(path)


@click.group()
def account() -> None:
    """Manage the accounts of the running network: add, list or drop accounts, or change a password."""


@account.command()
@click.argument("name")
@config_option
def add(name: str, path: Path) -> None:
    """Add the account NAME. The password comes from a prompt, or from a line of standard input."""
    from gateway.admin_clients.requests import AddAccount

    operator = _operator(path)
    _change(operator, AddAccount(name, _credentials()))


@account.command()
@click.argument("name")
@config_option
def passwd(name: str, path: Path) -> None:
    """Give the account NAME another password, from a prompt or as a line of standard input."""
    from gateway.admin_clients.requests import SetPassword

    operator = _operator(path)
    _change(operator, SetPassword(name, _credentials()))


@account.command()
@click.argument("name")
@config_option
def drop(name: str, path: Path) -> None:
    """Drop the account NAME with its nicks, certificates, session and private conversations, for good."""
    from gateway.admin_clients.requests import DropAccount

    _change(_operator(path), DropAccount(name))


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="for programs")
@config_option
def list_accounts(path: Path, as_json: bool) -> None:
    """List the accounts, as known to all nodes that answer. Exit code 2 if some nodes do not answer."""
    found, silent = _run(_collect(_operator(path)))
    if as_json:
        click.echo(json.dumps({"accounts": msgspec.to_builtins(found), "silent": silent}, indent=2))
    else:
        made = table("account", "since", "last login", "other nicks", "certificates", "always on")
        for one in found:
            always_on = {None: "default", True: "on", False: "off"}[one.always_on]
            nicks = " ".join(one.nicks)
            made.add_row(one.name, _day(one.created), _day(one.seen), nicks, str(one.certificates), always_on)
        click.echo(text_of(made), nl=False)
    for problem in silent:
        click.echo(f"{problem}: accounts may be missing here", err=True)
    sys.exit(INCOMPLETE if silent else 0)


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}" if ms else "never"


def _credentials() -> Credentials:
    """Read a password and hash it: only the hash leaves this machine."""
    from gateway.accounts.credentials import make_credentials

    return make_credentials(read_password(), secrets.token_bytes)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def _change(operator: Operator, request: Request) -> None:
    from gateway.admin_clients.requests import Done

    reply = _run(operator.ask_one(request, CHANGE_S))
    if not isinstance(reply, Done):
        fail(getattr(reply, "text", "the node answered another question"))
    click.echo(reply.text)


async def _collect(operator: Operator) -> tuple[list[Any], list[str]]:
    """Collect the accounts, sorted by name, and the reason of each node that gave no accounts."""
    known = await operator.known()
    parts = await asyncio.gather(*(_all_of(operator, record) for record in known.records))
    found = {one.name: one for part in parts if not isinstance(part, str) for one in part}
    return [found[name] for name in sorted(found, key=str.lower)], [part for part in parts if isinstance(part, str)]


async def _all_of(operator: Operator, record: NodeRecord) -> list[Any] | str:
    from gateway.admin_clients.requests import Accounts, AccountsAsk, Problem

    found: list[Any] = []
    after = ""
    while True:
        reply: Accounts | Any = await operator.visit(record, AccountsAsk(after), PAGE_S)
        if not isinstance(reply, Accounts):
            return f"{record.name} does not tell ({reply.text if isinstance(reply, Problem) else 'unreadable'})"
        found += reply.accounts
        if not reply.more:
            return found
        after = reply.last
