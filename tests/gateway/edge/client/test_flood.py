"""How fast a client's lines are carried out, and what waits meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gateway.edge.client import flood
from gateway.edge.client.connection import Connection
from gateway.edge.client.turns import LINES
from gateway.edge.settings import EdgeSettings
from gateway.irc.splitter import Item
from ring.wire.messages import Message
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import OPERATOR, SETTINGS, network, people, settle
from tests.gateway.commands.test_session import stranger
from tests.settings import edge_with
from tests.sim.net import Client, Net

CAPS = "batch server-time message-tags draft/chathistory"
TAGGED = "@+a=" + "x" * 4000 + " PRIVMSG #c :" + "y" * 480


def slow(net: Net, clients: Iterable[Client], **settings: float) -> EdgeSettings:
    """From now on these have a full bucket of the default size, or of these settings."""
    wanted = edge_with(SETTINGS, burst=20, rate=5.0, **settings)
    for node in net.nodes.values():
        node.core.edge.configure(wanted)
    for client in clients:
        flood.fill(client.connection, wanted, client.node.core.edge.now)
    return wanted


def answers(client: Client) -> int:
    return sum(" BATCH +" in f" {line}" and "chathistory" in line for line in client.got)


def waiting(client: Client) -> int:
    return sum(len(line) for line in client.connection.queue.pending if isinstance(line, bytes))


# What waits -----------------------------------------------------------------------------------------------------------


def test_long_lines_wait_in_the_kernel_before_registration() -> None:
    """203 lines of 4.6 KB: the shell gives the edge no more than READ_BYTES at a time, and nothing while lines wait."""
    net = network(1, burst=20, rate=5.0)
    client = stranger(net)
    data = f"{TAGGED}\r\n".encode() * 203
    read = 0
    while not client.connection.queue.pending:
        client.send_bytes(data[read : read + flood.READ_BYTES])
        read += flood.READ_BYTES
    assert client.closed is None and read < 100_000
    assert waiting(client) <= flood.WAITING_BYTES


def test_what_is_given_too_fast_all_the_same_is_cut_by_its_bytes() -> None:
    net = network(1, burst=1, rate=1.0)
    client = stranger(net)
    client.send_bytes(f"{TAGGED}\r\n".encode() * 5)
    assert client.closed == "Excess Flood" and not client.connection.queue.pending


def test_a_line_too_long_takes_its_turn_and_its_token() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    slow(net, [ann])
    ann.got.clear()
    ann.send(*["x" * 600] * 30, "PING end")
    assert sum(" 417 " in line for line in ann.got) == 20
    net.run(3)
    assert sum(" 417 " in line for line in ann.got) == 30 and " PONG " in ann.got[-1]


def test_a_slowed_client_is_read_on_once_nothing_waits_and_counts_as_heard_meanwhile() -> None:
    net = network(1, ping_every_s=4.0, ping_timeout_s=2.0)
    (ann,) = people(net, "ann")
    slow(net, [ann], ping_every_s=4.0, ping_timeout_s=2.0)
    edge = ann.node.core.edge
    edge.clients.relieved.clear()
    ann.send(*(f"PING {number}" for number in range(70)))
    while ann.connection.queue.pending:
        assert ann.connection not in edge.clients.relieved
        net.run(0.5)
        assert not any(line.startswith("PING") for line in ann.got)
    assert ann.connection in edge.clients.relieved and ann.closed is None


# What work costs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_long_history_costs_as_much_as_its_lines(nodes: int) -> None:
    net = network(nodes)
    ann, bob = people(net, "ann", "bob", channel="#c", caps=CAPS)
    for number in range(100):
        bob.send(f"PRIVMSG #c :{number}")
    settle(ann, bob)
    slow(net, [ann])
    ann.got.clear()
    ann.send(*["CHATHISTORY LATEST #c * 100"] * 15)
    net.run(1)
    assert answers(ann) in (2, 3)  # 20 tokens; each answer costs 11
    net.run(22)
    assert 10 <= answers(ann) <= 14


def test_a_short_history_costs_little_however_much_was_asked_for() -> None:
    net = network(1)
    (ann,) = people(net, "ann", channel="#c", caps=CAPS)
    slow(net, [ann])
    ann.got.clear()
    ann.send(*["CHATHISTORY LATEST #c * 100"] * 15)
    net.run(2)
    assert answers(ann) == 15


def test_many_lines_of_any_answer_cost_tokens_and_few_do_not() -> None:
    net = network(1)
    crowd = people(net, *(f"p{number}" for number in range(120)), channel="#c")
    ann = crowd[0]
    slow(net, [ann])
    ann.send(*["WHOIS p1"] * 10)
    net.run(0.1)
    assert ann.connection.queue.bucket.tokens >= 10.0  # a token each
    ann.send("WHO #c", "WHO #c", "PING x")  # 121 lines each: 12 tokens
    net.run(1)
    assert not any(line.endswith(" x") for line in ann.got)
    net.run(3)
    assert any(line.endswith(" x") for line in ann.got)


def test_nobody_waits_longer_than_a_bound_for_one_command() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    wanted = slow(net, [ann])
    flood.charge(ann.connection, 1_000_000, wanted)
    ann.send("PING x")
    net.run(flood.DEBT_S + 1)
    assert any(line.endswith(" x") for line in ann.got)


def test_a_client_of_another_node_pays_at_its_session() -> None:
    net = network(2)
    first = net.client("n1", "joe", CAPS)
    register(first)
    second = Newcomer(net, "n2", f"sasl {CAPS}")
    second.log_in("joe", "sesame")
    second.enter("joe")
    assert second.connection.remote.forwarder is not None
    first.ask("JOIN #c")
    for number in range(100):
        first.send(f"PRIVMSG #c :{number}")
    settle(first, second)
    wanted = slow(net, [])
    for edge in (node.core.edge for node in net.nodes.values()):
        for connection in edge.clients.connections.values():
            flood.fill(connection, wanted, edge.now)
    second.got.clear()
    second.send(*["CHATHISTORY LATEST #c * 100"] * 15)
    net.run(1)
    assert 1 <= answers(second) <= 4
    net.run(10)
    assert 4 <= answers(second) <= 9


# Channels that are made -----------------------------------------------------------------------------------------------


def joined(client: Client) -> set[str]:
    return {line.split()[-1] for line in client.got if " JOIN " in line and line.startswith(f":{client.nick}!")}


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_connection_makes_so_many_channels_a_minute_and_joins_others(nodes: int) -> None:
    net = network(nodes, channels_per_minute=5)
    ann, bob = people(net, "ann", "bob")
    bob.send("JOIN #b0,#b1,#b2,#b3,#b4")
    settle(ann, bob)
    ann.send(f"JOIN {','.join(f'#b{number}' for number in range(5))},{','.join(f'#a{number}' for number in range(8))}")
    settle(ann, bob)
    assert {f"#b{number}" for number in range(5)} <= joined(ann) and len(joined(ann)) == 10
    refused = [line for line in ann.got if " 437 " in line]
    assert len(refused) == 3 and {line.split()[3] for line in refused}.isdisjoint(joined(ann))
    assert refused[0].endswith(":You make channels too fast: try again in a minute, or join others")
    net.run(60)
    name = refused[0].split()[3]
    assert f"366 ann {name} :End of /NAMES list" in ann.ask(f"JOIN {name}")


def test_who_makes_and_leaves_channels_in_one_write_has_made_them() -> None:
    net = network(3, channels_per_minute=5)
    (ann,) = people(net, "ann")
    ann.send(*(f"{verb} #a{number}" for number in range(20) for verb in ("JOIN", "PART")))
    settle(ann)
    assert len(joined(ann)) == 5


def test_an_operator_makes_as_many_as_are_needed() -> None:
    net = network(1, channels_per_minute=2, operators=(OPERATOR,))
    (ann,) = people(net, "ann")
    ann.ask("OPER root sesame")
    ann.send(*(f"JOIN #a{number}" for number in range(10)))
    settle(ann)
    assert len(joined(ann)) == 10


# Turns ----------------------------------------------------------------------------------------------------------------


def lines_a_turn(net: Net, seconds: float) -> list[int]:
    """Run the network; how many lines the node's clients had carried out in each turn."""
    edge, engine = net.nodes["n1"].core.edge, net.nodes["n1"].core.engine
    counts: list[int] = []
    handle, drain = edge.clients.handle, engine.drain

    def count(connection: Connection, line: Item) -> None:
        counts[-1] += 1
        handle(connection, line)

    def end() -> dict[str, list[Message]]:
        found = drain()
        counts.append(0)
        return found

    counts.append(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edge.clients, "handle", count)
        patch.setattr(engine, "drain", end)
        net.run(seconds)
    return counts


