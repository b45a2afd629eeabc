"""A request that cannot be answered. No I/O."""

from __future__ import annotations


class BadRequest(ValueError):
    """Answered with 400; the text says what would be right."""
