"""SILENCE, ACCEPT and the user mode g: whom a person hears in private, on every way a message goes."""

from __future__ import annotations

import pytest

from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Client, Net


def say(sender: Client, nick: str, text: str = "hello") -> list[str]:
    answers = sender.ask(f"PRIVMSG {nick} :{text}")
    sender.net.run(0.5)
    return answers


def heard(client: Client, text: str = "hello") -> bool:
    return any(line.endswith(f":{text}") and " PRIVMSG " in line for line in client.sync())


@pytest.mark.parametrize("accounts", [False, True], ids=["guests", "accounts"])
def test_whoever_is_silenced_is_not_heard_and_not_told(net: Net, accounts: bool) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    if accounts:
        for client in (ann, bob, cat):
            register(client)
    assert say(bob, "ann") == [] and heard(ann)
    assert ann.ask("SILENCE +bob") == [f"{source('ann')} SILENCE +bob!*@*"]
    assert say(bob, "ann") == [] and not heard(ann)
    assert say(cat, "ann") == [] and heard(ann)
    assert ann.ask("SILENCE") == ["271 ann bob!*@*", "272 ann :End of Silence List"]
    assert ann.ask("SILENCE -BOB!*@*") == [f"{source('ann')} SILENCE -bob!*@*"]
    assert say(bob, "ann") == [] and heard(ann)