def test_a_crowd_of_slowed_clients_shares_turns_and_others_are_heard_between() -> None:
    """200 clients may be carried out a line each at the same moment: that takes many turns, not one."""
    net = network(1)
    crowd = people(net, *(f"p{number}" for number in range(200)))
    slow(net, crowd)
    for client in crowd:
        flood.charge(client.connection, 20, client.node.core.edge.settings)
        client.send("PING a", "PING b")
        client.got.clear()
    turns = lines_a_turn(net, 0.5)
    assert max(turns) == LINES and sum(turns) == 400
    assert all([line.split()[-1] for line in client.got] == ["a", "b"] for client in crowd)


def test_what_strangers_send_at_once_is_carried_out_over_several_turns_in_order() -> None:
    net = network(1, burst=20, rate=5.0)
    crowd = [stranger(net) for _ in range(10)]
    sent = b"".join(b"CAP LS 30%d\r\n" % number for number in range(6)) + b"PING last\r\n"
    edge = net.nodes["n1"].core.edge
    net.run(0.1)

    def done() -> int:
        return sum(client.connection.queue.line for client in crowd)

    def feed() -> None:
        for client in crowd:
            edge.clients.feed(client.connection, sent)  # in one turn: the kernel has something of all of them
        assert done() == LINES

    net.turn(net.nodes["n1"], feed)
    before, turns = done(), lines_a_turn(net, 0.2)
    assert max(turns) == LINES and before + sum(turns) == 70
    assert [client.connection.queue.line for client in crowd] == [7] * 10
    assert all(client.connection in edge.clients.relieved for client in crowd[3:])


