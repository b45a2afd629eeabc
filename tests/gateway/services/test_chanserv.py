"""Channels by way of ChanServ: every command, good and bad, on one node and on three."""

from __future__ import annotations

import pytest

from config.accounts import Accounts
from gateway.services.chanserv import FULL, NO_ACCOUNT, NO_CHANNEL, NOT_DONE
from gateway.services.table import NOT_LOGGED_IN
from tests.gateway.commands.accounts import ANSWERED_S, register
from tests.gateway.commands.stage import OPERATOR, network, people, settle
from tests.sim.net import Client, Net


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def told(client: Client, text: str) -> list[str]:
    """Return ChanServ's answers."""
    client.lines()
    client.send(f"CS {text}")
    assert client.net.until(lambda: any(":ChanServ!" in line for line in client.got[client.read :]), ANSWERED_S)
    lines = client.sync()
    return [line.split(" :", 1)[1] for line in lines if line.startswith(":ChanServ!ChanServ@irc.circlet.local NOTICE ")]


def cast(net: Net) -> tuple[Client, Client, Client]:
    """ann and bob have accounts, eve has none; ann has registered #c, and all are in the channel."""
    ann, bob, eve = people(net, "ann", "bob", "eve")
    for one in (ann, bob):
        register(one)
    for one in (ann, bob, eve):
        one.ask("JOIN #c")
    assert told(ann, "REGISTER #c") == ["#c is registered to ann."]
    settle(ann, bob, eve)
    net.run(1)  # a node that follows the channel answers from its own replica, some ms later
    return ann, bob, eve


def ranks(client: Client) -> set[str]:
    """Return the members of #c with their signs, as NAMES shows the members."""
    (names,) = [line for line in client.ask("NAMES #c") if line.startswith("353 ")]
    return set(names.split(" :")[-1].split(" ")) if " :" in names else {names.split(" ")[-1]}


