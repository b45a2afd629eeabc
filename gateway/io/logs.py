"""Logs: JSON lines for machines, colours for a terminal. Event names are constant, facts are fields, and people's words
are never logged.

A crowd of clients writes thousands of lines at the level info in a second. As JSON these lines take a short way past
the processors of structlog, with the same result, and the lines of one turn of the event loop are written together.
A line of a higher level is written at once, after all earlier lines.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
SECRETS = ("password", "secret", "key_file", "network_key")

_level = LEVELS["info"]

# Tracebacks leave out variables, since variables hold passwords and people's words.
_tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def set_level(level: str) -> None:
    """Change the level, with effect on every later log line."""
    global _level
    _level = LEVELS[level]
    logging.getLogger().setLevel(_level)


def _filter(_logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if LEVELS.get(method, 40) < _level:
        raise structlog.DropEvent
    return event


def _guard(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hide the values of fields named like secrets, as a last guard."""
    for name in event:
        if _is_secret(name):
            event[name] = "(not logged)"
    return event


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return any(secret in name for secret in SECRETS)


class _Output:
    """Writes lines to a stream. structlog calls the method with the name of the line's level."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []  # lines of this turn of the event loop
        atexit.register(self.flush)

    def info(self, line: str) -> None:
        """Write the line with the other lines of this turn of the loop. Without a loop, write the line at once."""
        self._waiting.append(line)
        if len(self._waiting) > 1:
            return
        try:
            asyncio.get_running_loop().call_soon(self.flush)
        except RuntimeError:
            self.flush()

    def warning(self, line: str) -> None:
        """Write the line at once."""
        self._waiting.append(line)
        self.flush()

    debug = info
    error = critical = warning

    def flush(self) -> None:
        lines, self._waiting = self._waiting, []
        if lines:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()


_encode = json.JSONEncoder(default=repr).encode


class _Logger(structlog.BoundLoggerBase):
    """Makes lines with the processors."""

    def debug(self, event: str, **facts: Any) -> Any:
        return self._proxy_to_logger("debug", event, **facts)

    def info(self, event: str, **facts: Any) -> Any:
        return self._proxy_to_logger("info", event, **facts)

    def warning(self, event: str, **facts: Any) -> Any:
        return self._proxy_to_logger("warning", event, **facts)

    def error(self, event: str, **facts: Any) -> Any:
        return self._proxy_to_logger("error", event, **facts)

    def critical(self, event: str, **facts: Any) -> Any:
        return self._proxy_to_logger("critical", event, **facts)

    def exception(self, event: str, **facts: Any) -> Any:
        """Log an error with the traceback of the present exception."""
        return self.error(event, exc_info=True, **facts)


class _JsonLogger(_Logger):
    """Makes a line of JSON without the processors, at the level info alone."""

    def info(self, event: str, **facts: Any) -> Any:
        if "exc_info" in facts:
            return super().info(event, **facts)
        if _level > LEVELS["info"]:
            return None
        line = {**self._context, **facts, "event": event, "level": "info"}
        line["timestamp"] = datetime.now(UTC).isoformat()[: -len("+00:00")] + "Z"
        return self._logger.info(_encode(_guard(None, "info", line)))


def setup(level: str, form: str = "auto", file: Path | None = None) -> None:
    """Set up logging. form: auto (console on a terminal, else JSON), json or console. file: a file to append to, in
    place of standard error.
    """
    stream: TextIO = sys.stderr if file is None else file.open("a", encoding="utf-8", buffering=1)
    set_level(level)
    output = _Output(stream)
    console = form == "console" or (form == "auto" and stream.isatty())
    processors: list[Any] = [
        _filter,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _guard,
    ]
    if console:
        processors.append(
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
        )
    else:
        processors += [_tracebacks, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=processors,
        wrapper_class=_Logger if console else _JsonLogger,
        logger_factory=lambda *_: output,
    )
    logging.basicConfig(handlers=[_Forward(level=logging.WARNING)], level=_level, force=True)


class _Forward(logging.Handler):
    """Sends the log records of libraries to the same log."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger("library")
        facts: dict[str, Any] = {"library": record.name, "message": record.getMessage()}
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        (logger.error if record.levelno >= logging.ERROR else logger.warning)("library_message", **facts)
