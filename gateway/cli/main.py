"""The `circlet` command line. Each command has a file of its own."""

from __future__ import annotations

from gateway.cli import hang_up  # noqa: F401  # before everything that takes time

# isort: split
from importlib.metadata import version

import click

from gateway.cli.account import account
from gateway.cli.backup import backup
from gateway.cli.check import check
from gateway.cli.forget import forget
from gateway.cli.hash_password import hash_password
from gateway.cli.init import init
from gateway.cli.locate import locate
from gateway.cli.nodes import nodes
from gateway.cli.record import record, replay
from gateway.cli.reload import reload
from gateway.cli.run import directory, node
from gateway.cli.schema import schema
from gateway.cli.status import status
from gateway.cli.stop import stop
from gateway.cli.token import token
from gateway.cli.top import top
from gateway.cli.trace import trace
from gateway.cli.up import up
from gateway.cli.webhook import webhook


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("circlet"), prog_name="circlet")
def main() -> None:
    """An IRC network made of supernodes on a hash ring."""


for command in (
    init,
    node,
    directory,
    up,
    stop,
    reload,
    check,
    nodes,
    status,
    top,
    trace,
    locate,
    account,
    webhook,
    record,
    replay,
    forget,
    backup,
    hash_password,
    token,
    schema,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
