"""Starts the measured servers: Circlet and ngircd, single or linked, without limits, on free loopback ports."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

START_S = 60.0
DIALLING = {"ngircd": 8}
"""By kind of server: people who may dial at the same time. ngircd has a listen backlog of 10, and the kernel drops
further SYNs, which come again a second later."""

LINK_S = 12.0  # for nodes to hear of each other: ngircd dials every 5 s, and one dial may fail

# Each limit is lifted, not merely raised: the load must meet the server's speed and nothing else. No PING falls
# into a measurement.
_CIRCLET_CLIENTS = """\
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
"""

_NGIRCD = """\
[Global]
Name = n{number}.bench.local
Info = bench
Listen = 127.0.0.{number}
Ports = {port}
MotdPhrase = "bench"
[Limits]
ConnectRetry = 5
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
IncludeDir = {empty}
"""

_NGIRCD_LINK = """\
[Server]
Name = n{number}.bench.local
MyPassword = bench
PeerPassword = bench
{dial}
"""


class CannotStartError(Exception):
    """A server is missing or does not come up; the text names the server and has the server's words."""


@dataclass
class Servers:
    """The processes of a subject. The end of the context ends the processes and removes the folder."""

    name: str
    folder: Path
    core: int | None
    addresses: list[tuple[str, int]] = field(default_factory=list)
    commands: list[tuple[str, list[str]]] = field(default_factory=list)
    measured: list[subprocess.Popen[bytes]] = field(default_factory=list)
    helpers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """The processes with clients: CPU and memory of these count."""
        return [process.pid for process in self.measured]

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in (*self.measured, *self.helpers):
            process.kill()
        for process in (*self.measured, *self.helpers):
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a process on the servers' core, with the output in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if self.core is not None:
            os.sched_setaffinity(process.pid, {self.core})
        return process

    def serve(self, name: str, command: list[str]) -> None:
        """Start a server for clients."""
        self.commands.append((name, command))
        self.measured.append(self.run(name, command))

    def again(self, number: int) -> None:
        """Start server `number`, counted from 0, once more."""
        self.measured[number] = self.run(*self.commands[number])

    def log(self, number: int) -> str:
        return (self.folder / f"{self.commands[number][0]}.log").read_text(errors="replace")

    def wait_open(self, number: int) -> None:
        """Wait until node `number`, counted from 0, takes clients."""
        end = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(self.addresses[number], timeout=1).close()
                return
            except OSError as error:
                if self.measured[number].poll() is None and time.monotonic() < end:
                    time.sleep(0.05)
                    continue
                said = "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))
                raise CannotStartError(f"{self.name} did not start. It said:\n{said[-2000:]}") from error


def _free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _circlet(servers: Servers, nodes: int, more: str = "") -> None:
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
    port, links, announcements = _free_port(), _free_port(), _free_port(socket.SOCK_DGRAM)
    ports = {"6667": port, "7600": links, "7700": announcements, "8067": _free_port()}
    for path in network.glob("*.yaml"):
        text = re.sub(r"\b(6667|7600|7700|8067)\b", lambda found: str(ports[found[0]]), path.read_text())
        text = re.sub(r"^clients:\n(?:  .*\n)+", _CIRCLET_CLIENTS, text, flags=re.MULTILINE)
        path.write_text(text + (more if path.name.startswith("node") else ""))
    for number in range(1, directories + 1):
        path = network / f"directory-{number}.yaml"
        servers.helpers.append(servers.run(f"directory-{number}", [*cli, "directory", str(path)]))
    for number in range(1, nodes + 1):
        path = network / f"node-{number}.yaml"
        servers.addresses.append((f"127.0.0.{number}", port))
        servers.serve(f"node-{number}", [*cli, "node", str(path)])


def _ngircd(servers: Servers, nodes: int) -> None:
    """Server 1 is the hub: the other servers dial server 1."""
    program = _find_ngircd()
    port = _free_port()
    empty = servers.folder / "empty"  # ngircd reads every other file of that folder, too
    empty.mkdir()
    for number in range(1, nodes + 1):
        text = _NGIRCD.format(number=number, port=port, empty=empty)
        if number == 1:
            text += "".join(_NGIRCD_LINK.format(number=other, dial="") for other in range(2, nodes + 1))
        else:
            text += _NGIRCD_LINK.format(number=1, dial=f"Host = 127.0.0.1\nPort = {port}")
        path = servers.folder / f"ngircd-{number}.conf"
        path.write_text(text)
        servers.addresses.append((f"127.0.0.{number}", port))
        servers.serve(f"ngircd-{number}", [program, "--nodaemon", "--config", str(path)])


def _find_ngircd() -> str:
    program = shutil.which("ngircd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        raise CannotStartError("ngircd is not installed: apt-get install ngircd, or run with --peer none")
    return program


def _unstored(servers: Servers, nodes: int) -> None:
    """Circlet without history."""
    _circlet(servers, nodes, "history:\n  enabled: false\n")


_STARTERS: dict[str, Callable[[Servers, int], None]] = {
    "circlet": _circlet,
    "unstored": _unstored,
    "ngircd": _ngircd,
}


def check(kind: str) -> None:
    """Raise CannotStartError if there is no such program, before an hour of other measurements."""
    if kind == "ngircd":
        _find_ngircd()


def start(kind: str, nodes: int, core: int | None) -> Servers:
    """Start `nodes` linked servers of a kind and wait until the servers take clients and know each other."""
    name = kind if nodes == 1 else f"{kind} x{nodes}"
    servers = Servers(name, Path(tempfile.mkdtemp(prefix="circlet-bench-")), core)
    try:
        _STARTERS[kind](servers, nodes)
        for number in range(nodes):
            servers.wait_open(number)
    except BaseException:
        servers.__exit__(None, None, None)
        raise
    if nodes > 1:
        time.sleep(LINK_S)
    return servers
