"""The process's limit of open files: raised as far as it may be, and shared between clients and everything else."""

from __future__ import annotations

import resource
from typing import Final

RESERVE: Final = 256
"""Descriptors that clients do not get: for links, directories, operators' programs, the store and the log."""

UNLIMITED: Final = 1 << 20
"""What a process without a limit is taken to have: Linux gives none more (fs.nr_open)."""


def raise_limit() -> int:
    """Raise the soft limit to the hard one. Returns the limit. Source: getrlimit(2), RLIMIT_NOFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):  # some systems refuse more than they have, whatever the hard limit says
            pass
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def room(limit: int, pages: int = 0) -> int:
    """How many clients fit into so many descriptors: the reserve is a quarter of a small limit.

    pages: connections that the HTTP listener may have, which get a quarter of a small limit, too.
    """
    return limit - min(RESERVE, limit // 4) - min(pages, limit // 4)
