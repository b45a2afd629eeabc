from __future__ import annotations

import pytest

from gateway.edge.settings import Rehashed
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.settings import edge_with, operator, operator_class
from tests.sim.net import Net


def opered(nodes: int = 3, seed: int = 0) -> Net:
    return network(nodes, seed=seed, operators=(OPERATOR,))


def test_oper() -> None:
    net = opered()
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert ann.ask("OPER root wrong") == ["464 ann :Password incorrect"]
    assert ann.ask("OPER nobody sesame") == ["464 ann :Password incorrect"]
    assert ann.ask("OPER root") == ["461 ann OPER :Not enough parameters"]
    assert ann.ask("OPER root sesame") == ["381 ann :You are now an IRC operator", ":ann MODE ann +ow"]
    assert "313 bob ann :is an IRC operator" in bob.ask("WHOIS ann")
    assert bob.ask("WHO #c o") == [
        "352 bob #c ~ann 10.0.0.1 irc.circlet.local ann H*@ :0 ann real",
        "315 bob #c :End of WHO list",
    ]
    assert [line for line in ann.ask("STATS o") if line.startswith("243")] == ["243 ann O *@10.0.0.* * root"]
    ann.ask("MODE ann -o")
    assert ann.ask("KILL bob :x")[0].startswith("481 ann :")


def test_oper_from_the_wrong_host() -> None:
    net = opered()
    node = net.nodes["n1"].core
    node.edge.settings = edge_with(node.edge.settings, operators=(operator("root", "sesame", "*@192.0.2.*"),))
    (ann,) = people(net, "ann")
    assert ann.ask("OPER root sesame")[0].startswith("491 ann :")


@pytest.mark.parametrize("seed", range(20))
def test_kill_on_another_node_is_settled_with_the_pong(seed: int) -> None:
    """KILL asks whom it means before it submits: the PONG in the same packet has to wait for that too."""
    net = opered(seed=seed)
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    ann.ask("OPER root sesame")
    ann.ask("KILL BOB :spam")
    assert bob.closed is not None
    assert bob.got[-2:] == [
        f"{source('ann')} KILL bob :spam",
        "ERROR :Closing Link: 10.0.0.1 (Killed (ann (spam)))",
    ]
    assert cat.sync() == [f"{source('bob')} QUIT :Killed (ann (spam))"]
    assert ann.ask("KILL bob :again") == ["401 ann bob :No such nick/channel"]
    assert ann.ask("KILL") == ["461 ann KILL :Not enough parameters"]


def test_wallops_reaches_those_who_want_it_everywhere() -> None:
    net = opered()
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("OPER root sesame")
    bob.ask("MODE bob +w")
    cat.sync()
    assert ann.ask("WALLOPS :attention") == [f"{source('ann')} WALLOPS :attention"]
    settle(bob, cat)
    assert bob.got[-3] == f"{source('ann')} WALLOPS :attention" or f"{source('ann')} WALLOPS :attention" in bob.got
    assert not [line for line in cat.got if "WALLOPS" in line]


def test_operators_pass_bars_and_others_do_not_command() -> None:
    net = opered()
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "MODE #c +i")
    assert bob.ask("JOIN #c")[0].startswith("473 ")
    for command in ("KILL ann :x", "WALLOPS :x", "REHASH", "DIE"):
        assert bob.ask(command)[0].startswith("481 bob :"), command
    bob.ask("OPER root sesame")
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c"
    assert bob.ask("MODE #c +o bob") == [f"{source('bob')} MODE #c +o bob"]


