"""Crash-only: a mistake in a turn of a process ends the process; a mistake in a client's line ends the client alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.keyfile import create_key
from ring.io import roster_file
from ring.io.crash import BUG
from ring.roster import NodeRecord
from tests.e2e.network import Client, free_port
from tests.gateway.io.onenode import OneNode
from tests.patience import WITHIN_S

BREAK = """
import importlib, sys
from gateway.cli.main import main

def breaks(where, condition):
    module, name, method = where.rsplit(".", 2)
    owner = getattr(importlib.import_module(module), name)
    original = getattr(owner, method)
    def broken(self, *args, **kwargs):
        if eval(condition, {{"self": self, "args": args}}):
            raise {problem}("a mistake")
        return original(self, *args, **kwargs)
    setattr(owner, method, broken)

breaks({where!r}, {condition!r})
main()
"""


def broken(where: str, condition: str, problem: str = "KeyError") -> type[OneNode]:
    """Make a node whose method raises once the condition holds."""

    class Broken(OneNode):
        program = BREAK.format(where=where, condition=condition, problem=problem)

    return Broken


TURNS = [
    ("gateway.edge.edge.Edge.tick", "self.clients.connections", "KeyError"),
    ("gateway.edge.edge.Edge.tick", "self.clients.connections", "OSError"),
    ("gateway.edge.client.clients.Clients.feed", "True", "OSError"),
    ("gateway.edge.client.clients.Clients.connect", "True", "OSError"),
    ("ring.engine.Engine.tick", "self.app._app._edge.clients.connections", "OSError"),
    ("ring.engine.Engine.drain", "self.app._app._edge.clients.connections", "OSError"),
    ("ring.storage.journal.Journal.written", "True", "OSError"),
    ("ring.membership.directory.client.DirectoriesCore.tick", "True", "KeyError"),
    ("ring.io.links.LinkHub._tick", "True", "KeyError"),
]


@pytest.mark.parametrize(("where", "condition", "problem"), TURNS)
def test_a_mistake_in_a_turn_of_the_node_ends_the_process(
    tmp_path: Path, where: str, condition: str, problem: str
) -> None:
    """An OSError, too: no socket or file is to blame for exceptions of the cores."""
    directories = [f"127.0.0.1:{free_port()}"]
    (tmp_path / "state").mkdir()  # a former member of the network does not wait for a directory
    own = NodeRecord("127.0.0.1", 1, "node-1.circlet.local", "127.0.0.1", 7600, "", "1", 0)
    roster_file.save(tmp_path / "state" / "roster.json", [own], 1)
    with broken(where, condition, problem)(tmp_path, directories=directories) as node:
        if "connections" in condition or ".Clients." in where:
            node.event("node_started", within_s=WITHIN_S)
            wire = node.connect()
            wire.send(b"NICK ann\r\nUSER ann 0 * :ann\r\n")
        elif "journal" in where:
            node.event("node_started", within_s=WITHIN_S)
            client = Client("127.0.0.1", node.port, "ann")
            client.send("JOIN #ring", "PRIVMSG #ring :hello")
        assert node.ended(within_s=WITHIN_S) == BUG
        bug = node.event("bug")
        assert bug["exit_code"] == BUG
        assert "a mistake" in json.dumps(bug["exception"])


def test_a_mistake_in_a_clients_line_ends_that_client_alone(tmp_path: Path) -> None:
    with broken("gateway.edge.client.call.Call.reply", "self.message.command == 'TIME'")(tmp_path) as node:
        node.event("node_started", within_s=WITHIN_S)
        ann, bob = Client("127.0.0.1", node.port, "ann"), Client("127.0.0.1", node.port, "bob")
        ann.send("TIME")
        ann.expect("ERROR :Closing Link: .*The server made a mistake")
        bug = node.event("bug")
        assert bug["where"] == "client"
        assert "in time" in bug["traceback"]
        bob.send("PING still")
        bob.expect("PONG .*still")
        assert node.process.poll() is None


def test_a_mistake_in_a_timer_of_a_directory_ends_the_process(tmp_path: Path) -> None:
    create_key(tmp_path / "network.key")
    config: dict[str, Any] = {
        "network": {"name": "Circlet", "key_file": "network.key"},
        "directory": {"host": "127.0.0.1", "port": free_port()},
    }
    path = tmp_path / "directory.yaml"
    path.write_text(json.dumps(config))
    tick = "ring.membership.directory.server.DirectoryCore.tick"
    program = BREAK.format(where=tick, condition="True", problem="KeyError")
    ended = subprocess.run(
        [sys.executable, "-c", program, "directory", str(path)],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert ended.returncode == BUG, ended.stderr
    assert '"event": "bug"' in ended.stderr


SUPERVISED = f"""
import asyncio, sys
from gateway.cli.supervisor import Child, Supervisor
child = Child("node-1", [sys.executable, "-c", "raise SystemExit({BUG})"])
sys.exit(asyncio.run(Supervisor([child], 5.0, str, lambda running: None).run()))
"""


def test_the_supervisor_starts_again_what_has_met_a_mistake() -> None:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISED], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for _ in range(2):
            assert f"ended with code {BUG}: started again in" in process.stdout.readline()
    finally:
        process.terminate()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
