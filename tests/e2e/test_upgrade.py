"""A rolling upgrade from feature level 1, with real processes, while people talk (P42).

The old nodes are this build told to act and write as level 1 does; tests/levels holds such a build to the
bytes of level 1.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from gateway.web.api.access import hash_of
from ring.features import LEVEL
from tests.e2e.network import Client, Network
from tests.e2e.talk import CHANNEL, Talk
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

OLD = 1
NODES = (1, 2, 3)
PASSWORD = "correct-horse-battery"
SECRET = "circlet_speaks-through-an-upgrade"
TOKENS = f"""\
  tokens:
    - name: ci
      hash: {hash_of(SECRET)}
      capabilities: [speak]
      channels: ['{CHANNEL}']
"""


class Upgrade(Network):
    """Three nodes, at first at the previous level."""

    fresh = True

    def _begin(self, nodes: int, directories: int) -> None:
        for number in NODES:
            self.set_level(number, OLD)
            path = self.folder / f"node-{number}.yaml"
            path.write_text(re.sub(r"(?m)^(http:.*\n)", rf"\g<1>{TOKENS}", path.read_text()))
            path.write_text(path.read_text() + "\nwebhooks: {allow: [127.0.0.9]}\n")
        super()._begin(nodes, directories)

    def set_level(self, number: int, level: int | None) -> None:
        """Which build the node's next process stands for; None: today's."""
        path = self.folder / f"node-{number}.yaml"
        text = re.sub(r"\n  feature_level: \d+", "", path.read_text())
        if level is not None:
            text = re.sub(r"(\n  state_dir: [^\n]*)", rf"\1\n  feature_level: {level}", text, count=1)
        path.write_text(text)

    def speak(self, number: int) -> tuple[int, Any]:
        """A webhook speaks by way of a node, always with the same key: status and body of the answer."""
        found = re.search(r"(?m)^http:.*\n(?:  .*\n)*?  port: (\d+)", (self.folder / f"node-{number}.yaml").read_text())
        assert found is not None
        connection = HTTPConnection(f"127.0.0.{number}", int(found[1]), timeout=WITHIN_S)
        headers = {"Content-Type": "text/plain", "Idempotency-Key": "k"}
        connection.request("POST", f"/api/v1/hooks/{SECRET}", b"upgraded", headers)
        answer = connection.getresponse()
        said = answer.status, json.loads(answer.read())
        connection.close()
        return said

    def status(self) -> dict[str, Any]:
        done = self.circlet("status", "--json", "--config", str(self.folder / "node-1.yaml"))
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def add_webhook(self) -> subprocess.CompletedProcess[str]:
        """A command unknown to the previous level."""
        words = ("webhook", "add", CHANNEL, "http://127.0.0.9:1/", "--config")
        return self.circlet(*words, str(self.folder / "node-1.yaml"))

    def records(self, name: str, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log(name).splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def wait(self, happened: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + WITHIN_S
        while not happened():
            assert time.monotonic() < end, what
            time.sleep(0.1)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Upgrade]:
    net = Upgrade(tmp_path / "net", nodes=len(NODES), directories=2)
    try:
        yield net
    finally:
        net.stop()


class Load(Talk):
    """Everybody says a line in the channel and a line to each of the others; `whispered` are the private messages."""

    def __init__(self, network: Network, *numbers: int) -> None:
        self.whispered: list[tuple[str, str, str]] = []  # (from, to, text)
        self.since: dict[str, int] = {}  # nick -> lines said in the channel before the person joined
        super().__init__(network, *numbers)

    def round(self) -> None:
        for person in self.people.values():
            for other in self.people.values():
                if other is not person:
                    text = f"psst-{person.nick}-{self.rounds}"
                    self.whispered.append((person.nick, other.nick, text))
                    person.send(f"PRIVMSG {other.nick} :{text}")
        super().round()

    def join(self, number: int, nick: str) -> None:
        """A new person on a node after its return."""
        person = self.people[number] = self.network.client(number, nick, "echo-message")
        person.send(f"JOIN {CHANNEL}")
        person.expect(f" 366 {nick} {CHANNEL} ")
        self.since[nick] = len(self.said)

    def check_all(self) -> None:
        """Everybody present has heard every line since their own JOIN, once, and all in the same order."""
        self.settled()
        heard = {person.nick: person.heard(CHANNEL) for person in self.people.values()}
        for nick, lines in heard.items():
            assert sorted(lines) == sorted(self.said[self.since[nick] :])
        shortest = min(heard.values(), key=len)
        assert all(lines[-len(shortest) :] == shortest for lines in heard.values())
        for person in self.people.values():
            self.check_whispers(person)

    def check_whispers(self, person: Client) -> None:
        """All private messages to the person came, once, and in the order of each speaker."""
        heard = [
            (match[1], match[2])
            for match in (re.match(rf":([^!]+)!\S+ PRIVMSG {person.nick} :?(psst-.*)", line) for line in person.got)
            if match
        ]
        for speaker in {speaker for speaker, to, _ in self.whispered if to == person.nick}:
            said = [text for one, to, text in self.whispered if (one, to) == (speaker, person.nick)]
            assert [text for one, text in heard if one == speaker] == said


def login(network: Network, number: int, nick: str) -> None:
    """The account registered before the upgrade is there."""
    client = network.client(number, nick)
    client.send(f"PRIVMSG NickServ :IDENTIFY ann {PASSWORD}")
    client.expect(f" 900 {nick} ")
    client.send("QUIT")
    client.close()


def test_a_rolling_upgrade_under_load_loses_and_doubles_nothing(network: Upgrade) -> None:
    ann = network.client(1, "ann")
    ann.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    ann.expect(" 900 ann ")
    ann.send("QUIT")
    ann.close()
    talk = Load(network, *NODES)
    assert network.status()["acting_level"] == OLD
    refused = network.add_webhook()
    assert refused.returncode == 1 and "upgrade that node" in refused.stderr
    for number in NODES:
        gone = talk.without(number)
        talk.check_whispers(gone)
        process = network.processes[f"node-{number}"]
        process.terminate()
        talk.on_while(lambda process=process: process.poll() is None)  # type: ignore[misc]
        gone.close()
        found = network.status()
        assert found["acting_level"] == OLD or number == NODES[-1]
        network.set_level(number, None)
        network.start(f"node-{number}")
        network.wait_open(number)
        talk.on_for(2.0)
        login(network, number, f"a{number}")
        talk.join(number, f"q{number}")
        talk.on_for(1.0)
        if number != NODES[-1]:
            assert network.status()["acting_level"] == OLD
            refused, words = network.speak(number)
            assert refused == 503 and "runs an older version" in words["error"]
            assert any("hold" in line and "back: upgrade" in line for line in network.status()["wrong"])
    network.wait(lambda: network.status()["acting_level"] == LEVEL, "the level has not risen")
    talk.on_for(2.0)
    talk.check_all()
    first = network.speak(1)
    assert first[0] == 200 and first == network.speak(2) == network.speak(3)
    talk.settled()
    for person in talk.people.values():
        assert sum(f":ci/hook!ci@irc.circlet.local PRIVMSG {CHANNEL} :upgraded" in line for line in person.got) == 1
    found = network.status()
    assert [node["status"]["level"] for node in found["nodes"]] == [LEVEL] * 3
    assert found["wrong"] == []
    made = network.add_webhook()
    assert made.returncode == 0 and f"posts what is said in {CHANNEL}" in made.stdout, made.stderr
    for name in network.processes:
        assert "Traceback" not in network.log(name)
        assert not network.records(name, "unreadable") and not network.records(name, "submit_failed")


def test_a_node_of_the_previous_level_is_refused_after_the_upgrade(network: Upgrade) -> None:
    for number in NODES:
        network.terminate(f"node-{number}")
        network.set_level(number, None)
        network.start(f"node-{number}")
        network.wait_open(number)
    network.wait(lambda: network.status()["acting_level"] == LEVEL, "the level has not risen")
    network.wait(lambda: f'"level":{LEVEL}' in re.sub(r"\s", "", _roster(network, 3)), "the level is not saved")
    network.terminate("node-3")
    network.set_level(3, OLD)
    network.start("node-3")
    assert network.processes["node-3"].wait(WITHIN_S) == 1
    (failed,) = network.records("node-3", "start_failed")
    assert f"the network acts at feature level {LEVEL}, which never falls" in failed["reason"]
    (network.folder / "state" / "node-3" / "roster.json").unlink()  # as a node new to the network
    network.start("node-3")
    words = (
        rf"node-3\S* \(version .*\) is of feature level {OLD}, and the network acts at level {LEVEL}: upgrade node-3"
    )

    def told(name: str) -> bool:
        return any(re.search(words, record["reason"]) for record in network.records(name, "link_refused"))

    network.wait(lambda: told("node-3") and (told("node-1") or told("node-2")), "nobody says who is too old")
    person = network.client(1, "joe", "echo-message")
    person.send("JOIN #elixir", "PRIVMSG #elixir :goes on")
    person.expect("PRIVMSG #elixir :?goes on")


def _roster(network: Network, number: int) -> str:
    return (network.folder / "state" / f"node-{number}" / "roster.json").read_text()
