"""circlet status"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.cli.files import config_option
from gateway.cli.tables import table, text_of
from gateway.words import moment

if TYPE_CHECKING:
    from gateway.cli.visits import Operator
    from gateway.survey import Row, Survey

WATCH_S = 2.0
WRONG = 2
"""The exit code if the network has a fault. 1 means a wrong command."""

COLUMNS = (
    "node",
    "up since",
    "clients",
    "channels mastered",
    "backed up",
    "followed",
    "links",
    "takeovers",
    "hand-offs",
    "lag",
    "level",
)


class _Mistake(click.UsageError):
    exit_code = 1


class _Command(click.Command):
    """Ends with exit code 1 after a wrong command, since WRONG has another meaning."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as problem:
            raise _Mistake(problem.format_message(), problem.ctx) from problem


@click.command(cls=_Command)
@config_option
@click.option("--json", "as_json", is_flag=True, help="for programs")
@click.option("--watch", is_flag=True, help="look again every 2 s, until Ctrl-C; with --json, an object a line")
def status(path: Path, as_json: bool, watch: bool) -> None:
    """Ask every live node for its status, and report the faults of the network. Exit code 2 if there is a fault."""
    from gateway.cli.visits import Operator  # TLS and the nodes' core are not needed by the other commands

    operator = Operator(path)
    wrong: list[str] = []
    with suppress(KeyboardInterrupt) if watch else nullcontext(), _screen(as_json, watch) as show:
        for found, wrong in _looks(operator, watch):
            show(found, wrong)
    sys.exit(WRONG if wrong else 0)


def _looks(operator: Operator, watch: bool) -> Iterator[tuple[Survey, list[str]]]:
    """Yield a survey and the faults found; once, or again and again."""
    from gateway.cli.survey import survey
    from gateway.findings import findings

    while True:
        found = asyncio.run(survey(operator))
        yield found, findings(found, operator.config.ring.copies, time.time())
        if not watch:
            return
        time.sleep(WATCH_S)


@contextmanager
def _screen(as_json: bool, watch: bool) -> Iterator[Callable[[Survey, list[str]], None]]:
    """Return a function that shows a look. On a terminal with --watch, each look replaces the last."""
    if as_json:
        yield lambda found, wrong: click.echo(_json(found, wrong, None if watch else 2))
    elif watch and sys.stdout.isatty():
        with Live(auto_refresh=False, vertical_overflow="visible") as live:
            yield lambda found, wrong: live.update(Group(_table(found), Text(_words(found, wrong))), refresh=True)
    else:
        yield lambda found, wrong: click.echo(_text(found, wrong) + "\n" * watch)


def _text(found: Survey, wrong: list[str]) -> str:
    return f"{text_of(_table(found))}\n{_words(found, wrong)}"


def _words(found: Survey, wrong: list[str]) -> str:
    from gateway.findings import acting_level

    acting = acting_level(found)
    level = [f"The network acts at feature level {acting}."] if acting is not None else []
    return "\n".join([*level, *(wrong or ["Nothing is wrong."])])


def _table(found: Survey) -> Table:
    made = table(*COLUMNS)
    for row in found.rows:
        made.add_row(*_cells(row))
    shown = {row.record.key for row in found.rows}
    for name in found.given_up.values():
        made.add_row(name, "no answer")
    for absent in found.missing:
        if absent.ring_key not in shown:
            made.add_row(absent.name, f"missing since {moment(absent.since)}" if absent.since else "missing")
    return made


def _cells(row: Row) -> list[str]:
    s = row.status
    if s is None:
        return [row.record.name, "no answer"]
    counts = (
        s.clients,
        s.channels_mastered,
        s.channels_backed_up,
        s.channels_followed,
        len(s.links),
        s.takeovers,
        s.hand_offs,
    )
    return [
        s.name + (" (leaving)" if s.leaving else ""),
        moment(s.started),
        *map(str, counts),
        f"{s.lag_s:g} s",
        str(s.level),
    ]


def _json(found: Survey, wrong: list[str], indent: int | None) -> str:
    from gateway.cli.report import report

    return json.dumps(report(found, wrong), indent=indent)
