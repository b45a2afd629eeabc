"""An operator acts for people on any node, and in channels of others; everybody is told by NOTICE $$*."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import OPERATOR, network, people, settle, source
from tests.settings import operator, operator_class
from tests.sim.net import Client, Net

SERVER = ":irc.circlet.local"


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def cast(net: Net) -> tuple[Client, Client, Client]:
    """ann is an operator of the network; bob has made #c, and cat is nowhere."""
    ann, bob, cat = people(net, "ann", "bob", "cat")
    assert ann.ask("OPER root sesame")[0].startswith("381")
    bob.ask("JOIN #c")
    settle(ann, bob, cat)
    return ann, bob, cat


def said(client: Client, *lines: str) -> list[str]:
    return [line.partition(" :")[2] for line in client.ask(*lines) if "NOTICE" in line]


def last_act(client: Client) -> str:
    return said(client, "AUDIT 1")[0].partition("Z ")[2]


def test_people_enter_and_leave_channels_past_all_bars(net: Net) -> None:
    ann, bob, cat = cast(net)
    bob.ask("MODE #c +ik key", "MODE #c +b cat!*@*")
    assert said(ann, "SAJOIN CAT #c") == ["SAJOIN: done for cat."]
    assert f"{source('cat')} JOIN #c" in cat.sync()
    assert f"{source('cat')} JOIN #c" in bob.sync()
    assert last_act(ann).startswith(f"sajoin {source('cat')[1:]} by root (ann) on ")
    assert said(ann, "SAJOIN cat #c") == ["SAJOIN: cat is in the channel already."]
    assert said(ann, "SAPART cat #c :away with you") == ["SAPART: done for cat."]
    assert f"{source('cat')} PART #c :away with you" in bob.sync()
    assert said(ann, "SAPART cat #c") == ["SAPART: cat is not in the channel."]
    assert said(ann, "SAJOIN cat #new,#newer") == ["SAJOIN: done for cat."] * 2


def test_a_person_gets_another_nick_and_another_real_name(net: Net) -> None:
    ann, bob, cat = cast(net)
    cat.ask("JOIN #c")
    assert said(ann, "SANICK cat Tom") == ["SANICK: done for cat."]
    assert f"{source('cat')} NICK Tom" in bob.sync()
    cat.nick = "Tom"
    assert f"{source('cat')} NICK Tom" in cat.sync()
    assert said(ann, "CHGNAME tom :A real cat") == ["CHGNAME: done for Tom."]
    assert "311 ann Tom ~cat 10.0.0.1 * :A real cat" in ann.ask("WHOIS tom")
    assert ann.ask("SANICK tom bob") == ["433 ann bob :Nickname is already in use"]
    assert ann.ask("SANICK tom 1bad")[0].startswith("432 ann 1bad ")
    assert ann.ask("SANICK tom NickServ")[0].startswith("432 ann NickServ ")
    assert ann.ask("SANICK nobody x1") == ["401 ann nobody :No such nick/channel"]
    assert last_act(ann).endswith(": A real cat")


def test_a_session_is_ended(net: Net) -> None:
    ann, bob, cat = cast(net)
    cat.ask("JOIN #c")
    bob.sync()
    assert said(ann, "SAQUIT cat :go home") == ["SAQUIT: done for cat."]
    assert cat.closed is not None
    assert f"{source('cat')} QUIT :Quit: go home" in bob.sync()
    assert last_act(ann).startswith(f"saquit {source('cat')[1:]} by root (ann) on ")
    assert ann.ask("SAQUIT cat") == ["401 ann cat :No such nick/channel"]


def test_modes_of_any_channel_are_changed_in_the_name_of_the_server(net: Net) -> None:
    ann, bob, cat = cast(net)
    cat.ask("JOIN #c")
    settle(bob, cat)
    assert ann.ask("SAMODE #c +mo cat") == []
    assert f"{SERVER} MODE #c +mo cat" in bob.sync()
    assert "samode #c by root (ann)" in last_act(ann) and last_act(ann).endswith(": +mo cat")
    assert ann.ask("SAMODE #c +Z")[0].startswith("472 ann Z ")
    assert ann.ask("SAMODE ann +i")[0].startswith("403 ")
    assert ann.ask("SAMODE #c") == ["461 ann SAMODE :Not enough parameters"]


def test_acts_of_an_operator_outside_are_shown_as_the_servers_and_kept(net: Net) -> None:
    ann, bob, cat = cast(net)
    cat.ask("JOIN #c")
    settle(bob, cat)
    ann.ask("MODE #c +m", "TOPIC #c :order", "KICK #c cat :out")
    lines = bob.sync()
    for line in ("MODE #c +m", "TOPIC #c :order", "KICK #c cat :out"):
        assert f"{SERVER} {line}" in lines
    acts = [text.partition("Z ")[2].split(" ")[0] for text in said(ann, "AUDIT 3")[:-1]]
    assert sorted(acts) == ["kick", "mode", "topic"]
    ann.ask("JOIN #c", "MODE #c -m")
    assert f"{source('ann')} MODE #c -m" in bob.sync(), "a member is shown by name"


