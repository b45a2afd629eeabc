"""SIGHUP: a process reads its file again, and says what of it counts at once and what needs a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from config import ConfigErrors, DirectoryConfig, NodeConfig
from config.reload import apply_live, changes
from gateway.shells.logs import set_level

C = TypeVar("C", NodeConfig, DirectoryConfig)


def reread(config: C, path: Path, load: Callable[[Path], C], log: structlog.stdlib.BoundLogger) -> C | None:
    """`config` with what can change live as the file has it by now; None if there are mistakes in it."""
    try:
        new = load(path)
    except ConfigErrors as problem:
        for mistake in problem.mistakes:
            log.error("reload_refused", mistake=str(mistake))
        return None
    live, restart = changes(config, new)
    taken = apply_live(config, new)
    set_level(taken.log.level)
    (log.warning if restart else log.info)("reloaded", live=live, needs_restart=restart)
    return taken