def test_rehash_and_die_reach_the_process() -> None:
    net = opered(1)
    asked = []
    edge = net.nodes["n1"].core.edge
    edge.outside.die = lambda: asked.append("die")
    (ann,) = people(net, "ann")
    ann.ask("OPER root sesame")
    assert ann.ask("REHASH")[0] == "382 ann configuration :Rehashing"
    ann.ask("DIE")
    assert asked == ["die"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Rehashed(), ["Nothing has changed in the files."]),
        (Rehashed(("motd", "operators")), ["Taken at once: motd, operators"]),
        (
            Rehashed(("motd_file",), ("network.key_file",)),
            ["Taken at once: motd_file", "Changed, and taken only by a restart of the node: network.key_file"],
        ),
        (
            Rehashed(wrong=("n.yaml:3: motd: found 7: expected text",)),
            ["Wrong: n.yaml:3: motd: found 7: expected text",
             "Nothing was taken. Mend the file, and say REHASH again."],
        ),
    ],
)  # fmt: skip
def test_rehash_says_what_became_of_it(said: Rehashed, told: list[str]) -> None:
    net = opered(1)
    net.nodes["n1"].core.edge.outside.rehash = lambda: said
    (ann,) = people(net, "ann")
    ann.ask("OPER root sesame")
    assert [line.partition(" :")[2] for line in ann.ask("REHASH")[1:]] == told


MINE, OTHER = "a" * 64, "b" * 64
"""Fingerprints of certificates."""


def test_a_class_names_what_its_operators_may_do() -> None:
    helper = operator("helper", "sesame", operator_class="helpers")
    classes = (operator_class("helpers", "kill"), operator_class("nothing"))
    net = network(3, operators=(helper, operator("idle", "sesame", operator_class="nothing")), operator_classes=classes)
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("OPER helper sesame")
    assert ann.ask("WALLOPS :x") == ["723 ann wallops :Insufficient oper privileges."]
    assert ann.ask("REHASH") == ["723 ann rehash :Insufficient oper privileges."]
    bob.ask("JOIN #c", "MODE #c +i")
    assert ann.ask("JOIN #c")[0].startswith("473 ann #c ")
    assert ann.ask("KILL cat :x") == []
    assert cat.closed is not None
    bob.ask("OPER idle sesame")
    assert bob.ask("KILL ann :x") == ["723 bob kill :Insufficient oper privileges."]


def newcomer(net: Net, certificate: str | None) -> Newcomer:
    one = Newcomer(net, "n1", caps="", certificate=certificate)
    one.send("NICK ann", "USER a 0 * :a")
    one.lines()
    return one


def test_a_certificate_stands_for_a_password_if_there_is_none() -> None:
    net = network(1, operators=(operator("root", None, certificates=(MINE,)),))
    for certificate, answer in ((MINE, "381"), (OTHER, "461"), (None, "461")):
        one = newcomer(net, certificate)
        one.send("OPER root")
        assert one.lines()[0].split()[1] == answer
        one.send("QUIT")
        one.lines()
    wrong = newcomer(net, OTHER)
    wrong.send("OPER root sesame")
    assert wrong.lines()[0].split()[1] == "464"


def test_password_and_certificate_are_both_needed_if_both_are_set() -> None:
    net = network(1, operators=(operator("root", "sesame", certificates=(MINE,)),))
    for certificate, line, answer in (
        (OTHER, "OPER root sesame", "464"), (None, "OPER root sesame", "464"), (MINE, "OPER root wrong", "464"),
        (MINE, "OPER root", "461"), (MINE, "OPER root sesame", "381"),
    ):  # fmt: skip
        one = newcomer(net, certificate)
        one.send(line)
        assert one.lines()[0].split()[1] == answer, line
        one.send("QUIT")
        one.lines()


@pytest.mark.parametrize(
    ("certificate", "hosts", "granted"),
    [(MINE, "*@*", True), (OTHER, "*@*", False), (None, "*@*", False), (MINE, "*@192.0.2.*", False)],
)
def test_an_automatic_operator_needs_no_oper(certificate: str | None, hosts: str, granted: bool) -> None:
    net = network(1, operators=(operator("root", None, hosts, certificates=(MINE,), automatic=True),))
    one = Newcomer(net, "n1", caps="", certificate=certificate)
    one.send("NICK ann", "USER a 0 * :a")
    assert [line.split()[1] for line in one.lines()].count("381") == granted
    one.send("WALLOPS :hello")
    assert (one.lines()[0].split()[1] == "WALLOPS") == granted
