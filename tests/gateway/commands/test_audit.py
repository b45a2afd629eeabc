"""Acts of operators are kept and told: AUDIT, and snomasks, from every node."""

from __future__ import annotations

import pytest

from gateway.state.audit.messages import AUDIT
from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.settings import operator, operator_class
from tests.sim.net import Client, Net


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def operators(net: Net, *nicks: str) -> list[Client]:
    found = people(net, *nicks)
    for one in found:
        assert one.ask("OPER root sesame")[0].split()[0] == "381"
    settle(*found)
    return found


def texts(lines: list[str]) -> list[str]:
    """Return the texts of the notices, without times."""
    found = [line.partition(" :")[2] for line in lines if "NOTICE" in line]
    return [text.partition("Z ")[2] or text for text in found]


def test_every_act_is_kept_and_read_on_any_node(net: Net) -> None:
    ann, bob = operators(net, "ann", "bob")
    (cat,) = people(net, "cat")
    ann.ask("KILL cat :spam", "WALLOPS :hello", "REHASH")
    where = {one.nick: one.node.core.edge.record.name for one in (ann, bob, cat)}
    on = f"by root (ann) on {where['ann']}"
    wanted = [
        f"oper {source('ann')[1:]} {on}",
        f"oper {source('bob')[1:]} by root (bob) on {where['bob']}",
        f"kill {source('cat')[1:]} {on}: spam",
        f"wallops {on}: hello",
        f"rehash {where['ann']} {on}",
    ]
    assert texts(bob.ask("AUDIT")) == [*wanted, "Acts of operators: 5."]
    assert texts(bob.ask("AUDIT 1")) == [wanted[-1], "Acts of operators: 1, and 4 older ones."]
    assert texts(bob.ask("AUDIT by=ANN act=kill since=1h")) == [wanted[2], "Acts of operators: 1."]
    assert texts(bob.ask("AUDIT 5 target=cat!*"))[0] == wanted[2]
    assert texts(bob.ask("AUDIT node=elsewhere")) == ["Acts of operators: 0."]


@pytest.mark.parametrize("word", ["0", "501", "x", "by=", "since=1", "since=soon", "=x", "-1", "by", "1x", "\xb2"])
def test_audit_says_what_is_wrong(net: Net, word: str) -> None:
    (ann,) = operators(net, "ann")
    (said,) = texts(ann.ask(f"AUDIT {word}"))
    assert said.startswith(f"AUDIT does not understand {word}: AUDIT [count, 1 to 500]")


def test_audit_needs_the_capability() -> None:
    helper = operator("helper", "sesame", operator_class="helpers")
    (ann,) = people(network(1, operators=(helper,), operator_classes=(operator_class("helpers", "kill"),)), "ann")
    assert ann.ask("AUDIT")[0].startswith("481 ")
    ann.ask("OPER helper sesame")
    assert ann.ask("AUDIT") == ["723 ann audit :Insufficient oper privileges."]
    assert ann.ask("MODE ann +s") == ["723 ann snomasks :Insufficient oper privileges."]


def test_operators_with_the_snomask_are_told_on_every_node(net: Net) -> None:
    ann, bob, cat = operators(net, "ann", "bob", "cat")
    ann.ask("MODE ann +s ko")
    bob.ask("MODE bob +s f")
    settle(ann, bob, cat)
    (dan,) = people(net, "dan")
    cat.ask("KILL dan :spam")
    cat.ask("WALLOPS :hello")
    settle(ann, bob)
    node = cat.node.core.edge.record.name
    told = [line.partition(":*** ")[2] for line in ann.got if ":*** " in line]
    assert told == [
        f"kill {source('dan')[1:]} by root (cat) on {node}: spam",
        f"wallops by root (cat) on {node}: hello",
    ]
    assert not [line for line in (*bob.got, *cat.got, *dan.got) if ":*** " in line]


def test_letters_are_added_taken_and_listed(net: Net) -> None:
    (ann,) = operators(net, "ann")
    assert ann.ask("MODE ann +s") == [":ann MODE ann +s", "008 ann +bcfklor :Server notice mask"]
    assert ann.ask("MODE ann +s -bc+k-f") == ["008 ann +klor :Server notice mask"]
    assert ann.ask("MODE ann") == ["221 ann +osw"]
    (wrong, held) = ann.ask("MODE ann +s Z")
    assert "There is no snomask Z: the letters are bcfklor." in wrong and held.startswith("008 ann +klor")
    assert ann.ask("MODE ann -s kl") == ["008 ann +or :Server notice mask"]
    assert ann.ask("MODE ann -s") == [":ann MODE ann -s"]
    assert ann.ask("MODE ann -s") == []
    ann.ask("MODE ann +s")
    assert ann.ask("MODE ann -o", "MODE ann") == [":ann MODE ann -o", "221 ann +w"]


def test_a_node_follows_only_while_an_operator_wants_notices(net: Net) -> None:
    ann, _ = operators(net, "ann", "bob")
    engine = ann.node.core.engine

    def follows() -> bool:
        states = (node.core.engine.state(AUDIT) for node in net.nodes.values())
        return any(engine.me in state.subscribers for state in states if state is not None)

    assert not follows()
    ann.ask("MODE ann +s c")
    net.run(1)
    assert not follows(), "clients of the own node need no other node"
    ann.ask("MODE ann +s k")
    net.run(1)
    assert follows()
    ann.quit()
    net.run(10)
    assert not follows()


def test_below_level_3_nothing_is_kept_and_commands_go_on() -> None:
    net = network(2, operators=(OPERATOR,), level=2)
    ann, bob = people(net, "ann", "bob")
    ann.ask("OPER root sesame")
    assert ann.ask("KILL bob :x") == [] and bob.closed is not None
    assert texts(ann.ask("AUDIT")) == ["The network does not support this yet."]
    assert ann.ask("MODE ann +s") == ["501 ann :Unknown MODE flag"]
