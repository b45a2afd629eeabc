"""One `circlet node` process on loopback, configured, signalled and followed in its log by tests; and bare clients."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.keyfile import create_key
from tests.e2e.network import Client, free_port
from tests.patience import WITHIN_S
from tests.program import Forked


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes`, section by section."""
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


class OneNode:
    """The process, and its standard error, line by line."""

    program = ""
    """A Python program to run instead of a forked `circlet`; for a test that breaks the program on purpose."""

    def __init__(self, folder: Path, descriptors: int = 0, **changes: Any) -> None:
        """descriptors: the process's hard limit of open files, 0 for the limit of the tests."""
        self.folder = folder
        self.path = folder / "node.yaml"
        self.port = free_port()
        self.records: list[dict[str, Any]] = []
        self.text = ""
        self._news = threading.Condition()
        if not (folder / "network.key").exists():
            create_key(folder / "network.key")
        self.config = merged(
            {
                "network": {"name": "Circlet", "server_name": "irc.circlet.local", "key_file": "network.key"},
                "node": {"name": "node-1.circlet.local", "ip": "127.0.0.1", "state_dir": "state"},
                "listeners": [{"host": "127.0.0.1", "port": self.port}],
                "links": {"port": free_port()},
                "clients": {"per_address": 0},
            },
            changes,
        )
        self.write()
        self.process = self._start(descriptors)
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _start(self, descriptors: int) -> Forked | subprocess.Popen[bytes]:
        if not self.program:
            return Forked(["node", str(self.path)], descriptors=descriptors)
        command = [sys.executable, "-c", self.program, "node", str(self.path)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    @classmethod
    def started(cls, folder: Path, **changes: Any) -> OneNode:
        node = cls(folder, **changes)
        try:
            node.event("node_started")
        except BaseException:
            node.stop()
            raise
        return node

    def __enter__(self) -> OneNode:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # The file and signals

    def write(self, **changes: Any) -> None:
        """JSON is YAML."""
        self.config = merged(self.config, changes)
        self.path.write_text(json.dumps(self.config, indent=1))

    def reload(self, event: str = "reloaded", **changes: Any) -> dict[str, Any]:
        """Change the file and send SIGHUP; return the answering log record."""
        if changes:
            self.write(**changes)
        seen = len(self.records)
        self.process.send_signal(signal.SIGHUP)
        return self.event(event, since=seen)

    def ended(self, number: int | None = None, within_s: float = WITHIN_S) -> int:
        """The exit code, after a signal or by itself."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(within_s)
        self._reading.join(within_s)
        return code

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reading.join(WITHIN_S)
        assert self.process.stdout is not None
        self.process.stdout.close()

    # The log

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.text += line.decode("utf-8", "replace")
                try:
                    self.records.append(json.loads(line))
                except ValueError:
                    self.records.append({"event": "(not JSON)", "text": line.decode("utf-8", "replace")})
                self._news.notify_all()

    def event(self, name: str, since: int = 0, within_s: float = WITHIN_S, **facts: Any) -> dict[str, Any]:
        """The first record of this name with these facts, from the record `since` on."""

        def found() -> dict[str, Any] | None:
            fits = (r for r in self.records[since:] if r["event"] == name and facts.items() <= r.items())
            return next(fits, None)

        self.until(found, f"{name} {facts}", within_s)
        record = found()
        assert record is not None
        return record

    def until(self, logged: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
        """Wait until the log makes the condition true."""
        with self._news:
            happened = self._news.wait_for(logged, within_s)
        assert happened, f"{what} was not logged:\n{self.text}"

    # Clients

    def connect(self, *, port: int | None = None, host: str = "127.0.0.1", from_ip: str = "", rcvbuf: int = 0) -> Wire:
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if from_ip:
            sock.bind((from_ip, 0))
        sock.settimeout(WITHIN_S)
        sock.connect((host, port or self.port))
        return Wire(sock)

    def client(self, nick: str, **how: Any) -> Wire:
        wire = self.connect(**how)
        wire.register(nick)
        return wire


class Wire(Client):
    """A client, silent so far."""

    def __init__(self, sock: socket.socket) -> None:
        self.nick = "*"
        self.got = []
        self._seen = 0
        self._rest = b""
        self._tokens = 0
        self.socket = sock

    def register(self, nick: str) -> None:
        self.nick = nick
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.expect(" 221 ")

    def join(self, channel: str) -> None:
        self.send(f"JOIN {channel}")
        self.expect(f" 366 {self.nick} {channel} ")

    def until_closed(self, within_s: float = WITHIN_S) -> str:
        """Return all input until the node hangs up, with earlier unexpected input."""
        end = time.monotonic() + within_s
        data = b""
        while True:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return "\n".join(self.got) + "\n" + (self._rest + data).decode()
            data += more

    def tls(self, context: ssl.SSLContext, name: str) -> Wire:
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        return self
