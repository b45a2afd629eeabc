"""Real processes on loopback: a network of `circlet node` and `circlet directory`, and blocking IRC clients."""

from __future__ import annotations

import random
import re
import signal
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import trustme

from config.generate import write_network
from ring.features import LEVEL
from tests.patience import WITHIN_S
from tests.program import CIRCLET, Forked, fork_circlet


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a port free on every loopback address of a test.

    The port is below the kernel's range for outgoing connections (net.ipv4.ip_local_port_range): a browser's connection
    could take a port of that range before the test's server does.
    """
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


class Client:
    """A plain IRC client over a blocking socket."""

    def __init__(
        self,
        host: str,
        port: int,
        nick: str,
        caps: str = "",
        *,
        tls: ssl.SSLContext | None = None,
        registers: bool = True,
        from_ip: str = "",
    ) -> None:
        """registers: otherwise the test has to go on after CAP REQ. from_ip: the client's own address, of loopback."""
        self.nick = nick
        self.got: list[str] = []
        self._seen = 0  # lines passed over by `expect`
        self._rest = b""
        self._tokens = 0
        source = (from_ip, 0) if from_ip else None
        self.socket = socket.create_connection((host, port), timeout=WITHIN_S, source_address=source)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        if caps:
            self.send("CAP LS 302", f"CAP REQ :{caps}")
        if registers:
            self._register(caps)

    def _register(self, caps: str) -> None:
        self.send(f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}")
        if caps:
            self.send("CAP END")
        self.expect(" 221 ")

    def send(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def expect(self, pattern: str, within_s: float = WITHIN_S) -> str:
        """Read on until a line matches; return the line. A failure shows the lines read instead."""
        end = time.monotonic() + within_s
        while True:
            for line in self.got[self._seen :]:
                self._seen += 1
                if re.search(pattern, line):
                    return line
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                data = b""
            assert data, f"{self.nick} waited for {pattern!r} and got {self.got[-8:]}"
            lines = (self._rest + data).split(b"\r\n")
            self._rest = lines.pop()
            for raw in lines:
                text = raw.decode("utf-8", "surrogateescape")
                if text.startswith("PING "):
                    self.send("PONG " + text[5:])
                self.got.append(text)

    def sync(self) -> None:
        """PING and PONG: all earlier lines are settled."""
        self._tokens += 1
        self.send(f"PING sync{self._tokens}")
        self.expect(f"PONG .*sync{self._tokens}$")

    def heard(self, target: str) -> list[str]:
        found = [re.match(rf"(?:@\S+ )?:\S+ PRIVMSG {re.escape(target)} :?(.*)", line) for line in self.got]
        return [match[1] for match in found if match]

    def close(self) -> None:
        self.socket.close()


def with_tls(folder: Path) -> int:
    """Let every node of a written network listen for TLS, too, with a certificate of a new authority; return the
    port.
    """
    authority, port = trustme.CA(), free_port()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert("127.0.0.1", "127.0.0.2", "127.0.0.3")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    for path in folder.glob("node-*.yaml"):
        text = re.sub(r"#(  - host: .*)\n#(    port: )6697\n#(    tls: .*)", rf"\1\n\g<2>{port}\n\3", path.read_text())
        path.write_text(text)
    return port


def configured(folder: Path, nodes: int, directories: int) -> int:
    """Write a network on free ports; the port for IRC, on 127.0.0.1 and so on."""
    write_network(folder, nodes, directories)
    irc, links, web, first = free_port(), free_port(), free_port(), free_port(socket.SOCK_DGRAM)
    ports = {"6667": irc, "7600": links, "8067": web}
    for number in range(1, directories + 1):
        ports |= {str(7699 + number): first + number, str(8070 + number): free_port()}
    for path in folder.glob("*.yaml"):  # in one pass: a port may contain the digits of another
        path.write_text(re.sub(r"\b\d{4,5}\b", lambda found: str(ports.get(found[0], found[0])), path.read_text()))
    return irc


class Network:
    """Starts the processes of a generated network, each with state in its own folder."""

    fresh = False
    """True: each process is a new Python process, as started by an operator, and not a fork."""

    def __init__(
        self, folder: Path, nodes: int = 3, directories: int = 3, *, tls: bool = False, hasty: bool = False
    ) -> None:
        """hasty: nobody is slowed by flood control."""
        self.folder = folder
        self.processes: dict[str, Forked | subprocess.Popen[bytes]] = {}
        self.port = configured(folder, nodes, directories)
        for path in folder.glob("node-*.yaml") if hasty else ():
            flood = "  flood: {burst: 1000000, rate: 1000000, targets_per_minute: 0}\n  per_address: 0"
            path.write_text(path.read_text().replace("  per_address: 0", flood, 1))
        self.tls_port = with_tls(folder) if tls else 0
        links = re.search(r"links:.*\n +port: (\d+)", (folder / "node-1.yaml").read_text())
        assert links is not None
        self.link_port = int(links[1])
        try:
            self._begin(nodes, directories)
        except BaseException:
            self.stop()
            raise

    def _begin(self, nodes: int, directories: int) -> None:
        for number in range(1, directories + 1):
            self.start(f"directory-{number}")
        for number in range(1, nodes + 1):
            self.start(f"node-{number}")
        for number in range(1, nodes + 1):
            self.wait_open(number)

    def start(self, name: str) -> None:
        self.start_as(name, name.partition("-")[0], str(self.folder / f"{name}.yaml"))

    def start_as(self, name: str, *words: str) -> None:
        """Start the process `name` with these words of the command line."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = (
                subprocess.Popen([*CIRCLET, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
                if self.fresh
                else Forked(words, log)
            )

    def wait_open(self, number: int) -> None:
        """Until the node takes clients."""
        end = time.monotonic() + WITHIN_S
        while True:
            try:
                socket.create_connection((f"127.0.0.{number}", self.port), timeout=1).close()
                return
            except OSError:
                process = self.processes[f"node-{number}"]
                assert process.poll() is None and time.monotonic() < end, self.log(f"node-{number}")
                time.sleep(0.05)

    def wait_level(self) -> None:
        """Wait until all nodes act at the level of this build. A network acts at level 0 until its nodes have met
        (P42).
        """
        end = time.monotonic() + WITHIN_S
        names = [name for name in self.processes if name.startswith("node-")]
        while not all(f'"acting": {LEVEL},' in self.log(name) for name in names):
            assert time.monotonic() < end, "".join(map(self.log, names))
            time.sleep(0.05)

    def client(self, number: int, nick: str, caps: str = "") -> Client:
        return Client(f"127.0.0.{number}", self.port, nick, caps)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def terminate(self, name: str, number: int = signal.SIGTERM, within_s: float = WITHIN_S) -> int:
        process = self.processes[name]
        process.send_signal(number)
        return process.wait(within_s)

    def circlet(self, *words: str) -> subprocess.CompletedProcess[str]:
        if not self.fresh:
            return fork_circlet(*words)
        return subprocess.run([*CIRCLET, *words], capture_output=True, text=True, timeout=WITHIN_S, check=False)

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
        for process in self.processes.values():
            process.wait()