def test_hosts_are_changed_only_where_people_have_cloaks(net: Net) -> None:
    ann, *_ = cast(net)
    assert said(ann, "CHGHOST cat staff.example") == [
        "CHGHOST: cat has no cloak: hosts are changed only in a network with cloaks."
    ]
    for bad in ("-x", "a b", "10.0.0.1", "x" * 100, "*", "a@b", "2001:db8::1", "x."):
        assert said(ann, f"CHGHOST cat :{bad}")[0].startswith("That is no host: "), bad


def test_a_cloaked_person_gets_another_host() -> None:
    net = network(3, operators=(OPERATOR,), cloak_key=b"k" * 32)
    ann, bob, cat = people(net, "ann", "bob", "cat", caps="chghost")
    ann.ask("OPER root sesame")
    for one in (bob, cat):
        one.ask("JOIN #c")
    bob.ask("MODE #c +v cat")
    settle(bob, cat)
    assert said(ann, "CHGHOST cat staff.example") == ["CHGHOST: done for cat."]
    assert any(" CHGHOST ~cat staff.example" in line for line in bob.sync())


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("SAJOIN cat", "461 ann SAJOIN :Not enough parameters"),
        ("SAJOIN cat nochannel", "403 ann nochannel :No such channel"),
        ("SAJOIN nobody #c", "401 ann nobody :No such nick/channel"),
        ("SAJOIN \x01 #c", "401 ann \x01 :No such nick/channel"),
        ("SAPART nobody #c", "401 ann nobody :No such nick/channel"),
        ("SANICK cat", "461 ann SANICK :Not enough parameters"),
        ("CHGNAME cat", "461 ann CHGNAME :Not enough parameters"),
        ("CHGNAME cat :", "461 ann CHGNAME :Not enough parameters"),
        ("SAQUIT", "461 ann SAQUIT :Not enough parameters"),
        ("NOTICE $$elsewhere :x", "402 ann $$elsewhere :No such server"),
    ],
)
def test_bad_input(net: Net, line: str, answer: str) -> None:
    ann, *_ = cast(net)
    assert ann.ask(line) == [answer]


def test_everybody_is_told_or_the_people_of_some_nodes() -> None:
    net = network(3, operators=(OPERATOR,))
    ann, bob, cat = cast(net)
    here = bob.node.core.edge.record.name
    ann.ask("NOTICE $$* :back soon", f"PRIVMSG $${here} :only here", "NOTICE $$irc.circlet.* :all")
    settle(ann, bob, cat)
    assert [line for line in bob.got if "$$" in line] == [
        f"{source('ann')} NOTICE $$* :back soon",
        f"{source('ann')} PRIVMSG $${here} :only here",
        f"{source('ann')} NOTICE $$irc.circlet.* :all",
    ]
    assert [line.split(" :")[1] for line in cat.got if "$$" in line] == ["back soon", "all"]
    assert last_act(ann).startswith("announce $$irc.circlet.* by root (ann)")


def test_each_act_needs_its_capability() -> None:
    helper = operator("helper", "sesame", operator_class="helpers")
    net = network(1, operators=(helper,), operator_classes=(operator_class("helpers", "kill"),))
    ann, bob = people(net, "ann", "bob")
    bob.ask("JOIN #c")
    lines = (
        "SAJOIN bob #d",
        "SAPART bob #c",
        "SANICK bob x",
        "SAQUIT bob",
        "SAMODE #c +m",
        "CHGNAME bob x",
        "CHGHOST bob x",
    )
    for line in lines:
        assert ann.ask(line)[0].startswith("481 "), line
    ann.ask("OPER helper sesame")
    for line in lines:
        assert ann.ask(line) == ["723 ann force :Insufficient oper privileges."], line
    assert ann.ask("NOTICE $$* :x") == ["723 ann announce :Insufficient oper privileges."]
    assert bob.ask("NOTICE $$* :x") == []


def test_below_level_3_nobody_is_forced() -> None:
    net = network(2, operators=(OPERATOR,), level=2)
    ann, _, cat = cast(net)
    for line in ("SAJOIN cat #c", "SAPART bob #c", "SANICK cat x1", "CHGNAME cat x", "CHGHOST cat x", "SAQUIT cat"):
        assert said(ann, line) == ["The network does not support this yet: try again once all nodes are upgraded."]
    assert said(ann, "PRIVMSG $$* :x") == ["The network does not support this yet. NOTICE $$* reaches everybody."]
    ann.ask("NOTICE $$* :x")
    assert [line for line in cat.sync() if "NOTICE $$* :x" in line]
