from __future__ import annotations

import pytest

from gateway.edge.settings import Rehashed
from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.settings import edge_with, operator
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
