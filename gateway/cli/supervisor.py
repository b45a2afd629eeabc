"""Child processes that are kept running: started, watched, started again with back-off, stopped together."""

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

BACK_OFF_S = 1.0
BACK_OFF_MAX_S = 30.0
GOOD_AFTER_S = 60.0
READY = b'"node_started"'


class Child:
    """One process to keep running."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.command = command
        self.process: asyncio.subprocess.Process | None = None
        self.ready = asyncio.Event()


class Supervisor:
    """Runs the children until SIGINT or SIGTERM, or until its terminal is closed.

    stop_s: how long they get to end by themselves.
    """

    def __init__(self, children: list[Child], stop_s: float, greet: Callable[[], str]) -> None:
        self._children = children
        self._stop_s = stop_s
        self._greet = greet
        self._stopping = asyncio.Event()
        self._colour = sys.stdout.isatty()
        self._render = structlog.dev.ConsoleRenderer(pad_event_to=0)
        self._width = max(len(child.name) for child in children)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        tasks = [asyncio.create_task(self._keep(child)) for child in self._children]
        greeting = asyncio.create_task(self._greeting())
        await self._stopping.wait()
        greeting.cancel()
        kept = dict(zip(self._children, tasks, strict=True))
        # Directories last: the nodes take their leave of them.
        for directories in (False, True):
            await self._stop({c: t for c, t in kept.items() if c.name.startswith("directory") is directories})
        return 0

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
            # Its own session: Ctrl-C reaches this process alone, which then stops the children in order.
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
            await self._pass_on(child)
            code = await child.process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > GOOD_AFTER_S:
                delay = BACK_OFF_S
            wait_s = random.uniform(delay / 2, delay)
            self._say(child.name, f"ended with code {code}: started again in {wait_s:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)
            delay = min(delay * 2, BACK_OFF_MAX_S)

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
            self._say(child.name, self._readable(line.decode("utf-8", "replace").rstrip("\n")))

    def _readable(self, line: str) -> str:
        """Children log JSON, as they write to a pipe; a person at a terminal gets what a terminal would have got."""
        if not self._colour or not line.startswith("{"):
            return line
        try:
            event = json.loads(line)
        except ValueError:
            return line
        return self._render(None, "", event) if "event" in event else line

    def _say(self, name: str, text: str) -> None:
        head = f"{name:{self._width}} |"
        if self._colour:
            head = f"\033[36m{head}\033[0m"
        _print(f"{head} {text}")


def _print(text: str) -> None:
    """Whoever read it may be gone: that is no reason to leave the children alone."""
    try:
        print(text, flush=True)  # noqa: T201
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
