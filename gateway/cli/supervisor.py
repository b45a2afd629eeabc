"""Keeps child processes running: starts, watches, restarts with back-off, and stops all together.

A child with exit code 0 was told to stop. Such a child stays stopped until SIGUSR1 starts all stopped children again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable

import structlog

from ring.io.signals import hold_hang_up, release_hang_up

BACK_OFF_S = 1.0
BACK_OFF_MAX_S = 30.0
GOOD_AFTER_S = 60.0
READY = b'"node_started"'
QUIET = frozenset(("debug", "info"))
"""Lines of these levels are shown only with `verbose`."""


class Child:
    """A process to keep running."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.command = command
        self.process: asyncio.subprocess.Process | None = None
        self.ready = asyncio.Event()
        self.resume = asyncio.Event()  # set: start the child without a wait


class Supervisor:
    """Runs the children until SIGINT or SIGTERM, or until the terminal is closed."""

    def __init__(
        self,
        children: list[Child],
        stop_s: float,
        greet: Callable[[], str],
        report: Callable[[dict[str, int]], None],
        *,
        verbose: bool = False,
    ) -> None:
        """stop_s: the time for the children to stop without being killed. greet: makes a text to print once all nodes
        are ready.

        report: called at each change with the process ids of the running children by name. verbose: show the whole log.
        """
        self._report_children = report
        self._verbose = verbose
        self._children = children
        self._stop_s = stop_s
        self._greet = greet
        self._stopping = asyncio.Event()
        self._colour = sys.stdout.isatty()
        self._render = structlog.dev.ConsoleRenderer(pad_event_to=0)
        self._width = max(len(child.name) for child in children)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        loop.add_signal_handler(signal.SIGUSR1, self._resume)
        tasks = [asyncio.create_task(self._keep(child)) for child in self._children]
        greeting = asyncio.create_task(self._greeting())
        await self._stopping.wait()
        greeting.cancel()
        kept = dict(zip(self._children, tasks, strict=True))
        # Directories stop last, because leaving nodes report to the directories.
        for directories in (False, True):
            await self._stop({c: t for c, t in kept.items() if c.name.startswith("directory") is directories})
        return 0

    def _hang_up(self) -> None:
        """Stop after SIGHUP: the terminal is closed, or a person wants the children to reload; tell how to reload."""
        _print("SIGHUP stops everything. `circlet reload all DIR` has the processes read their files again")
        self._stopping.set()

    def _resume(self) -> None:
        for child in self._children:
            child.resume.set()

    def _report(self) -> None:
        running = {c.name: c.process.pid for c in self._children if c.process and c.process.returncode is None}
        self._report_children(running)

    async def _stop(self, kept: dict[Child, asyncio.Task[None]]) -> None:
        if not kept:
            return
        for child in kept:
            if child.process is not None and child.process.returncode is None:
                child.process.terminate()
        _, late = await asyncio.wait(kept.values(), timeout=self._stop_s)
        for child in kept:
            if late and child.process is not None and child.process.returncode is None:
                self._say(child.name, f"did not stop within {self._stop_s:g} s: killed")
                child.process.kill()
        await asyncio.gather(*kept.values())

    async def _greeting(self) -> None:
        await asyncio.gather(*(child.ready.wait() for child in self._children if child.name.startswith("node")))
        _print(self._greet())

    async def _keep(self, child: Child) -> None:
        delay = BACK_OFF_S
        while not self._stopping.is_set():
            started = time.monotonic()
            hold_hang_up()  # the child starts with SIGHUP held back, and takes SIGHUP when ready
            try:
                # A session of its own: Ctrl-C reaches only this process, which then stops the children in order.
                child.process = await asyncio.create_subprocess_exec(
                    *child.command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,
                )
            finally:
                release_hang_up()
            self._report()
            await self._pass_on(child)
            code = await child.process.wait()
            child.resume.clear()  # a `circlet up` from before this stop does not apply
            self._report()
            if self._stopping.is_set():
                return
            if code == 0:
                self._say(child.name, "has stopped, and stays stopped until `circlet up` is said again")
                await self._first(child.resume, self._stopping)
                delay = BACK_OFF_S
                continue
            if time.monotonic() - started > GOOD_AFTER_S:
                delay = BACK_OFF_S
            wait_s = random.uniform(delay / 2, delay)
            self._say(child.name, f"ended with code {code}: started again in {wait_s:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)
            delay = min(delay * 2, BACK_OFF_MAX_S)

    async def _first(self, *events: asyncio.Event) -> None:
        """Wait until one of the events is set."""
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _pass_on(self, child: Child) -> None:
        assert child.process is not None and child.process.stdout is not None
        while True:
            try:
                line = await child.process.stdout.readline()
            except ValueError:  # a line beyond the reader's limit: the rest follows
                continue
            if not line:
                return
            if READY in line:
                child.ready.set()
            text = self._readable(line.decode("utf-8", "replace").rstrip("\n"))
            if text is not None:
                self._say(child.name, text)

    def _readable(self, line: str) -> str | None:
        """Format a line of a child's log. Children write JSON into a pipe; a person at a terminal gets readable text.

        Return None for a line that is shown only with `verbose`.
        """
        try:
            event = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            return line
        if "event" not in event:
            return line
        if not self._verbose and event.get("level") in QUIET:
            return None
        return self._render(None, "", event) if self._colour else line

    def _say(self, name: str, text: str) -> None:
        head = f"{name:{self._width}} |"
        if self._colour:
            head = f"\033[36m{head}\033[0m"
        _print(f"{head} {text}")


def _print(text: str) -> None:
    """Print a line. If the reader has gone, print to nowhere: the children still need care."""
    try:
        print(text, flush=True)  # noqa: T201
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
