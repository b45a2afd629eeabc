"""MARKREAD: how far a person has read, on all its clients."""

from __future__ import annotations

import pytest

from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

CAPS = "sasl draft/read-marker"
EARLY, LATE = "timestamp=2023-11-14T22:13:20.001Z", "timestamp=2023-11-14T22:13:20.500Z"


def device(net: Net, node: str, caps: str = CAPS) -> Newcomer:
    client = Newcomer(net, node, caps)
    assert client.log_in("ann", "sesame")[-1].startswith("903")
    assert any(line.startswith("221 ") for line in client.enter("ann"))
    client.sync()
    return client


@pytest.fixture
def net() -> Net:
    net = network(3)
    (ann,) = people(net, "ann")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(ann))
    ann.quit()
    net.run(1)
    return net


def marked(client: Client) -> list[str]:
    lines = [*client.sync(), *client.lines()]
    return [line.partition("MARKREAD ")[2] for line in lines if "MARKREAD" in line]


def ask(client: Client, text: str) -> list[str]:
    return [line.partition("MARKREAD ")[2] for line in client.ask(f"MARKREAD {text}") if "MARKREAD" in line]


def test_it_is_told_to_all_clients_and_only_grows(net: Net) -> None:
    one, two, other = device(net, "n1"), device(net, "n2"), device(net, "n3", caps="sasl")
    bob = net.client("n2", "bob", "draft/read-marker")
    one.send("JOIN #A")
    one.sync()
    marked(two), marked(one)
    assert ask(one, f"#A {EARLY}") == [f"#A {EARLY}"]
    net.run(1)
    assert marked(two) == [f"#A {EARLY}"] and not marked(other) and not marked(bob)
    assert ask(two, f"#a {LATE}") == [f"#a {LATE}"]
    net.run(1)
    assert marked(one) == [f"#a {LATE}"]
    assert ask(one, f"#a {EARLY}") == [f"#a {LATE}"]
    assert ask(one, "#A") == [f"#A {LATE}"] and ask(two, "bob") == ["bob *"]
    assert ask(two, f"bob {EARLY}") == [f"bob {EARLY}"]
    assert ask(bob, "#a") == ["#a *"]
    net.run(1)
    assert marked(two) == []


def test_it_comes_with_a_join_before_the_end_of_the_names(net: Net) -> None:
    one = device(net, "n1")
    one.send("JOIN #a", f"MARKREAD #a {EARLY}")
    one.sync()
    two = device(net, "n2")
    two.sync()
    verbs = [line.split(" ")[1] for line in two.got if " #a" in line]
    assert verbs.index("JOIN") < verbs.index("MARKREAD") < verbs.index("366")
    assert any(line.endswith(f"MARKREAD #a {EARLY}") for line in two.got)


def test_a_marker_is_no_later_than_now_and_outlives_the_session(net: Net) -> None:
    one = device(net, "n1")
    (answer,) = ask(one, "#a timestamp=2099-01-01T00:00:00.000Z")
    assert answer.startswith("#a timestamp=2023-11-14T22:")
    one.quit()
    net.run(5)
    assert ask(device(net, "n3"), "#a") == [answer]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "FAIL MARKREAD NEED_MORE_PARAMS :Missing parameters"),
        ("a,b", "FAIL MARKREAD INVALID_PARAMS a,b :Invalid parameters"),
        ("#a *", "FAIL MARKREAD INVALID_PARAMS * :Invalid parameters"),
        ("#a 2023-11-14T22:13:20.001Z", "FAIL MARKREAD INVALID_PARAMS 2023-11-14T22:13:20.001Z :Invalid parameters"),
        ("#a timestamp=2023-13-14T22:13:20.001Z", "FAIL MARKREAD INVALID_PARAMS"),
        ("#a timestamp=1969-01-01T00:00:00.000Z", "FAIL MARKREAD INVALID_PARAMS"),
        ("#a timestamp=\udcff", "FAIL MARKREAD INVALID_PARAMS"),
        ("\udcff", "FAIL MARKREAD INVALID_PARAMS"),
    ],
)
def test_bad_input(net: Net, text: str, answer: str) -> None:
    assert any(line.startswith(answer) for line in device(net, "n1").ask(f"MARKREAD {text}"))


def test_markers_without_an_account_live_as_long_as_the_connection(net: Net) -> None:
    bob, cat = net.client("n1", "bob", "draft/read-marker"), net.client("n1", "cat", "draft/read-marker")
    assert ask(bob, "#A") == ["#A *"] and ask(bob, f"#A {EARLY}") == [f"#A {EARLY}"]
    assert ask(bob, f"#a {LATE}") == [f"#a {LATE}"] and ask(bob, f"#A {EARLY}") == [f"#A {LATE}"]
    assert ask(bob, f"cat {EARLY}") == [f"cat {EARLY}"] and ask(cat, "#a") == ["#a *"]
    assert f":irc.circlet.local MARKREAD #a {LATE}" in [*bob.ask("JOIN #a"), *bob.got]
    (late,) = ask(bob, "#b timestamp=2099-01-01T00:00:00.000Z")
    assert late.startswith("#b timestamp=2023-11-14T22:")
    bob.quit()
    net.run(1)
    assert ask(net.client("n1", "bob", "draft/read-marker"), "#a") == ["#a *"]


def test_a_connection_keeps_so_many_markers(net: Net) -> None:
    bob = net.client("n1", "bob", "draft/read-marker")
    bob.ask(*(f"MARKREAD #{n} timestamp=2023-11-14T22:{n // 60 % 13:02}:{n % 60:02}.{n:04}Z" for n in range(1_010)))
    assert len(bob.connection.delivery.markers) == 1_000


def test_who_has_no_capability(net: Net) -> None:
    cat = net.client("n1", "cat")
    assert any(line.startswith("421 ") for line in cat.ask("MARKREAD #a"))
