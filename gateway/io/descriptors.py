"""The process's limit of open files: raised as far as the system allows, and divided between clients and other uses."""

from __future__ import annotations

import resource
from typing import Final

RESERVE: Final = 256
"""Descriptors kept back from clients: for links, directories, operators' programs, the store and the log."""

UNLIMITED: Final = 1 << 20
"""The assumed limit of a process without a limit: Linux allows no higher number (fs.nr_open)."""


def raise_limit() -> int:
    """Raise the soft limit to the hard limit; return the limit. Source: getrlimit(2), RLIMIT_NOFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):  # some systems allow less than the hard limit
            pass
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def room(limit: int, pages: int = 0) -> int:
    """Return how many clients a limit has room for. The reserve takes at most a quarter of the limit.

    pages: connections that the HTTP listener may have. These take at most another quarter.
    """
    return limit - min(RESERVE, limit // 4) - min(pages, limit // 4)
