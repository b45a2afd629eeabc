"""LIST: the channels of all nodes, once each."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.client import long_answer
from gateway.edge.rpc import gathering
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.net import Client, Net


def test_list(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c,#d,#s", "TOPIC #d :about d", "MODE #s +s")
    bob.ask("JOIN #c")
    assert bob.ask("LIST") == [
        "321 bob Channel :Users  Name",
        "322 bob #c 2 :",
        "322 bob #d 1 :about d",
        "323 bob :End of /LIST",
    ]
    assert [line.split()[2] for line in ann.ask("LIST")[1:-1]] == ["#c", "#d", "#s"]
    assert [line.split()[2] for line in bob.ask("LIST >1")[1:-1]] == ["#c"]
    assert [line.split()[2] for line in bob.ask("LIST #d*,#x")[1:-1]] == ["#d"]
    assert [line.split()[2] for line in bob.ask("LIST !*c")[1:-1]] == ["#d"]
    assert len(bob.ask("LIST C>60")) == 2


def test_a_newcomer_waits_for_the_list_and_people_with_accounts_do_not() -> None:
    net = network(2, list_after_s=60.0, operators=(OPERATOR,))
    ann, bob, cat = people(net, "ann", "bob", "cat")
    cat.ask("JOIN #c")
    register(bob)
    assert any(" #c " in line for line in bob.ask("LIST"))
    notice, *rest = ann.ask("LIST")
    assert notice.startswith("NOTICE ann :LIST is for people who have been here for a while")
    assert [line.split()[0] for line in rest] == ["321", "323"]
    cat.ask("OPER root sesame")
    assert any(" #c " in line for line in cat.ask("LIST"))
    net.run(60)
    assert any(" #c " in line for line in ann.ask("LIST"))


class Slow:
    """The bytes of a socket that arrive at the client when the test says so."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.reads = True
        self._arrived = 0

    @property
    def written(self) -> int:
        return sum(len(line.encode()) + 2 for line in self.client.got)

    def arrived(self) -> int:
        if self.reads:
            self._arrived = self.written
        return self._arrived


def with_channels(nodes: int, count: int, **settings: Any) -> tuple[Net, list[str]]:
    """A network in which one client has made so many channels. Returns the names, in order."""
    net = network(nodes, limits={"chan_limit": 10_000}, **settings)
    names = sorted(f"#{number:04}" for number in range(count))
    (maker,) = people(net, "maker")
    for at in range(0, count, 40):
        maker.send(f"JOIN {','.join(names[at : at + 40])}")
    maker.sync(60)
    return net, names


def shown(client: Client) -> list[str]:
    """The listed channels of the answers read so far."""
    return [message.params[1] for message in client.messages() if message.command == "322"]


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_long_list_comes_in_slices_and_is_sorted_and_whole(nodes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "PAGE", 150)
    net, names = with_channels(nodes, 1_300)
    (ann,) = people(net, "ann")
    ann.lines()
    ann.send("LIST", "PING later", "LIST #0007")
    assert 0 < len(shown(ann)) < 400 if nodes == 1 else not shown(ann)
    assert net.until(lambda: sum(" 323 " in line for line in ann.got) == 2, 10)
    assert shown(ann) == [*names, "#0007"]
    commands = [message.command for message in ann.messages() if message.command in ("321", "323", "PONG")][-5:]
    assert commands == ["321", "323", "PONG", "321", "323"]


def test_below_the_level_of_pages_each_node_answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "PAGE", 50)
    net, names = with_channels(3, 300)
    for node in net.nodes.values():
        node.core.engine.peers.level = 1
    (ann,) = people(net, "ann")
    assert [line.split()[2] for line in ann.ask("LIST") if line.startswith("322 ")] == names


def test_channels_come_and_go_during_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    net, names = with_channels(1, 1_300)
    maker = next(iter(net.nodes["n1"].clients.values()))
    (ann,) = people(net, "ann")
    ann.lines()
    ann.send("LIST")
    seen = len(shown(ann))
    assert 0 < seen < 600
    maker.send(*(f"PART {','.join(names[at : at + 50])}" for at in (1_200, 1_250)), "JOIN #0000a,#1199a")
    assert net.until(lambda: " 323 " in ann.got[-1], 10)
    assert shown(ann) == names[:1_200]


@pytest.mark.interpreted  # sets a constant of a compiled module
def test_the_rest_of_a_list_waits_for_a_client_that_does_not_read() -> None:
    net, names = with_channels(1, 1_300)
    (ann,) = people(net, "ann")
    ann.lines()
    slow = Slow(ann)
    slow.arrived()
    slow.reads = False
    ann.connection.delivery.take_receipts(slow)
    monkey = pytest.MonkeyPatch()
    monkey.setattr(long_answer, "UNREAD_BYTES", 20_000)
    ann.send("LIST", "PING later")
    net.run(15.0)
    assert 15_000 < slow.written < 30_000
    assert ann.messages()[-1].command == "322"
    slow.reads = True
    assert net.until(lambda: "PONG" in ann.got[-1], 30)
    assert shown(ann) == names
    monkey.undo()


@pytest.mark.parametrize("reads_on", [True, False])
def test_a_client_goes_away_during_a_list(reads_on: bool) -> None:
    net, names = with_channels(1, 1_300)
    ann, bob = people(net, "ann", "bob", channel="#talk")
    slow = Slow(ann)
    slow.reads = reads_on
    ann.connection.delivery.take_receipts(slow)
    ann.lines()
    ann.send("LIST")
    assert shown(ann)
    clients = ann.node.core.edge.clients
    if reads_on:
        ann.end()  # says no more, and reads the rest
    else:
        net.turn(ann.node, lambda: clients.lost(ann.connection, "reset"))
    net.run(5.0)
    assert (len(shown(ann)) == len(names) + 1) is reads_on
    assert not ann.node.core.engine.work_waits and ann.connection.number not in clients.connections
    assert any("QUIT" in line for line in bob.lines())


def test_a_labeled_list_is_one_batch() -> None:
    net, names = with_channels(1, 700)
    (ann,) = people(net, "ann", caps="batch labeled-response message-tags")
    ann.lines()
    for wanted in (names, ["#0003"]):
        ann.send(f"@label=x LIST {'#*' if wanted is names else '#0003'}")
        assert net.until(lambda: "BATCH -" in ann.got[-1], 10)
        found = ann.lines()
        name = found[0].partition("BATCH +")[2].split(" ")[0]
        assert found[0].startswith("@label=x ") and found[-1].endswith(f"BATCH -{name}")
        assert all(f"batch={name}" in line for line in found[1:-1]) and len(found) == len(wanted) + 4


def test_lines_of_others_do_not_wait_for_a_list() -> None:
    net, names = with_channels(1, 1_300)
    ann, bob = people(net, "ann", "bob", channel="#talk")
    ann.lines()
    ann.send("LIST")
    bob.send("PRIVMSG #talk :hi")
    assert net.until(lambda: " 323 " in ann.got[-1], 10)
    words = [line for line in ann.got if "PRIVMSG #talk" in line]
    assert len(words) == 1 and ann.got.index(words[0]) < len(ann.got) - 1
    assert len(shown(ann)) == len(names) + 1


def test_a_secret_channel_is_listed_for_its_members_alone(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    (cat,) = people(net, "cat")
    ann.ask("MODE #c +s")
    for client, count in ((ann, 1), (bob, 1), (cat, 0)):
        assert sum(line.startswith("322 ") for line in client.ask("LIST")) == count
