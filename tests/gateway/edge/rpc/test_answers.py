"""Answers to questions of other nodes: what the asker may see, and bounded numbers of rows."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.rpc import answers
from gateway.edge.rpc.answers import answer, modes_of
from gateway.edge.rpc.asks import CountAsk, DetailAsk, FindAsk, ListAsk
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.net import Client, Net


@pytest.fixture
def cast() -> tuple[Net, Any, list[Client]]:
    """ann operates the secret #s and the open #o; bob is in both; cat is invisible, and in none."""
    net = network(1, operators=(OPERATOR,))
    clients = people(net, "ann", "bob", "cat")
    ann, bob, cat = clients
    ann.ask("JOIN #s", "MODE #s +s", "JOIN #o", "TOPIC #o :tea")
    bob.ask("JOIN #s", "JOIN #o")
    cat.ask("MODE cat +i")
    return net, net.nodes["n1"].core.edge, clients


def uid(client: Client) -> str:
    assert client.connection.user is not None
    return client.connection.user.uid


@pytest.mark.parametrize(
    ("channels", "oper", "listed"), [((), False, ["#o"]), (("#s",), False, ["#o", "#s"]), ((), True, ["#o", "#s"])]
)
def test_a_secret_channel_is_listed_for_members_and_operators(
    cast: Any, channels: tuple[str, ...], oper: bool, listed: list[str]
) -> None:
    reply: Any = answer(cast[1], ListAsk((), channels, oper))
    assert sorted(row.name for row in reply.rows) == listed and not reply.cut


def test_a_long_list_is_cut_and_says_so(cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ROWS", 1)
    reply: Any = answer(cast[1], ListAsk((), (), True))
    assert len(reply.rows) == 1 and reply.cut
    found: Any = answer(cast[1], FindAsk("*", (), True))
    assert len(found.people) == 1 and found.cut


def test_details_hide_secret_channels_and_the_address_from_strangers(cast: Any) -> None:
    _, edge, (ann, bob, cat) = cast
    stranger: Any = answer(edge, DetailAsk(uid(ann), uid(cat), (), False))
    assert (stranger.channels, stranger.actual, stranger.modes) == (("@#o",), "", "")
    member: Any = answer(edge, DetailAsk(uid(ann), uid(bob), ("#s", "#o"), False))
    assert sorted(member.channels) == ["@#o", "@#s"] and member.actual == ""
    for own in (
        answer(edge, DetailAsk(uid(ann), uid(ann), (), False)),
        answer(edge, DetailAsk(uid(ann), "", (), True)),
    ):
        assert isinstance(own, type(member))
        assert (own.actual, own.modes) == ("10.0.0.1", "+") and len(own.channels) == 2
    assert answer(edge, DetailAsk("nobody", uid(ann), (), True)) is None


@pytest.mark.parametrize(
    ("mask", "oper", "nicks"),
    [
        ("*", False, ["ann", "bob"]),
        ("*", True, ["ann", "bob", "cat"]),
        ("cat", False, ["cat"]),
        ("c*", False, []),
        ("10.0.0.0/8", False, ["ann", "bob"]),
        ("b?b", False, ["bob"]),
        ("nobody", True, []),
    ],
)
def test_invisible_people_are_found_by_their_nick_or_by_operators(
    cast: Any, mask: str, oper: bool, nicks: list[str]
) -> None:
    found: Any = answer(cast[1], FindAsk(mask, (), oper))
    assert sorted(person.nick for person in found.people) == nicks


def test_only_operators_are_found_if_only_operators_are_wanted(cast: Any) -> None:
    _, edge, (ann, _, _) = cast
    ann.ask("OPER root sesame")
    found: Any = answer(edge, FindAsk("*", (), False, True))
    assert [person.nick for person in found.people] == ["ann"]


def test_people_channels_and_strangers_are_counted(cast: Any) -> None:
    _, edge, (ann, _, _) = cast
    ann.ask("OPER root sesame")
    counts: Any = answer(edge, CountAsk())
    assert (counts.users, counts.invisible, counts.opers, counts.unknown, counts.channels) == (3, 1, 1, 0, 2)
    assert edge.census.recent()[0].users == 3


def test_the_modes_of_a_user_are_shown_in_order(cast: Any) -> None:
    cat = cast[2][2]
    assert modes_of(cat.connection.user) == "+i"
    cat.ask("MODE cat +wB")
    assert modes_of(cat.connection.user) == "+Biw"
