"""What the directories of a configuration say of the network."""

from __future__ import annotations

import asyncio

from config import DirectoryConfig, NodeConfig
from gateway.cli.files import fail
from ring.roster import NodeRecord
from ring.shells.directory_client import NoAnswer, query_nodes

TIMEOUT_S = 2.0


def directories_of(config: NodeConfig | DirectoryConfig) -> list[tuple[str, int]]:
    """(IP, port) each."""
    if isinstance(config, DirectoryConfig):
        return [(config.address.host, config.address.port)]
    return [(d.host, d.port) for d in config.directories]


def live_nodes(config: NodeConfig | DirectoryConfig) -> list[tuple[NodeRecord, float]] | None:
    """Records with their age in seconds, by name; None where the configuration names no directory."""
    directories = directories_of(config)
    if not directories:
        return None
    try:
        found = asyncio.run(query_nodes(directories, TIMEOUT_S))
    except (OSError, NoAnswer) as problem:
        fail(f"no directory answered within {TIMEOUT_S:g} s: is one running, and do the addresses fit? {problem}")
    return sorted([(row.record, row.age_s) for row in found], key=lambda row: row[0].name)