def test_a_silenced_account_and_its_invitations(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    register(bob)
    bob.ask("JOIN #c")
    ann.ask("SILENCE +~a:bob")
    bob.ask("NICK robert")
    assert say(bob, "ann") == [] and not heard(ann)
    bob.ask("INVITE ann #c")
    net.run(0.5)
    assert not any(" INVITE " in line for line in ann.sync())


def test_bad_masks_and_a_full_list(net: Net) -> None:
    (ann,) = people(net, "ann")
    for bad in ("~q:bob", "~t:5:bob", "~c:#c", "~x:bob"):
        assert ann.ask(f"SILENCE +{bad}")[0].startswith("696 ann ann SILENCE ")
    for number in range(15):
        ann.ask(f"SILENCE +n{number}")
    assert ann.ask("SILENCE +more") == ["511 ann more!*@* :Your silence list is full: at most 15 masks"]
    assert ann.ask("SILENCE -nobody", "SILENCE +n3") == []


@pytest.mark.parametrize("accounts", [False, True], ids=["guests", "accounts"])
def test_caller_id(net: Net, accounts: bool) -> None:
    ann, bob = people(net, "ann", "bob")
    if accounts:
        for client in (ann, bob):
            register(client)
    ann.ask("MODE ann +g")
    for _ in range(2):
        assert say(bob, "ann") == [
            "716 bob ann :is in +g mode (server-side ignore)",
            "717 bob ann :has been informed that you messaged them",
        ]
    calls = [line for line in ann.sync() if " 718 " in line]
    text = "is messaging you, and you have user mode +g set: ACCEPT the nick to hear it"
    assert calls == [f":irc.circlet.local 718 ann bob ~bob@10.0.0.1 :{text}"]
    assert bob.ask("NOTICE ann :hello") == []
    net.run(0.5)
    assert not heard(ann)
    assert ann.ask("ACCEPT bob") == []
    assert say(bob, "ann") == [] and heard(ann)
    assert ann.ask("ACCEPT *") == ["281 ann bob", "282 ann :End of /ACCEPT list"]
    assert ann.ask("ACCEPT bob,-joe,b!d") == [
        "457 ann bob :is already on your accept list",
        "458 ann joe :is not on your accept list",
        "401 ann b!d :No such nick/channel",
    ]
    ann.ask("ACCEPT -bob")
    assert say(bob, "ann")[0].startswith("716 ")


def test_an_accepted_account_is_heard_under_every_nick(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    register(bob)
    ann.ask("MODE ann +g", "ACCEPT bob")
    bob.ask("NICK robert")
    assert say(bob, "ann") == [] and heard(ann)
    for number in range(29):
        ann.ask(f"ACCEPT n{number}")
    assert ann.ask("ACCEPT more") == ["456 ann :Accept list is full: at most 30 names"]


def test_the_lists_go_along_with_a_new_nick(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("SILENCE +bob", "NICK anna")
    assert say(bob, "anna") == [] and not heard(ann)


def test_the_lists_survive_the_death_of_the_session_s_node() -> None:
    net = network(3, disks=True)
    ann, bob = net.client("n1", "ann"), net.client("n2", "bob")
    register(ann)
    ann.ask("PRIVMSG NickServ :SET always-on on", "SILENCE +bob", "ACCEPT cat", "MODE ann +g")
    net.run(2)
    net.kill("n1")
    net.run(60)
    cat = net.client("n3", "cat")
    assert len(say(bob, "ann", "from bob")) == len(say(cat, "ann", "from cat")) == 1  # 301: nobody is attached
    again = Newcomer(net, "n2")
    assert again.log_in("ann", "sesame")
    again.enter("ann")
    assert "271 ann bob!*@*" in again.ask("SILENCE") and "281 ann cat" in again.ask("ACCEPT *")
    assert say(bob, "ann", "once more") == [] and not heard(again, "once more")
    assert say(cat, "ann", "once more") == [] and heard(again, "once more")


def test_an_older_network_has_no_lists() -> None:
    net = Net(2, level=2)
    ann, _ = people(net, "ann", "bob")
    for line in ("SILENCE +bob", "ACCEPT bob"):
        assert ann.ask(line)[-1].endswith("try again once all nodes are upgraded.")
    assert ann.ask("MODE ann +g")[0].startswith("501 ")
    assert ann.ask("SILENCE") == ["272 ann :End of Silence List"]


# KNOCK ----------------------------------------------------------------------------------------------------------------


def test_a_knock_reaches_the_operators_and_an_invitation_lets_in(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    for client in (ann, bob):
        client.ask("JOIN #c")
    assert cat.ask("KNOCK #c") == ["713 cat #c :Channel is open"]
    ann.ask("MODE #c +i")
    settle(bob)
    assert cat.ask("KNOCK #c :may I?") == ["711 cat #c :Your KNOCK has been delivered"]
    settle(ann, bob)
    knock = ":irc.circlet.local 710 ann #c cat!~cat@10.0.0.1 :has asked for an invite: may I?"
    assert knock in ann.got and not any(" 710 " in line for line in bob.got)
    assert cat.ask("KNOCK #c") == [
        "712 cat #c :Too many KNOCKs: one from you in 60 seconds, 10 a minute from all people"
    ]
    assert bob.ask("KNOCK #c") == ["714 bob #c :You are already on that channel"]
    net.run(61)
    assert cat.ask("KNOCK #c")[-1] == "711 cat #c :Your KNOCK has been delivered"
    ann.ask("INVITE cat #c")
    settle(cat)
    assert any(" JOIN #c" in line for line in cat.ask("JOIN #c"))


def test_knocks_that_lead_nowhere(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "MODE #c +i", "MODE #c +b bob")
    assert bob.ask("KNOCK #c") == ["474 bob #c :Cannot join channel (+b)"]
    ann.ask("MODE #c +s")
    assert bob.ask("KNOCK #c") == ["403 bob #c :No such channel"]
    assert bob.ask("KNOCK #none") == ["403 bob #none :No such channel"]
    assert bob.ask("KNOCK none")[0].startswith("403 bob none ")
    assert bob.ask("KNOCK")[0].startswith("461 ")


def test_the_lists_and_knocks_have_settings() -> None:
    net = network(1, silence_max=1, accept_max=1, knock_every_s=5.0, knocks_per_minute=2)
    ann, bob, cat, dan = people(net, "ann", "bob", "cat", "dan")
    assert " SILENCE=1 " in " ".join(ann.got) and " ACCEPT=1 " in " ".join(ann.got)
    ann.ask("SILENCE +x", "ACCEPT x")
    assert ann.ask("SILENCE +y") == ["511 ann y!*@* :Your silence list is full: at most 1 masks"]
    assert ann.ask("ACCEPT y") == ["456 ann :Accept list is full: at most 1 names"]
    ann.ask("JOIN #c", "MODE #c +i")
    full = ":Too many KNOCKs: one from you in 5 seconds, 2 a minute from all people"
    assert bob.ask("KNOCK #c")[0].startswith("711 ") and bob.ask("KNOCK #c") == [f"712 bob #c {full}"]
    net.run(5)
    assert cat.ask("KNOCK #c")[0].startswith("711 ") and dan.ask("KNOCK #c") == [f"712 dan #c {full}"]
    net.run(60)
    assert bob.ask("KNOCK #c")[0].startswith("711 ")


def test_operators_bound_the_flood_modes() -> None:
    net = network(1, mode_count_max=20, mode_seconds_max=60.0, mode_minutes_max=30)
    (ann,) = people(net, "ann", channel="#c")
    why = ":Limits are at most 20, seconds 60, minutes 30"
    for letter, bad in (("F", "21l:15"), ("F", "5l:61"), ("F", "5l#b31:15"), ("j", "21:5"), ("j", "5:61")):
        assert ann.ask(f"MODE #c +{letter} {bad}") == [f"696 ann #c {letter} {bad} {why}"]
    assert ann.ask("MODE #c +Fj 20l#b30:60 20:60") == [f"{source('ann')} MODE #c +Fj 20l#b30:60 20:60"]


@pytest.mark.parametrize("always_on", ["off", "on"])
def test_a_later_session_of_the_account_begins_with_the_lists(always_on: str) -> None:
    net = network(2)
    ann, bob = people(net, "ann", "bob")
    register(ann)
    ann.ask(f"PRIVMSG NickServ :SET always-on {always_on}", "SILENCE +x,+bob", "ACCEPT cat,dan", "ACCEPT -dan")
    ann.ask("SILENCE -x")
    ann.quit()
    net.run(5)
    again = Newcomer(net, "n2")
    assert again.log_in("ann", "sesame")
    again.enter("ann")
    net.run(1)
    assert [line for line in again.ask("SILENCE", "ACCEPT *") if line[:4] in ("271 ", "281 ")] == [
        "271 ann bob!*@*",
        "281 ann cat",
    ]
    assert say(bob, "ann", "again") == [] and not heard(again, "again")


def test_a_guest_who_logs_in_gives_the_account_the_lists() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    ann.ask("SILENCE +bob")
    register(ann)
    ann.ask("SILENCE +cat")
    ann.quit()
    net.run(5)
    again = Newcomer(net, "n1")
    assert again.log_in("ann", "sesame")
    again.enter("ann")
    net.run(1)
    assert again.ask("SILENCE")[:2] == ["271 ann bob!*@*", "271 ann cat!*@*"]


def test_how_often_the_holder_is_told_of_a_sender_is_a_setting() -> None:
    net = network(1, caller_id_every_s=5.0)
    ann, bob = people(net, "ann", "bob")
    ann.ask("MODE ann +g")
    say(bob, "ann")
    say(bob, "ann")
    assert sum(" 718 " in line for line in ann.sync()) == 1
    net.run(5)
    say(bob, "ann")
    assert sum(" 718 " in line for line in ann.sync()) == 1


def test_the_lists_of_an_account_outlive_a_restart_of_all_nodes() -> None:
    net = network(2, disks=True)
    (ann,) = people(net, "ann")
    register(ann)
    ann.ask("SILENCE +bob", "ACCEPT cat")
    net.run(1)
    for name in list(net.nodes):
        net.kill(name)
    for number in (1, 2):
        net.start(number)
    net.run(60)
    again = Newcomer(net, "n2")
    assert again.log_in("ann", "sesame")
    again.enter("ann")
    net.run(1)
    assert "271 ann bob!*@*" in again.ask("SILENCE") and "281 ann cat" in again.ask("ACCEPT *")