def test_a_registered_client_that_keeps_to_its_tokens_waits_for_no_turn() -> None:
    net = network(1, burst=100, rate=5.0)
    (ann,) = people(net, "ann")
    crowd = [stranger(net) for _ in range(3)]
    edge = net.nodes["n1"].core.edge
    for client in crowd:
        edge.clients.feed(client.connection, b"PING a\r\n" * 10)
    assert crowd[-1].connection.queue.pending
    ann.got.clear()
    ann.send(*["PING b"] * 2 * LINES)
    assert len(ann.got) == 2 * LINES and not ann.connection.queue.pending


def test_who_hangs_up_while_lines_wait_for_a_turn_has_them_carried_out_and_leaves() -> None:
    net = network(1)
    crowd = [stranger(net) for _ in range(5)]
    edge = net.nodes["n1"].core.edge
    for number, client in enumerate(crowd):
        edge.clients.feed(client.connection, b"NICK p%d\r\n" % number + b"PING a\r\n" * 8)
    for client in crowd:
        edge.clients.ended(client.connection, "Connection closed")
    assert crowd[-1].connection.queue.pending and crowd[-1].closed is None
    net.run(1)
    assert all(client.connection.queue.line == 9 and client.closed is not None for client in crowd)
    assert not edge.clients.turns.waiting
