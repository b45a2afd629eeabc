"""End the process at an unexpected exception (crash-only, P43); a fresh process replaces the ended process.

A node with stopped timers and beating links is a failure that nobody notices: the peers take the node for alive and
wait. So every turn of the loop either ends well or ends the process, with the event `bug`, the traceback and exit code
70. The supervisor starts the process again, and the node's peers take over the node's groups meanwhile.

Source: G. Candea, A. Fox, "Crash-Only Software", HotOS IX, 2003; exit code 70 is EX_SOFTWARE of sysexits(3).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

BUG: Final = 70
"""The exit code of a process that has met a mistake of the program."""

OURS: Final = frozenset(("circlet", "config", "gateway", "ring"))
"""The packages of this program, installed or in the repository: a traceback without them is a library's own affair."""

P = ParamSpec("P")
T = TypeVar("T")


class CrashOnly:
    """End the process where the program has a mistake."""

    def __init__(self, log: Any, end: Callable[[int], object] = os._exit) -> None:
        """log: a structlog logger. end: ends the process. Nothing is tidied up: the half-done work of a turn must not
        be handed on to peers or written to disk."""
        self._log = log
        self._end = end

    def bug(self, where: str, problem: BaseException) -> None:
        self._log.error("bug", where=where, exit_code=BUG, exc_info=problem)
        self._end(BUG)

    async def exit_code(self, run: Awaitable[int]) -> int:
        """Return the exit code of a whole run of the process. An exception that leaves the run is a mistake, too."""
        try:
            return await run
        except Exception as problem:
            self.bug("run", problem)
            return BUG

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Judge the exceptions that timers, sockets' callbacks and tasks of the loop leave unhandled."""
        loop.set_exception_handler(self._unhandled)

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        problem, message = context.get("exception"), str(context.get("message", ""))
        # An OSError is the network's or the system's doing. Turns that must never raise an OSError are `crash_only`.
        if isinstance(problem, Exception) and not isinstance(problem, OSError) and is_ours(problem.__traceback__):
            self.bug(message, problem)
        elif isinstance(problem, OSError):
            self._log.info("loop_trouble", message=message, reason=str(problem))
        else:
            self._log.error("loop_trouble", message=message, exc_info=problem)


class HasCrash(Protocol):
    crash: CrashOnly


S = TypeVar("S", bound=HasCrash)


def crash_only(turn: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Decorate a method that the loop calls: any exception that leaves the method ends the process."""

    def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return turn(self, *args, **kwargs)
        except Exception as problem:
            self.crash.bug(turn.__qualname__, problem)
            raise

    return guarded


def is_ours(traceback: TracebackType | None) -> bool:
    """Tell whether a frame of this program is part of the traceback."""
    while traceback is not None:
        name = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in OURS:
            return True
        traceback = traceback.tb_next
    return False
