"""A receiver of HTTP has each message once, though the node that delivers is killed while a bot talks (P44 to P48)."""

from __future__ import annotations

import contextlib
import hmac
import json
import signal
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.network import Network, free_port
from tests.e2e.receiver import DocumentedReceiver
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

CHANNEL = "#erlang"
HOST = "127.0.0.9"
MASTER, OTHERS = 3, (1, 2)
"""The ring gives #erlang to 127.0.0.3."""


class Hooked(Network):
    """Three nodes that may post to the receiver."""

    def _begin(self, nodes: int, directories: int) -> None:
        for path in self.folder.glob("node-*.yaml"):
            path.write_text(path.read_text() + f"\nwebhooks: {{allow: [{HOST}]}}\n")
        super()._begin(nodes, directories)
        self.wait_level()

    def webhook(self, *words: str, node: int = 1) -> str:
        done = self.circlet("webhook", *words, "--config", str(self.folder / f"node-{node}.yaml"))
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Hooked]:
    net = Hooked(tmp_path / "net", hasty=True)
    try:
        yield net
    finally:
        net.stop()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[DocumentedReceiver]:
    made = DocumentedReceiver(tmp_path, HOST, free_port())
    try:
        yield made
    finally:
        made.stop()


def test_each_message_comes_once_though_the_master_is_killed(network: Hooked, receiver: DocumentedReceiver) -> None:
    made = json.loads(network.webhook("add", CHANNEL, receiver.url, "--json"))
    receiver.start(made["secret"])
    bot = network.client(OTHERS[0], "bot", "echo-message")
    bot.send(f"JOIN {CHANNEL}")
    bot.expect(" 366 ")
    said: list[str] = []

    def say(count: int) -> None:
        for _ in range(count):
            said.append(f"line {len(said)}")
            bot.send(f"PRIVMSG {CHANNEL} :{said[-1]}")
        bot.expect(f"PRIVMSG {CHANNEL} :{said[-1]}$")

    say(20)
    receiver.wait_for(said)
    receiver.stop()
    say(20)  # these wait
    network.terminate(f"node-{MASTER}", signal.SIGKILL)
    say(20)
    receiver.start(made["secret"])
    say(20)
    receiver.wait_for(said)
    assert receiver.texts == said, "in the channel's order"
    assert set(receiver.statuses) == {"204"}, "every signature fits"
    network.start(f"node-{MASTER}")  # it takes the channel back, and the receiver's place with it
    network.wait_open(MASTER)
    say(20)
    receiver.wait_for(said)
    (row,) = json.loads(network.webhook("list", "--json"))["webhooks"]
    assert (row["id"], row["channel"], row["dropped"]) == (made["id"], CHANNEL, 0)
    assert "is ended" in network.webhook("remove", made["id"], node=2)
    assert json.loads(network.webhook("list", "--json")) == {"webhooks": [], "silent": []}
    for name in network.processes:
        assert made["secret"] not in network.log(name) and "Traceback" not in network.log(name)


def test_bad_requests_are_answered_with_words(network: Hooked) -> None:
    for words, why in [
        (
            ("add", CHANNEL, "http://127.0.0.10/"),
            "the file of node-1.circlet.local does not allow 127.0.0.10: add `- 127.0.0.10`",
        ),
        (("add", CHANNEL, "ftp://127.0.0.9/"), "begin with http"),
        (("add", "erlang", f"http://{HOST}/"), "no name of a channel"),
        (("remove", "unknown"), "no webhook unknown"),
    ]:
        done = network.circlet("webhook", *words, "--config", str(network.folder / "node-1.yaml"))
        assert done.returncode == 1 and why in done.stderr, (words, done)
        assert "Traceback" not in done.stderr


def test_the_documented_receiver_answers_others_beside_idle_connections(receiver: DocumentedReceiver) -> None:
    receiver.start("hush")
    receiver.wait_until_it_listens()
    now, url = int(time.time()), urlsplit(receiver.url)

    def signature(moment: int, body: str) -> str:
        return f"t={moment},v1={hmac.digest(b'hush', f'{moment}.{body}'.encode(), 'sha256').hex()}"

    bodies = [json.dumps({"key": str(number), "nick": "ann", "text": f"line {number}"}) for number in range(3)]
    with contextlib.ExitStack() as idle:
        for body in (*bodies, bodies[0]):
            connection = HTTPConnection(HOST, url.port, timeout=WITHIN_S)
            idle.enter_context(contextlib.closing(connection))
            connection.request("POST", url.path, body, {"Circlet-Signature": signature(now, body)})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204
        for header in ("", f"t={now}", "t=x,v1=\xe9", signature(now, bodies[1]), signature(now - 3_600, bodies[0])):
            connection.request("POST", url.path, bodies[0], {"Circlet-Signature": header})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 403, header
    assert receiver.texts == ["line 0", "line 1", "line 2"]
    assert "Traceback" not in receiver.log
