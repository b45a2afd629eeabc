"""Reads a process's configuration file again, on SIGHUP or REHASH, and reports which settings apply at once or need a
restart.

Files named in the configuration (message of the day, certificates, the network key) count as parts of the
configuration. A change in such a file is reported under the setting that names the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from config import ConfigErrors, DirectoryConfig, NodeConfig
from config.reload import apply_live, changes
from gateway.edge.settings import Rehashed
from gateway.io.logs import set_level

C = TypeVar("C", NodeConfig, DirectoryConfig)

Contents = dict[str, bytes]
"""SHA-256 of each named file, by the dotted key of the setting; b"" if the file cannot be read."""

KEYS = ("network.key_file", "cloaks.key_file")
"""The settings of the named files with changes that need a restart."""


def contents(config: NodeConfig | DirectoryConfig) -> Contents:
    named: dict[str, Path] = {"network.key_file": config.network.key_file}
    if isinstance(config, NodeConfig):
        if config.cloaks.key_file is not None:
            named["cloaks.key_file"] = config.cloaks.key_file
        if config.motd_file is not None:
            named["motd_file"] = config.motd_file
        for number, listener in enumerate(config.listeners):
            if listener.tls is not None:
                named[f"listeners.{number}.tls.cert"] = listener.tls.cert
                named[f"listeners.{number}.tls.key"] = listener.tls.key
    if config.http is not None and config.http.tls is not None:
        named["http.tls.cert"] = config.http.tls.cert
        named["http.tls.key"] = config.http.tls.key
    return {key: _digest(path) for key, path in named.items()}


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def reread(
    config: C, known: Contents, path: Path, load: Callable[[Path], C], log: structlog.stdlib.BoundLogger
) -> tuple[C, Contents, Rehashed]:
    """Read the file again. known: the `contents` at the last reading.

    Returns the configuration to go on with, the new contents, and a report. If the file has mistakes, the old
    configuration and contents stay.
    """
    try:
        new = load(path)
    except ConfigErrors as problem:
        wrong = [str(mistake) for mistake in problem.mistakes]
        for mistake in wrong:
            log.error("reload_refused", mistake=mistake)
        return config, known, Rehashed(wrong=tuple(wrong))
    live, restart = changes(config, new)
    taken = apply_live(config, new)
    now = contents(taken)
    for key in sorted(now):
        if key in known and now[key] != known[key]:
            (restart if key in KEYS else live).append(key)
    set_level(taken.log.level)
    (log.warning if restart else log.info)("reloaded", live=live, needs_restart=restart)
    # The process still uses the keys of its start: report the due restart again at the next reload.
    kept = {key: known[key] for key in KEYS if key in known}
    return taken, {**now, **kept}, Rehashed(tuple(live), tuple(restart))
