"""The work of `circlet top`: asks the nodes, draws the board, and reads keys."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

import click
from rich.console import Console, ConsoleDimensions
from rich.live import Live

from gateway.admin_clients.requests import Load, LoadAsk, Problem, Reply, Request, TraceAsk, Traced
from gateway.cli.board import Board
from gateway.cli.keys import keys
from gateway.cli.tables import PIPE_WIDTH
from gateway.cli.visits import STRANGE, Operator
from gateway.cli.watching import Watch
from gateway.load import MOST
from ring.roster import NodeRecord

EVERY_S = 1.0
DRAWN_S = 0.1
"""The time between two drawings at least."""


class Screen:
    """The screen for a network."""

    def __init__(self, operator: Operator, sort: str) -> None:
        self._watch = Watch(operator, self._question, self._heard, EVERY_S)
        self._board = Board(self._watch.names)
        self._board.sort = sort
        self._traces: set[str] = set()  # ring keys of the nodes with a next question about the shown channel
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()

    async def run(self, *, once: bool) -> None:
        try:
            if once or not sys.stdout.isatty():
                await self._print()
            else:
                await self._show()
        finally:
            self._watch.leave()

    async def _print(self) -> None:
        """Print the board after two looks, because rates need two looks."""
        for last in (False, True):
            for record, reply in await self._watch.once():
                self._heard(record, reply)
            if not last:
                await asyncio.sleep(EVERY_S)
        width = Console().width if sys.stdout.isatty() else PIPE_WIDTH
        console = Console(width=width)
        with console.capture() as capture:
            console.print(self._board.picture(width))
        click.echo("\n".join(line.rstrip() for line in capture.get().split("\n")).strip("\n"))

    async def _show(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        for record, reply in await self._watch.once():
            self._heard(record, reply)
        asking = asyncio.create_task(self._watch.run())
        asking.add_done_callback(lambda _: self._ended.set())
        with Live(screen=True, auto_refresh=False) as live, keys(self._pressed):
            try:
                while not self._ended.is_set():
                    # The real size of the terminal: rich would use COLUMNS and LINES, which stay the same when the
                    # terminal changes.
                    live.console.size = size = ConsoleDimensions(*os.get_terminal_size(sys.stdout.fileno()))
                    live.update(self._board.picture(size.width, size.height), refresh=True)
                    await asyncio.sleep(DRAWN_S)
                    await self._news()
            finally:
                asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking

    async def _news(self) -> None:
        """Wait for news to draw. A resized terminal sends no news, so the wait ends after EVERY_S."""
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY_S):
                await self._changed.wait()
        self._changed.clear()

    def _pressed(self, key: str) -> None:
        if self._board.press(key):
            self._ended.set()
        self._changed.set()

    def _question(self, key: str) -> Request:
        channel = self._board.traced_channel
        if channel is None:
            self._traces.discard(key)
        return TraceAsk(channel) if channel is not None and key in self._traces else LoadAsk(MOST)

    def _heard(self, record: NodeRecord, reply: Reply) -> bool:
        """Take an answer. While a channel is shown alone, ask each node about the channel between two looks."""
        self._changed.set()
        if record.key in self._traces:
            self._traces.discard(record.key)
            self._board.traced(record.key, reply if isinstance(reply, Traced | Problem) else Problem(STRANGE))
            return False
        self._board.heard(record.key, reply if isinstance(reply, Load | Problem) else Problem(STRANGE))
        if self._board.traced_channel is not None:
            self._traces.add(record.key)
            return True
        return False
