"""The processes of a subject, and what each kind of server brings along: a class for each kind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import ClassVar

START_S = 60.0


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


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Kind(ABC):
    """A kind of server: how the servers are configured without limits, and started."""

    name: ClassVar[str]
    links: ClassVar[bool] = True
    """Whether several servers of the kind make a network."""
    dialling: ClassVar[int] = 1024
    """People who may dial at the same time. The kernel drops a SYN beyond the backlog; the SYN comes again later."""

    def missing(self) -> str | None:
        """Return in words what has to be installed, or None."""
        return None

    @abstractmethod
    def start(self, servers: Servers, nodes: int) -> None:
        """Configure and start `nodes` servers, linked if there are several. Raises CannotStartError."""


def find_program(name: str) -> str | None:
    """Return the path of a program, also of a program that only root has in PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
