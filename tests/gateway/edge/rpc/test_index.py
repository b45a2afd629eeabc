"""The index of channels in a large network: few nodes are asked, and what is wrong in the index heals."""

from __future__ import annotations

import pytest

from gateway.edge.rpc import census, index
from gateway.edge.rpc.asks import IndexAsk
from gateway.edge.rpc.index import OLD_S, PARTS, TELL_S, ChannelIndex, keepers, part_of
from gateway.state.channel.questions import ListRow
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.meter import Meter
from tests.sim.net import Client, Net


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Net:
    """Twelve nodes that take themselves for a large network, with two keepers of the index."""
    monkeypatch.setattr(census, "ASKED", 4)
    monkeypatch.setattr(index, "PARTS", 2)
    return network(12, operators=(OPERATOR,))


def row(name: str, users: int = 1, term: int = 1) -> ListRow:
    return ListRow(name, users, "", 1, 1, False, term)


def listed(client: Client, params: str = "") -> dict[str, int]:
    """Return channels and their users, as LIST shows them."""
    rows = [line.split(" ") for line in client.ask(f"LIST {params}") if line.startswith("322 ")]
    assert len({words[2] for words in rows}) == len(rows)
    return {words[2]: int(words[3]) for words in rows}


def keeper_of(net: Net, channel: str, but: Client) -> str:
    """Return the name of the node that keeps a channel's row; the test needs another node than the client's."""
    keys = index.keepers(node.key for node in net.nodes.values() if node.up)
    found = next(node for node in net.nodes.values() if node.key == keys[part_of(channel)])
    assert found is not but.node
    return found.name


def test_each_name_has_a_part_and_each_part_a_keeper() -> None:
    found = keepers(f"10.0.0.{number}" for number in range(100))
    assert len(found) == PARTS and len({*found}) > PARTS // 2
    assert {part_of(f"#c{number}") for number in range(1000)} == {*range(PARTS)}
    assert keepers(["10.0.0.1"]) == ("10.0.0.1",) * PARTS


def test_list_asks_the_keepers_alone(large: Net) -> None:
    ann, *others = people(large, *"abcdef")
    for number, person in enumerate(others):
        person.ask(f"JOIN #x{number},#all")
    large.run(2 * TELL_S)
    for node in large.nodes.values():
        node.core.edge.census.next_at = node.core.edge.index.next_at = large.now + 1000.0
    large.meter = Meter(steady=False)
    assert listed(ann) == {**{f"#x{number}": 1 for number in range(5)}, "#all": 5}
    assert large.meter.messages["Ask"] <= 2
    assert listed(ann, ">3") == {"#all": 5}


def test_own_channels_are_listed_as_they_are_now(large: Net) -> None:
    ann, bob = people(large, "ann", "bob")
    large.run(2 * TELL_S)
    ann.ask("JOIN #new")
    bob.ask("JOIN #new")
    assert listed(ann) == {"#new": 2}
    assert listed(bob) == {"#new": 2}


def test_a_change_is_listed_within_some_seconds_and_an_end_too(large: Net) -> None:
    ann, bob, cat = people(large, "ann", "bob", "cat")
    bob.ask("JOIN #c", "TOPIC #c :tea")
    cat.ask("JOIN #c", "JOIN #d")
    large.run(2 * TELL_S)
    assert listed(ann) == {"#c": 2, "#d": 1}
    cat.ask("PART #c,#d")
    large.run(2 * TELL_S)
    assert listed(ann) == {"#c": 1}


def test_a_secret_channel_is_listed_for_members_and_operators(large: Net) -> None:
    ann, bob, cat = people(large, "ann", "bob", "cat")
    bob.ask("JOIN #s", "MODE #s +s")
    large.run(2 * TELL_S)
    assert listed(ann) == {} and listed(bob) == {"#s": 1}
    cat.ask("OPER root sesame")
    assert listed(cat) == {"#s": 1}


def test_the_list_is_whole_again_soon_after_a_keeper_s_death(large: Net) -> None:
    ann, *others = people(large, *"abcdef")
    for number, person in enumerate(others):
        person.ask(f"JOIN #x{number}")
    large.run(2 * TELL_S)
    keeper = keeper_of(large, "#x0", ann)
    people_there = {client.nick for client in large.nodes[keeper].clients.values()}
    large.kill(keeper)
    large.run(2 * TELL_S)
    expected = {f"#x{number}": 1 for number, person in enumerate(others) if person.nick not in people_there}
    assert listed(ann).items() >= expected.items()


def test_a_keeper_that_lacks_a_telling_is_told_all(large: Net) -> None:
    ann, bob = people(large, "ann", "bob")
    bob.ask("JOIN #c")
    large.run(2 * TELL_S)
    for node in large.nodes.values():
        node.core.edge.index._sources.clear()
        node.core.edge.index._rows.clear()
    assert listed(ann) == {}
    large.run(6 * TELL_S)
    assert listed(ann) == {"#c": 1}


def test_below_the_level_all_nodes_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "ASKED", 2)
    net = Net(4, level=1)
    ann, bob = people(net, "ann", "bob")
    bob.ask("JOIN #c")
    net.meter = Meter(steady=False)
    assert listed(ann) == {"#c": 1}
    assert net.meter.messages["Ask"] >= 3


@pytest.fixture
def alone() -> ChannelIndex:
    return network(1).nodes["n1"].core.edge.index


def test_of_two_rows_the_higher_term_counts(alone: ChannelIndex) -> None:
    alone.take(IndexAsk("a", 0, ("#c",), (row("#c", 3, term=7),), ()))
    alone.take(IndexAsk("b", 0, ("#c",), (row("#c", 4, term=8),), ()))
    found = alone.row("#c")
    assert found is not None and found.users == 4
    alone.take(IndexAsk("b", 1, (), (), ("#c",)))
    found = alone.row("#c")
    assert found is not None and found.users == 3


def test_a_telling_counts_once_and_a_gap_is_noticed(alone: ChannelIndex) -> None:
    assert not alone.take(IndexAsk("a", 1, ("#c",), (row("#c"),), ())).is_known
    assert alone.take(IndexAsk("a", 0, ("#c",), (row("#c"),), ())).is_known
    assert alone.take(IndexAsk("a", 1, ("#d",), (row("#d"),), ())).is_known
    assert alone.take(IndexAsk("a", 1, ("#d",), (row("#d"),), ())).is_known  # repeated
    assert not alone.take(IndexAsk("a", 3, (), (), ("#d",))).is_known
    assert alone.take(IndexAsk("a", 0, (), (), ())).is_known  # from the beginning
    assert alone.row("#c") is None and alone.row("#d") is None


def test_rows_of_a_node_without_a_word_are_dropped(large: Net) -> None:
    kept = large.nodes["n1"].core.edge.index
    kept.take(IndexAsk("127.0.0.99", 0, ("#old",), (row("#old"),), ()))
    large.run(OLD_S - 2 * TELL_S)
    assert kept.row("#old") is not None
    large.run(4 * TELL_S)
    assert kept.row("#old") is None
