"""Messages to systemd, read from a socket in systemd's place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.keyfile import create_key
from gateway.io.systemd import BEATS, Systemd
from tests.e2e.network import free_port
from tests.gateway.io.onenode import OneNode
from tests.patience import WITHIN_S


class Manager:
    """Takes the place of systemd."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(WITHIN_S)

    def hears(self) -> str:
        return self._socket.recv(4096).decode()

    def hears_until(self, words: str) -> list[str]:
        heard = [self.hears()]
        while words not in heard[-1]:
            heard.append(self.hears())
        return heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


def told(manager: Manager, **variables: str) -> Systemd:
    return Systemd({"NOTIFY_SOCKET": str(manager.path), **variables})


def test_without_systemd_nothing_is_said() -> None:
    systemd = Systemd({})
    systemd.ready()
    systemd.alive()
    assert systemd.beat_s == 0


def test_a_manager_that_is_gone_is_no_reason_to_end(manager: Manager) -> None:
    systemd = told(manager)
    manager.close()
    manager.path.unlink()
    systemd.ready()


def test_an_address_without_a_file() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0circlet-test-{os.getpid()}")
        Systemd({"NOTIFY_SOCKET": f"@circlet-test-{os.getpid()}"}).status("so")
        listener.settimeout(WITHIN_S)
        assert listener.recv(100) == b"STATUS=so"


def test_a_reload_before_the_process_is_ready_does_not_make_it_ready(manager: Manager) -> None:
    systemd = told(manager)
    systemd.reloading()
    systemd.reloaded()
    systemd.ready()
    systemd.reloading()
    systemd.reloaded()
    heard = [manager.hears() for _ in range(3)]
    assert heard[0] == "READY=1\nSTATUS=serving" and heard[1].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[2] == "READY=1"


@pytest.mark.parametrize(
    ("variables", "beat_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30 / BEATS),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30 / BEATS),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
        ({"WATCHDOG_USEC": "-5"}, 0),
    ],
)
def test_the_watchdog_is_for_this_process_only(manager: Manager, variables: dict[str, str], beat_s: float) -> None:
    systemd = told(manager, **variables)
    assert systemd.beat_s == beat_s
    for _ in range(3):
        systemd.alive()
    systemd.status("end")
    assert manager.hears_until("STATUS=end")[:-1] == (["WATCHDOG=1"] if beat_s else [])


@pytest.mark.e2e
def test_a_node_is_ready_reloads_beats_and_stops(
    tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    with OneNode(tmp_path) as node:
        assert not [line for line in manager.hears_until("READY=1")[:-1] if "READY" in line]
        node.event("node_started")
        manager.hears_until("WATCHDOG=1")
        node.process.send_signal(signal.SIGHUP)
        manager.hears_until("RELOADING=1")
        manager.hears_until("READY=1")
        manager.hears_until("WATCHDOG=1")
        node.process.send_signal(signal.SIGTERM)
        manager.hears_until("STOPPING=1")
        assert node.ended() == 0


@pytest.mark.e2e
def test_a_directory_does_so_too(tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    create_key(tmp_path / "network.key")
    file = tmp_path / "directory.yaml"
    port = free_port()
    file.write_text(
        f"network: {{name: Circlet, key_file: network.key}}\ndirectory: {{host: 127.0.0.1, port: {port}}}\n"
    )
    process = subprocess.Popen([sys.executable, "-m", "gateway.cli.main", "directory", str(file)])
    try:
        manager.hears_until("READY=1")
        manager.hears_until("WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        manager.hears_until("RELOADING=1")
        manager.hears_until("READY=1")
        process.send_signal(signal.SIGTERM)
        manager.hears_until("STOPPING=1")
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()
