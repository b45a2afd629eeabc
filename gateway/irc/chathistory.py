"""The parameters of CHATHISTORY. Source: IRCv3 chathistory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.irc.times import read_server_time

MAX_MSGID = 256
_REFERENCES = {"LATEST": 1, "BEFORE": 1, "AFTER": 1, "AROUND": 1, "BETWEEN": 2, "TARGETS": 2}
"""Subcommand -> number of places of the history among the parameters."""

_MAX_DIGITS = 9


class Reference(NamedTuple):
    """A place in a history: a time (Unix ms) or a message's id."""

    at: int | None = None
    msgid: str | None = None


class Request(NamedTuple):
    """sub: upper case. target: "" for TARGETS. references: None stands for "*". limit: at least 1."""

    sub: str
    target: str
    references: tuple[Reference | None, ...]
    limit: int


class Problem(NamedTuple):
    """The parameters of FAIL after CHATHISTORY: the code, then the context. The text is the last of the context."""

    code: str
    context: tuple[str, ...]


def parse_request(params: Sequence[str], most: int) -> Request | Problem:
    """Read the parameters of CHATHISTORY.

    most: the largest limit of a request. A request for more lines gets this limit instead.
    """
    sub = params[0].upper() if params else ""
    count = _REFERENCES.get(sub)
    shown = sub[:32] or "*"
    if count is None:
        return Problem("INVALID_PARAMS", (shown, "Unknown command"))
    rest = list(params[1:])
    target = "" if sub == "TARGETS" else rest.pop(0) if rest else ""
    if len(rest) < count + 1 or (sub != "TARGETS" and not target):
        return Problem("INVALID_PARAMS", (shown, "Insufficient parameters"))
    if len(rest) > count + 1:
        return Problem("INVALID_PARAMS", (shown, "Too many parameters"))
    references: list[Reference | None] = []
    for text in rest[:count]:
        reference = None if text == "*" and sub == "LATEST" else _read(text, sub, target)
        if isinstance(reference, Problem):
            return reference
        references.append(reference)
    digits = rest[-1]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS and int(digits) > 0):
        return Problem("INVALID_PARAMS", (shown, digits[:64] or "*", "Invalid limit"))
    return Request(sub, target, tuple(references), min(int(digits), most))


def _read(text: str, sub: str, target: str) -> Reference | Problem:
    kind, equals, value = text.partition("=")
    if kind == "timestamp" and equals:
        at = read_server_time(value)
        return Problem("INVALID_PARAMS", (sub, value[:64] or "*", "Invalid timestamp")) if at is None else Reference(at)
    if kind == "msgid" and equals and sub != "TARGETS":
        if not value or len(value) > MAX_MSGID:
            return Problem("INVALID_PARAMS", (sub, value[:64] or "*", "Invalid msgid"))
        return Reference(None, value)
    if sub == "TARGETS":
        return Problem("INVALID_PARAMS", (sub, text[:64] or "*", "Invalid timestamp"))
    if equals:
        return Problem("INVALID_MSGREFTYPE", (sub, target[:64], kind[:32] or "*", "A place is timestamp= or msgid="))
    return Problem("INVALID_PARAMS", (sub, text[:64] or "*", "Invalid reference: give timestamp= or msgid="))
