"""Errors for requests that cannot be answered. No I/O."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """The answer has this status, and JSON with a text about a right request."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = dict(headers or {})


class BadRequest(Refused):
    """The answer has status 400."""

    def __init__(self, text: str) -> None:
        super().__init__(400, text)


class Unknown(Refused):
    """The answer has status 503, because the process does not know enough now."""

    def __init__(self, text: str) -> None:
        super().__init__(503, text)
