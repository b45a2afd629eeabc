"""Logs: JSON lines for machines, colours for a terminal. Event names are constant, facts are fields, and people's words
are never logged.
"""

from __future__ import annotations

import logging
import sys
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
        if any(secret in name for secret in SECRETS):
            event[name] = "(not logged)"
    return event


def setup(level: str, form: str = "auto", file: Path | None = None) -> None:
    """Set up logging. form: auto (console on a terminal, else JSON), json or console. file: a file to append to, in
    place of standard error.
    """
    stream: TextIO = sys.stderr if file is None else file.open("a", encoding="utf-8", buffering=1)
    set_level(level)
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
    structlog.configure(processors=processors, logger_factory=structlog.PrintLoggerFactory(stream))
    logging.basicConfig(handlers=[_Forward(level=logging.WARNING)], level=_level, force=True)


class _Forward(logging.Handler):
    """Sends the log records of libraries to the same log."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger("library")
        facts: dict[str, Any] = {"library": record.name, "message": record.getMessage()}
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        (logger.error if record.levelno >= logging.ERROR else logger.warning)("library_message", **facts)
