"""A request that cannot be answered. No I/O."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """Answered with the status, and with JSON whose text says what would be right."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = dict(headers or {})


class BadRequest(Refused):
    """Answered with 400."""

    def __init__(self, text: str) -> None:
        super().__init__(400, text)


class Unknown(Refused):
    """Answered with 503: the process does not know enough now."""

    def __init__(self, text: str) -> None:
        super().__init__(503, text)
