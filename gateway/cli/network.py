"""Asks the directories about the network. The directories come from a file or from the command line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from config import DirectoryConfig, NodeConfig
from config.values import split_endpoint
from gateway.cli.files import FILE, fail, read
from ring.io.directory_client import NoAnswer, query_nodes
from ring.roster import NodeRecord

TIMEOUT_S = 2.0

F = TypeVar("F", bound=Callable[..., Any])


class Place(NamedTuple):
    """The directories to ask. config: None if the directories come from the command line."""

    directories: list[tuple[str, int]]  # IP and port of each
    config: NodeConfig | DirectoryConfig | None = None


def asks_directories(files: str) -> Callable[[F], F]:
    """Add the options that name the directories: a file, or addresses. files: says whose file is accepted."""

    def decorate(command: F) -> F:
        command = click.option(
            "--directory",
            "addresses",
            metavar="HOST:PORT",
            multiple=True,
            help="a directory to ask, without any file or key; may be given several times",
        )(command)
        return click.option("--config", "path", type=FILE, help=files)(command)

    return decorate


def place_of(path: Path | None, addresses: tuple[str, ...]) -> Place:
    """Return the place that the options name. Mistakes end the command."""
    if (path is None) == (not addresses):
        raise click.UsageError("Say which directories to ask: --config FILE, or --directory HOST:PORT.")
    if path is None:
        return Place([_resolved(address) for address in addresses])
    config = read(path)
    return Place(directories_of(config), config)


def _resolved(address: str) -> tuple[str, int]:
    try:
        host, port = split_endpoint(address)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except ValueError as problem:
        fail(f"--directory {address}: wanted {problem}")
    except OSError as problem:
        fail(f"--directory {address}: the host is not found: {problem.strerror or problem}")
    return str(found[0][4][0]), port


def directories_of(config: NodeConfig | DirectoryConfig) -> list[tuple[str, int]]:
    """Return IP and port of each directory."""
    if isinstance(config, DirectoryConfig):
        return [(config.address.host, config.address.port)]
    return [(d.host, d.port) for d in config.directories]


def live_nodes(place: Place) -> list[tuple[NodeRecord, float]] | None:
    """List the nodes by name, with the age of each record in seconds. Return None without directories to ask."""
    if not place.directories:
        return None
    try:
        found = asyncio.run(query_nodes(place.directories, TIMEOUT_S))
    except (OSError, NoAnswer) as problem:
        fail(f"no directory answered within {TIMEOUT_S:g} s: is one running, and do the addresses fit? {problem}")
    return sorted([(row.record, row.age_s) for row in found], key=lambda row: row[0].name)
