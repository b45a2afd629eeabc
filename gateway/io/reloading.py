"""SIGHUP and REHASH: a process reads its file again, and says which settings count at once or need a restart.

What the file names (message of the day, certificates, the network key) counts as a part of it: a changed text in one of
those files is reported under the setting that names the file.
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
"""SHA-256 of each file that a configuration names, by the dotted key of the setting; b"" if the file cannot be read."""

KEY = "network.key_file"
"""The setting of the only file that counts only after a restart."""


def contents(config: NodeConfig | DirectoryConfig) -> Contents:
    named: dict[str, Path] = {KEY: config.network.key_file}
    if isinstance(config, NodeConfig):
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
    """Read the file again. known: `contents` of when it was read before.

    Returns the configuration to go on with, its contents, and what to tell; the old ones if there are mistakes in it.
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
            (restart if key == KEY else live).append(key)
    set_level(taken.log.level)
    (log.warning if restart else log.info)("reloaded", live=live, needs_restart=restart)
    # The process still has the key of its start, so a restart stays due until the restart comes.
    return taken, {**now, KEY: known.get(KEY, now[KEY])}, Rehashed(tuple(live), tuple(restart))
