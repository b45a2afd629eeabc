"""Sessions of people with the real irssi and WeeChat: they come and go, on any node, and miss nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.devices import PASSWORD, Device, Irssi, WeeChat
from tests.e2e.network import Client, Network

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.xdist_group("people")]

Make = Callable[[str], Device]
KINDS: dict[str, type[Device]] = {"irssi": Irssi, "weechat": WeeChat}


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Make]:
    """Clients of the account ann, which end with the test."""
    made: list[Device] = []

    def make(kind: str) -> Device:
        made.append(KINDS[kind](tmp_path / "people", "ann", kind))
        return made[-1]

    yield make
    for one in made:
        one.close()


class Room:
    """ann has an always-on account, and is in #room; bob, on node 1, is there, and sees people come and go."""

    def __init__(self, network: Network) -> None:
        self.network = network
        ann = network.client(2, "ann")
        ann.send(f"REGISTER * * :{PASSWORD}")
        ann.expect("REGISTER SUCCESS ann")
        ann.send("NS SET ALWAYS-ON on")
        ann.expect("ALWAYS-ON is on")
        ann.send("JOIN #room")
        ann.expect(" 366 ")
        ann.sync()
        ann.send("QUIT")
        ann.close()
        self.bob = self.join()
        self.said: list[str] = []

    def join(self) -> Client:
        bob = self.network.client(1, "bob")
        bob.send("JOIN #room")
        bob.expect(" 366 ")
        bob.sync()
        return bob

    def at(self, number: int) -> tuple[str, int]:
        return f"127.0.0.{number}", self.network.port

    def say(self, count: int) -> None:
        for _ in range(count):
            self.said.append(f"said bob {len(self.said)}")
            self.bob.send(f"PRIVMSG #room :{self.said[-1]}")
        self.bob.sync()

    def nobody_came_or_went(self) -> None:
        self.bob.sync()
        seen = [
            line
            for line in self.bob.got
            if ":ann!" in line and any(f" {verb} " in f"{line} " for verb in ("JOIN", "QUIT", "PART"))
        ]
        assert not seen, seen


@pytest.fixture
def room(network: Network) -> Room:
    return Room(network)


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("kind", [*KINDS])
def test_forty_lines_that_were_missed_are_shown_on_another_node(
    room: Room, device: Make, kind: str, dies: bool
) -> None:
    """dies: the client's former node is killed while nobody is attached."""
    client = device(kind)
    client.connect(room.at(2))
    room.say(1)
    client.sees(*room.said)
    client.quit()
    if dies:
        room.say(10)
        room.network.terminate("node-2", signal.SIGKILL)
        room.say(30)
    else:
        room.say(40)
    client.connect(room.at(3))
    client.sees(*room.said)
    room.say(2)
    client.sees(*room.said)
    room.nobody_came_or_went()


def test_two_clients_of_one_account_on_two_nodes(room: Room, device: Make) -> None:
    irssi, weechat = device("irssi"), device("weechat")
    irssi.connect(room.at(1))
    weechat.connect(room.at(3))
    irssi.arrives()
    weechat.arrives()
    room.say(1)
    irssi.sees(*room.said)
    weechat.sees(*room.said)
    for number, client in enumerate((irssi, weechat, irssi)):
        room.said.append(f"said ann {number}")
        client.type(f"/msg #room {room.said[-1]}")
        room.bob.expect(f"PRIVMSG #room :{room.said[-1]}$")
        irssi.sees(*room.said)
        weechat.sees(*room.said)
    room.say(1)
    irssi.sees(*room.said)
    weechat.sees(*room.said)
    room.said += ["said ann 3", "said ann 4"]
    weechat.type(f"/msg #room {room.said[-2]}")
    room.network.terminate("node-2", signal.SIGKILL)  # the session's node, and neither of the other two (P9)
    weechat.type(f"/msg #room {room.said[-1]}")
    irssi.sees(*room.said)
    weechat.sees(*room.said)
    room.bob.expect(f"PRIVMSG #room :{room.said[-1]}$")
    assert room.bob.heard("#room") == [line for line in room.said if " ann " in line]
    room.nobody_came_or_went()


@pytest.mark.parametrize("kind", [*KINDS])
def test_the_node_of_who_is_attached_is_killed(room: Room, device: Make, kind: str) -> None:
    client = device(kind)
    client.connect(room.at(2), room.at(3))
    room.say(5)
    client.sees(*room.said)
    room.network.terminate("node-2", signal.SIGKILL)
    room.say(5)
    if kind == "irssi":  # which waits for minutes by itself
        client.type(f"/connect -network net {room.at(3)[0]} {room.at(3)[1]}")
    client.sees(*room.said, twice=5)  # lines of a node's last second may come again
    room.say(2)
    client.sees(*room.said, twice=5)
    room.nobody_came_or_went()


def test_the_whole_network_is_stopped_and_started(room: Room, device: Make) -> None:
    client = device("weechat")
    client.connect(room.at(2))
    room.say(3)
    client.sees(*room.said)
    client.quit()
    room.say(40)
    network = room.network
    nodes = [name for name in network.processes if name.startswith("node")]
    for name in network.processes:
        network.processes[name].send_signal(signal.SIGTERM)
    for name in network.processes:
        assert network.processes[name].wait(30) == 0
    for name in network.processes:
        network.start(name)
    for number in range(1, len(nodes) + 1):
        network.wait_open(number)
    room.bob = room.join()
    assert any(" 353 " in line and "ann" in line.rpartition(":")[2].replace("@", "").split() for line in room.bob.got)
    client.connect(room.at(3))
    client.sees(*room.said)
    room.say(2)
    client.sees(*room.said)
    room.nobody_came_or_went()
