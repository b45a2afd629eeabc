"""The throttle on changing targets: how many different people a user may write to in a minute."""

from __future__ import annotations

import pytest

from gateway.edge.direct.privacy import TARGETS_S, Privacy
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.sim.net import Client

NICKS = ("bob", "cat", "dan")
WHY = ":You write to too many people: at most 2 different people in a minute"


def write(sender: Client, *nicks: str, verb: str = "PRIVMSG") -> list[str]:
    return [line for nick in nicks for line in sender.ask(f"{verb} {nick} :hello")]


def heard(client: Client) -> int:
    client.net.run(0.5)
    return sum(line.endswith(":hello") for line in client.sync())


def test_a_nick_is_free_for_a_minute_after_each_message() -> None:
    privacy = Privacy()
    assert privacy.may_write("a", 2, 1000.0) and privacy.may_write("b", 2, 1001.0)
    assert not privacy.may_write("c", 2, 1002.0)
    assert privacy.may_write("a", 2, 1050.0)
    assert privacy.may_write("c", 2, 1001.0 + TARGETS_S)
    assert not privacy.may_write("b", 2, 1002.0 + TARGETS_S)


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("first", ["", "@+x=y "], ids=["plain", "parsed"])
def test_a_guest_writes_to_so_many_people(nodes: int, first: str) -> None:
    net = network(nodes, targets_per_minute=2)
    ann, bob, cat, dan = people(net, "ann", *NICKS, caps="message-tags")
    for nick in ("bob", "cat", "BOB"):
        assert ann.ask(f"{first}PRIVMSG {nick} :hello") == []
    assert ann.ask(f"{first}PRIVMSG dan :hello") == [f"439 ann dan {WHY}"]
    assert ann.ask(f"{first}NOTICE dan :hello") == []
    assert (heard(bob), heard(cat), heard(dan)) == (2, 1, 0)
    assert write(ann, "bob", "NickServ")[0].startswith(":NickServ!")
    net.run(60)
    assert write(ann, "dan") == [] and heard(dan) == 1


def test_invitations_count() -> None:
    net = network(1, targets_per_minute=2)
    ann, *_ = people(net, "ann", *NICKS)
    ann.ask("JOIN #c")
    assert write(ann, "bob") == []
    assert ann.ask("INVITE cat #c") == ["341 ann cat #c"]
    assert ann.ask("INVITE dan #c") == [f"439 ann dan {WHY}"]
    assert ann.ask("INVITE bob #c") == ["341 ann bob #c"]


@pytest.mark.parametrize(
    ("exempt", "account", "operator"), [("accounts", True, True), ("operators", False, True), ("nobody", False, False)]
)
def test_the_setting_says_who_is_exempt(exempt: str, account: bool, operator: bool) -> None:
    net = network(1, targets_per_minute=2, targets_exempt=exempt, operators=(OPERATOR,))
    ann, root, *_ = people(net, "ann", "root", *NICKS)
    register(ann)
    root.ask("OPER root sesame")
    for sender, is_exempt in ((ann, account), (root, operator)):
        assert write(sender, *NICKS) == ([] if is_exempt else [f"439 {sender.nick} dan {WHY}"])
