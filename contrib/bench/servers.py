"""The kinds of servers by name, and the start of a subject, without limits, on free loopback ports."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contrib.bench.peers import Ergo, InspIRCd, NgIRCd
from contrib.bench.processes import CannotStartError, Kind, Servers, free_port

__all__ = ["PEERS", "CannotStartError", "Servers", "check", "dialling", "links", "start"]

LINK_S = 12.0  # for nodes to hear of each other: ngircd dials every 5 s, and one dial may fail

# Each limit is lifted, not merely raised: the load must meet the server's speed and nothing else. No PING falls
# into a measurement.
_CLIENTS = """\
clients:
  per_address: 0
  total: 0
  sendq: 16MiB
  ping_every_s: 1h
  flood:
    burst: 1000000
    rate: 1000000
    queued: 100000
    channels_per_minute: 0
    targets_per_minute: 0
"""


def start_circlet(servers: Servers, nodes: int, more: str = "") -> None:
    """Configure with `circlet init`, as a user would, then lift the limits. Several nodes get one directory.

    more: text for each node's file.
    """
    cli = [sys.executable, "-m", "gateway.cli.main"]
    directories = 1 if nodes > 1 else 0
    network = servers.folder / "network"
    made = subprocess.run(
        [*cli, "init", str(network), "--nodes", str(nodes), "--directories", str(directories)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise CannotStartError(f"circlet init failed:\n{made.stderr}")
    port, links, announcements = free_port(), free_port(), free_port(socket.SOCK_DGRAM)
    ports = {"6667": port, "7600": links, "7700": announcements, "8067": free_port(), "8071": free_port()}
    for path in network.glob("*.yaml"):
        text = re.sub(r"\b(6667|7600|7700|8067|8071)\b", lambda found: str(ports[found[0]]), path.read_text())
        text = re.sub(r"^clients:\n(?:  .*\n)+", _CLIENTS, text, flags=re.MULTILINE)
        path.write_text(text + (more if path.name.startswith("node") else ""))
    for number in range(1, directories + 1):
        path = network / f"directory-{number}.yaml"
        servers.helpers.append(servers.run(f"directory-{number}", [*cli, "directory", str(path)]))
    for number in range(1, nodes + 1):
        path = network / f"node-{number}.yaml"
        servers.addresses.append((f"127.0.0.{number}", port))
        servers.serve(f"node-{number}", [*cli, "node", str(path)])


class Circlet(Kind):
    """Circlet as `circlet init` configures it."""

    name = "circlet"

    def start(self, servers: Servers, nodes: int) -> None:
        start_circlet(servers, nodes)


class Unstored(Kind):
    """Circlet without history."""

    name = "unstored"

    def start(self, servers: Servers, nodes: int) -> None:
        start_circlet(servers, nodes, "history:\n  enabled: false\n")


_PEERS: tuple[Kind, ...] = (NgIRCd(), InspIRCd(), Ergo())
_KINDS: dict[str, Kind] = {kind.name: kind for kind in (Circlet(), Unstored(), *_PEERS)}
PEERS = tuple(peer.name for peer in _PEERS)


def check(kind: str) -> None:
    """Raise CannotStartError if there is no such program, before an hour of other measurements."""
    if words := _KINDS[kind].missing():
        raise CannotStartError(words)


def links(kind: str) -> bool:
    """Return whether several servers of the kind make a network."""
    return _KINDS[kind].links


def dialling(kind: str) -> int:
    """Return the number of people who may dial a server of the kind at the same time."""
    return _KINDS[kind].dialling


def start(kind: str, nodes: int, core: int | None) -> Servers:
    """Start `nodes` linked servers of a kind and wait until the servers take clients and know each other."""
    name = kind if nodes == 1 else f"{kind} x{nodes}"
    servers = Servers(name, Path(tempfile.mkdtemp(prefix="circlet-bench-")), core)
    try:
        _KINDS[kind].start(servers, nodes)
        for number in range(nodes):
            servers.wait_open(number)
    except BaseException:
        servers.__exit__(None, None, None)
        raise
    if nodes > 1:
        time.sleep(LINK_S)
    return servers