def test_register_a_channel_and_give_it_up(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert ranks(eve) == {"~ann", "bob", "eve"}
    assert told(bob, "REGISTER #c") == [NOT_DONE["registered"]]
    assert told(eve, "REGISTER #c") == [NOT_LOGGED_IN]
    assert told(bob, "REGISTER #empty") == [NOT_DONE["rank"]]
    assert told(bob, "REGISTER no-channel") == [NO_CHANNEL]
    assert told(eve, "INFO #c")[0].startswith("#c belongs to ann, registered ")
    assert told(eve, "INFO #empty") == [NOT_DONE["unregistered"]]
    assert told(bob, "DROP #c") == [NOT_DONE["access"]]
    (answer,) = told(ann, "DROP #c")
    assert told(ann, "DROP #c 12345678") == ["That is not the code. DROP without a code tells the code."]
    assert told(ann, answer.split("say ")[1]) == ["#c is not registered any more."]
    settle(ann, bob, eve)
    assert ranks(eve) == {"@ann", "bob", "eve"}
    assert told(ann, "DROP #c") == [NOT_DONE["unregistered"]]


def test_flags_give_ranks_at_once_and_on_entering(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(ann, "FLAGS #c bob +Oi") == ["bob has the flags Oi."]
    settle(ann, bob, eve)
    assert any(line.endswith("MODE #c +o bob") for line in eve.got)
    assert ranks(eve) == {"~ann", "@bob", "eve"}
    assert told(ann, "FLAGS #c") == ["ann: founder of #c", "bob: Oi, by ann"]
    assert told(ann, "FLAGS #c bob") == ["bob has the flags Oi."]
    assert told(bob, "FLAGS #c bob") == ["bob has the flags Oi."]
    assert told(bob, "FLAGS #c ann") == [NOT_DONE["access"]]
    assert told(bob, "FLAGS #c") == [NOT_DONE["access"]]
    assert told(bob, "FLAGS #c bob +P") == [NOT_DONE["access"]]
    assert told(ann, "FLAGS #c bob +!") == [NOT_DONE["flags"]]
    assert told(ann, "FLAGS #c nobody +O") == [NO_ACCOUNT]
    assert told(ann, "FLAGS #c bob -*") == ["bob has no access any more."]
    settle(ann, bob, eve)
    assert ranks(eve) == {"~ann", "bob", "eve"}
    assert told(ann, "FLAGS #c bob VOP") == ["bob has the flags AV."]
    bob.ask("PART #c", "JOIN #c")
    settle(ann, bob, eve)
    assert ranks(eve) == {"~ann", "+bob", "eve"}


def test_shorthand_of_other_networks(net: Net) -> None:
    ann, bob, eve = cast(net)
    for level, sign in (("SOP", "&"), ("AOP", "@"), ("HOP", "%"), ("VOP", "+")):
        assert told(ann, f"{level} #c ADD bob")[0].startswith("bob has the flags ")
        assert told(ann, f"{level} #c LIST")[1].startswith("bob: ")
        settle(ann, bob, eve)
        assert f"{sign}bob" in ranks(eve)
    assert told(ann, "AOP #c DEL bob") == ["bob is not in the list."]
    assert told(ann, "VOP #c DEL bob") == ["bob has no access any more."]
    assert told(ann, "VOP #c SING bob") == ["Syntax: VOP <channel> <ADD|DEL|LIST> [account]"]
    assert told(ann, "VOP #c ADD") == ["Syntax: VOP <channel> <ADD|DEL|LIST> [account]"]
    assert told(ann, "AMODE #c +o bob")[0].startswith("bob has the flags ")
    assert told(ann, "AMODE #c")[1].startswith("bob: ")
    assert told(ann, "AMODE #c -o bob") == ["bob has no access any more."]
    assert told(ann, "AMODE #c +z bob") == ["Syntax: AMODE <channel> [<+|-><a|o|h|v> account]"]


def test_ranks_by_access(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(bob, "OP #c") == [NOT_DONE["access"]]
    told(ann, "FLAGS #c bob +ohv")
    for give, take, sign in (("OP", "DEOP", "@"), ("HALFOP", "DEHALFOP", "%"), ("VOICE", "DEVOICE", "+")):
        assert told(bob, f"{give} #c eve") == ["Done in #c."]
        settle(ann, bob, eve)
        assert f"{sign}eve" in ranks(eve)
        assert any(line.startswith(":ChanServ!ChanServ@") and " MODE #c +" in line for line in eve.got)
        assert told(bob, f"{take} #c eve") == ["Done in #c."]
        settle(ann, bob, eve)
        assert "eve" in ranks(eve)
    assert told(bob, "DEOP #c ann") == [NOT_DONE["access"]]
    assert told(bob, "OP #c nobody") == [NOT_DONE["nobody"]]
    bob.ask("PART #c")
    assert told(bob, "VOICE #c eve") == ["Done in #c."], "one need not be in the channel"
    assert told(bob, "STATUS #c") == [
        "Your flags are hov; the ranks on entering #c are none.",
        "You are not in the channel.",
    ]
    assert told(ann, "STATUS #c")[0] == "You are the founder; the ranks on entering #c are qo."


def test_a_channel_changes_hands(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(bob, "TRANSFER #c bob") == [NOT_DONE["access"]]
    assert told(ann, "TRANSFER #c nobody") == [NO_ACCOUNT]
    assert told(ann, "TRANSFER #c bob") == ["#c belongs to bob now."]
    settle(ann, bob, eve)
    assert ranks(eve) == {"ann", "~bob", "eve"}
    assert told(bob, "SUCCESSOR #c ann") == ["ann inherits #c."]
    assert told(eve, "INFO #c")[1] == "Successor: ann"
    assert told(bob, "SUCCESSOR #c none") == ["Nobody inherits #c."]


def drop_account(client: Client) -> None:
    client.lines()
    client.send("NS DROP")
    assert client.net.until(lambda: any("say DROP" in line for line in client.got[client.read :]), ANSWERED_S)
    code = next(line for line in client.sync() if "say DROP" in line).split()[-1]
    client.send(f"NS DROP {code}")
    assert client.net.until(lambda: any("is dropped" in line for line in client.got[client.read :]), ANSWERED_S)
    client.net.run(1)


def test_a_dropped_account_tells_its_channels(net: Net) -> None:
    ann, bob, eve = cast(net)
    told(ann, "SUCCESSOR #c bob")
    drop_account(ann)
    settle(ann, bob, eve)
    assert ranks(eve) == {"ann", "~bob", "eve"}
    drop_account(bob)
    assert told(eve, "INFO #c") == [NOT_DONE["unregistered"]]
    register(ann)
    settle(ann, bob, eve)
    assert "~ann" not in ranks(eve), "an account of the same name is another account"


def test_an_account_has_so_many_channels() -> None:
    net = network(1, accounts=Accounts(channels_max=1))
    (ann,) = people(net, "ann")
    register(ann)
    ann.ask("JOIN #c", "JOIN #d")
    assert told(ann, "REGISTER #c") == ["#c is registered to ann."]
    assert told(ann, "REGISTER #d") == [FULL.format(most=1)]


def test_operators_of_the_network_may_do_all(net: Net) -> None:
    ann, bob, eve = cast(net)
    bob.ask("OPER root sesame")
    assert told(bob, "FLAGS #c bob +O") == ["bob has the flags O."]
    assert told(bob, "TRANSFER #c bob") == ["#c belongs to bob now."]
    assert len(told(ann, "INFO #c")) == 2
    assert eve.ask("PING x")


def test_an_older_network_does_not_know_registrations() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    register(ann)
    ann.ask("JOIN #c")
    core = net.nodes["n1"].core
    core.engine.peers.level = 1
    assert told(ann, "REGISTER #c") == ["The network does not support this yet."]
    core.engine.peers.level = 2


def test_settings_of_a_channel(net: Net) -> None:
    ann, bob, eve = cast(net)
    told(ann, "FLAGS #c bob O")
    assert told(ann, "FLAGS #c bob +O") == ["bob has the flags O."]
    assert told(bob, "SET #c TOPICLOCK on") == [NOT_DONE["access"]]
    assert told(ann, "SET #c TOPICLOCK on") == ["TOPICLOCK is on."]
    assert bob.ask("TOPIC #c :mine")[-1] == "482 bob #c :The topic is locked (ChanServ)"
    assert ann.ask("TOPIC #c :ours") == [":ann!~ann@10.0.0.1 TOPIC #c ours"] or ann.ask("TOPIC #c")[0].endswith("ours")
    assert told(ann, "SET #c PRIVATE on") == ["PRIVATE is on."]
    eve.ask("PART #c")
    assert not any("322" in line for line in eve.ask("LIST"))
    assert told(ann, "SET #c ENTRYMSG be kind") == ["ENTRYMSG is be kind."]
    assert any(line.endswith("NOTICE eve :[#c] be kind") for line in eve.ask("JOIN #c"))
    assert told(ann, "SET #c ENTRYMSG off") == ["ENTRYMSG is off."]
    assert told(ann, "SET #c NONSENSE on")[0].startswith("Syntax: SET ")


def test_locked_modes(net: Net) -> None:
    ann, bob, eve = cast(net)
    for bad in ("+k", "+b", "+l 0", "+k a,b", "+n x", "+kl a", "nt"):
        assert told(ann, f"MLOCK #c {bad}") == [NOT_DONE["value"]], bad
    assert told(ann, "MLOCK #c +m-t") == ["MLOCK is +m-t."]
    settle(ann, bob, eve)
    assert ann.ask("MODE #c")[0] == "324 ann #c +mn"
    assert ann.ask("MODE #c -m")[-1] == "482 ann #c :The mode m is locked (ChanServ)"
    assert told(ann, "MLOCK #c off") == ["MLOCK is off."]
    assert "482" not in " ".join(ann.ask("MODE #c -m"))


def test_a_locked_key_and_limit(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(ann, "MLOCK #c +nkl-i sesame 50") == ["MLOCK is +nkl-i sesame 50."]
    settle(ann, bob, eve)
    assert ann.ask("MODE #c")[0] in ("324 ann #c +klnt sesame 50", "324 ann #c +ntkl sesame 50")
    assert ann.ask("MODE #c -k sesame")[-1] == "482 ann #c :The mode k is locked (ChanServ)"
    assert ann.ask("MODE #c +l 3")[-1] == "482 ann #c :The mode l is locked (ChanServ)"
    assert ann.ask("MODE #c +k other")[-1] == "482 ann #c :The mode k is locked (ChanServ)"
    assert told(ann, "MLOCK #c -kl") == ["MLOCK is -kl."]
    settle(ann, bob, eve)
    assert ann.ask("MODE #c")[0] == "324 ann #c +nt"
    assert "482" in ann.ask("MODE #c +l 3")[-1]
    assert told(ann, "SET #c GUARD on")[0].startswith("GUARD is always on here.")


def test_status_of_others(net: Net) -> None:
    ann, bob, eve = cast(net)
    told(ann, "FLAGS #c bob +OA")
    settle(ann, bob, eve)
    assert told(ann, "STATUS #c") == [
        "You are the founder; the ranks on entering #c are qo.",
        "The ranks now are qo.",
    ]
    assert told(bob, "STATUS #c ann") == [
        "ann is the founder; the ranks on entering #c are qo.",
        "The ranks now are qo.",
    ]
    assert told(ann, "STATUS #c bob")[0] == "The flags are AO; the ranks on entering #c are o."
    bob.ask("PART #c")
    assert told(ann, "STATUS #c bob")[1] == "bob is not in the channel."
    assert told(ann, "STATUS #c eve")[0] == "The flags are none; the ranks on entering #c are none."
    assert told(ann, "STATUS #c nobody") == ["No such nick/channel"]
    told(ann, "FLAGS #c bob -A")
    assert told(bob, "STATUS #c ann") == [NOT_DONE["access"]]


def test_people_are_kept_out(net: Net) -> None:
    ann, bob, eve = cast(net)
    told(ann, "FLAGS #c bob +A")
    assert told(ann, "AKICK #c ADD *!*@10.0.0.0/8 40s go away") == ["*!*@10.0.0.0/8 is kept out."]
    net.run(3)
    settle(ann, bob, eve)
    assert any("KICK #c eve :go away" in line for line in ann.got), "who is there is put out"
    assert ranks(ann) == {"~ann", "bob"}, "people with access stay"
    assert eve.ask("JOIN #c")[-1] == "474 eve #c :You are kept out of this channel (go away)"
    assert told(bob, "AKICK #c LIST")[0].startswith("*!*@10.0.0.0/8 until ")
    assert told(bob, "AKICK #c DEL *!*@10.0.0.0/8") == [NOT_DONE["access"]]
    net.run(45)
    assert "JOIN #c" in " ".join(eve.ask("JOIN #c")), "the time is over"
    assert told(ann, "AKICK #c DEL *!*@10.0.0.0/8") == ["*!*@10.0.0.0/8 is kept out no longer."]
    assert told(ann, "AKICK #c LIST") == ["People kept out of #c: 0 masks"]
    assert told(ann, "AKICK #c ADD")[0].startswith("Syntax: AKICK ")


def test_each_list_has_so_many_entries() -> None:
    net = network(1, accounts=Accounts(channel_accesses_max=1, channel_akicks_max=1, channel_text_max=50))
    ann, _, eve = cast(net)
    register(eve)
    assert told(ann, "FLAGS #c bob VOP") == ["bob has the flags AV."]
    full = NOT_DONE["full"].format(most=1)
    assert "1 entries" in full and told(ann, "FLAGS #c eve VOP") == [full]
    assert told(ann, "FLAGS #c bob AOP") == ["bob has the flags AOhiortv."]
    assert told(ann, "AKICK #c ADD x!*@*") == ["x!*@* is kept out."]
    assert told(ann, "AKICK #c ADD y!*@*") == [full]
    assert told(ann, "AKICK #c DEL x!*@*") == ["x!*@* is kept out no longer."]
    assert told(ann, "AKICK #c ADD y!*@*") == ["y!*@* is kept out."]
    assert told(ann, f"SET #c ENTRYMSG {'x' * 51}") == ["A text has 50 bytes at most."]
    assert told(ann, f"AKICK #c ADD y!*@* {'x' * 51}") == ["A text has 50 bytes at most."]
    assert told(ann, f"SET #c ENTRYMSG {'x' * 50}") == [f"ENTRYMSG is {'x' * 50}."]
