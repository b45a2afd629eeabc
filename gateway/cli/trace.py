"""circlet trace"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import click

from gateway.cli.files import config_option, fail

WRONG = 2
"""The exit code of --once if a node does not answer, as of `circlet status`."""


@click.command()
@click.argument("channel")
@config_option
@click.option(
    "--once", is_flag=True, help="show how things stand, and end, with 1 for no such channel, 2 for a silent node"
)
@click.option("--texts", is_flag=True, help="show what people say, too, topics, and reasons")
@click.option("--json", "as_json", is_flag=True, help="for programs: an object a line")
def trace(channel: str, path: Path, once: bool, texts: bool, as_json: bool) -> None:
    """Follow a channel on all nodes: each entry at its commit, roles, terms, takeovers and hand-offs.

    The command changes nothing, and ends with Ctrl-C.
    """
    from gateway.cli.tracer import Tracer  # TLS and the nodes' core are not needed by the other commands
    from gateway.cli.visits import Operator
    from gateway.trace import flaw

    operator = Operator(path)
    problem = flaw(channel, operator.config.limits.channel_len)
    if problem:
        fail(problem)
    tracer = Tracer(operator, channel, texts=texts, as_json=as_json)
    with suppress(KeyboardInterrupt):
        asyncio.run(tracer.run(once=once))
    if once and tracer.is_nowhere:
        fail(f"no node has the channel {channel}: nobody is in a channel of this name")
    sys.exit(WRONG if once and tracer.silent else 0)
