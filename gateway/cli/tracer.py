"""The work of `circlet trace`: asks the nodes, and prints the news of a channel."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

import click
import msgspec

from gateway.admin_clients.requests import Problem, Reply, TraceAsk
from gateway.cli.story import Happening, Silent, State, Story, words
from gateway.cli.tables import table, text_of
from gateway.cli.visits import STRANGE, Operator
from gateway.cli.watching import Watch
from gateway.trace import Traced
from ring.roster import NodeRecord

POLL_S = 0.5
COLUMNS = ("node", "role", "term", "master", "first entry", "last", "accepted", "acknowledged by")


class Tracer:
    """Follows a channel."""

    def __init__(self, operator: Operator, channel: str, *, texts: bool, as_json: bool) -> None:
        self._channel = channel
        self._texts = texts
        self._as_json = as_json
        self._follows = False
        self._watch = Watch(operator, self._question, self._heard, POLL_S)
        self._story = Story(self._watch.names)

    @property
    def silent(self) -> bool:
        """Whether a node does not answer."""
        return any(isinstance(what, Silent) for what in self._story.standing.values())

    @property
    def is_nowhere(self) -> bool:
        """Whether all nodes answer, and none has the channel."""
        return all(isinstance(what, State) and what.role == "none" for what in self._story.standing.values())

    async def run(self, *, once: bool) -> None:
        try:
            for record, reply in await self._watch.once():
                self._story.begin(record.key, _understood(reply), time.time())
            self._show_standing()
            self._follows = True
            if not once:
                await self._watch.run()
        finally:
            self._watch.leave()

    def _question(self, key: str) -> TraceAsk:
        return TraceAsk(self._channel, self._story.after(key) if self._follows else None, self._texts)

    def _heard(self, record: NodeRecord, reply: Reply) -> bool:
        found = _understood(reply)
        self._print(self._story.heard(record.key, found, time.time()))
        return isinstance(found, Traced) and found.more

    def _show_standing(self) -> None:
        standing = self._story.standing.values()
        if self._as_json:
            self._print(standing)
            return
        made = table(*COLUMNS)
        for what in standing:
            made.add_row(*_cells(what))
        click.echo(text_of(made))
        self._print(what for what in standing if isinstance(what, Silent))

    def _print(self, happenings: Iterable[Happening]) -> None:
        for what in happenings:
            if self._as_json:
                click.echo(msgspec.json.encode(what))
            else:
                click.echo(
                    f"{datetime.fromtimestamp(what.at).isoformat(' ', 'milliseconds')}  {words(what, self._channel)}"
                )


def _understood(reply: Reply) -> Traced | Problem:
    if isinstance(reply, Traced | Problem):
        return reply
    return Problem(STRANGE)


def _cells(what: State | Silent) -> list[str]:
    if isinstance(what, Silent):
        return [what.node, "no answer"]
    if not what.term:
        return [what.node, what.role.replace("_", " ")]
    log = (what.first or "none", what.last, what.head)
    acknowledged = [
        f"{node} {seq}{' (backup)' if node in what.backups else ''}" for node, seq in what.acknowledged.items()
    ]
    return [
        what.node, what.role.replace("_", " "), str(what.term), what.master, *map(str, log), ", ".join(acknowledged),
    ]  # fmt: skip
