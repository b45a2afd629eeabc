"""Pages of lists of the whole network: alike on every node, complete, and bounded in what a turn costs."""

from __future__ import annotations

import pytest

from gateway.admin import lists
from gateway.admin.lists import Listed, page, together
from gateway.admin.procedures import Heard, Problem
from gateway.edge.rpc import pages
from gateway.edge.rpc.operator_asks import ChannelRow, Page, What
from tests.gateway.admin.stage import ask
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import SETTINGS, network, people
from tests.sim.net import Net


def whole(net: Net, node: str, what: What, limit: int) -> list[str]:
    """All keys, page by page."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        listed = ask(net, node, page(net.nodes[node].core.edge, what, after, limit))
        assert isinstance(listed, Listed) and len(listed.rows) <= limit and not listed.silent
        found += [row.key for _, row in listed.rows]
        after = listed.next
    return found


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_a_list_is_complete_and_sorted_on_every_node_whatever_the_page(limit: int) -> None:
    net = network(3)
    (ann,) = people(net, "ann")
    names = [f"#c{number:02}" for number in range(13)]
    ann.ask(f"JOIN {','.join(names)}")
    for node in net.nodes:
        assert whole(net, node, "channels", limit) == names


def test_accounts_are_listed_without_the_nicks_that_belong_to_them() -> None:
    net = network(3)
    for nick in ("ann", "bob", "carl"):
        client = net.client("n1", nick)
        register(client)
        client.ask(f"NICK {nick}x")
        client.ask("NS GROUP")
    for node in net.nodes:
        assert whole(net, node, "accounts", 2) == ["ann", "bob", "carl"]


def test_people_are_listed_by_the_node_that_they_are_on() -> None:
    net = network(3)
    people(net, "ann", "bob", "carl")
    listed = ask(net, "n2", page(net.nodes["n2"].core.edge, "sessions", "", 10))
    assert sorted((node, row.nick) for node, row in listed.rows) == [
        ("n1.sim", "ann"),
        ("n2.sim", "bob"),
        ("n3.sim", "carl"),
    ]
    only = ask(net, "n2", page(net.nodes["n2"].core.edge, "sessions", "", 10, "n3.sim"))
    assert [row.nick for _, row in only.rows] == ["carl"]


def test_a_node_that_does_not_answer_is_named() -> None:
    net = network(3)
    people(net, "ann")
    net.hang("n3", 30)
    listed = ask(net, "n1", page(net.nodes["n1"].core.edge, "channels", "", 10))
    assert listed.silent == ("n3.sim",)
    only = ask(net, "n1", page(net.nodes["n1"].core.edge, "channels", "", 10, "nowhere"))
    assert isinstance(only, Problem) and only.why == "unknown"


def test_a_long_list_is_looked_through_in_slices_and_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asker repeats its question twice a second: the answering node must not begin anew each time."""
    monkeypatch.setattr(pages, "SLICE", 3)
    monkeypatch.setattr(pages, "PART", 3)
    begun: list[object] = []
    begin = pages.Reading.begin
    monkeypatch.setattr(pages.Reading, "begin", lambda self: (begun.append(self), begin(self))[1])
    net = network(2)
    (ann,) = people(net, "ann")
    names = [f"#c{number:02}" for number in range(40)]
    ann.ask(f"JOIN {','.join(names)}")
    listed = ask(net, "n1", page(net.nodes["n1"].core.edge, "channels", "", 40))
    assert [row.name for _, row in listed.rows] == names
    assert len(begun) == 2


def test_a_mistake_in_a_slice_ends_the_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SLICE", 1)
    monkeypatch.setattr(pages, "PART", 1)
    net = network(1)
    net.may_err = True
    people(net, "ann", channel="#c")
    monkeypatch.setattr(pages.Reading, "_page", lambda self: 1 / 0)
    listed = ask(net, "n1", page(net.nodes["n1"].core.edge, "channels", "", 10))
    assert listed.silent == ("n1.sim",) and net.nodes["n1"].core.engine.noted["bug"] == 1


def test_while_a_node_is_older_it_is_said_which() -> None:
    net = Net(2, edge=SETTINGS, level=1)
    net.run(5)
    problem = ask(net, "n1", page(net.nodes["n1"].core.edge, "channels", "", 10))
    assert isinstance(problem, Problem) and problem.why == "too_old"
    assert "sim runs an older version" in problem.text and "upgrade" in problem.text
    young = network(1)
    young.nodes["n1"].core.engine.peers.level = 1
    problem = ask(young, "n1", page(young.nodes["n1"].core.edge, "channels", "", 10))
    assert isinstance(problem, Problem) and "in a few seconds" in problem.text


def row(key: str, term: int = 1) -> ChannelRow:
    return ChannelRow(key, key, 1, "nt", "", "", 0, 0, term)


def test_what_one_node_has_not_told_yet_is_not_passed_over() -> None:
    """n1 has told up to #b only: #c of n2 may not be shown before #bb of n1."""
    heard = Heard({"n1": Page((row("#a"), row("#b")), "#b"), "n2": Page((row("#c"),), "")}, ())
    assert together(heard, 2) == Listed([("n1", row("#a")), ("n1", row("#b"))], "#b", ())
    gone = Heard({"n1": Page((), "#b"), "n2": Page((row("#c"),), "")}, ())  # its rows went meanwhile
    assert together(gone, 2) == Listed([], "#b", ())


def test_of_two_masters_the_higher_term_counts() -> None:
    heard = Heard({"n1": Page((row("#a", 3),), ""), "n2": Page((row("#a", 2),), "")}, ())
    assert together(heard, 9).rows == [("n1", row("#a", 3))]
    assert lists.LEVEL == 2
