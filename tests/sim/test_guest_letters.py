"""Private messages of an account and a guest: kept for the account alone, by the guest's user id (P32)."""

from __future__ import annotations

import dataclasses
import re

import pytest

from config.history import History
from tests.settings import edge_settings
from tests.sim.net import Client, Net
from tests.sim.test_conversations import CAPS, heard, login, made, say

GUEST = "echo-message server-time message-tags batch draft/chathistory"
WIDE = edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0)


@pytest.fixture(params=[1, 3], ids=["one node", "three nodes"])
def net(request: pytest.FixtureRequest) -> Net:
    net = Net(request.param, disks=True)
    made(net, "ann")
    return net


def guest(net: Net, nick: str = "bob", node: str = "n1", caps: str = GUEST) -> Client:
    return net.client(node, nick, caps)


def last(net: Net) -> str:
    """The node farthest from the first."""
    return list(net.nodes)[-1]


def history(client: Client, target: str) -> list[str]:
    lines = client.ask(f"CHATHISTORY LATEST {target} * 50")
    found = [re.sub(r"^@\S+ ", "", line) for line in lines if " PRIVMSG " in line or " NOTICE " in line]
    return [f"{line[1:].partition('!')[0]}>{' '.join(line.split(' ')[2:]).replace(' :', ' ', 1)}" for line in found]


def msgids(client: Client) -> list[str]:
    return re.findall(r"msgid=([^ ;]+)[^ ]* \S+ PRIVMSG", "\n".join(client.got))


def private(client: Client, word: str) -> list[str]:
    client.send(f"PRIVMSG *circlet :PRIVATE {word}")
    client.net.run(1)
    return client.sync()


def test_both_read_it_at_once_and_the_account_reads_it_later(net: Net) -> None:
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net))
    say(bob, "ann", "one", "two")
    say(ann, "bob", "three")
    say(bob, "ann", "four")
    everything = ["bob>ann one", "bob>ann two", "ann>bob three", "bob>ann four"]
    assert heard(ann) == everything
    assert heard(bob) == ["bob>ann one", "bob>ann two", "ann>bob three", "bob>ann four"]
    assert msgids(ann) == msgids(bob) and len(set(msgids(ann))) == 4
    assert history(ann, "bob") == everything
    (target,) = [line for line in ann.ask("CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z "
                 "timestamp=2030-01-01T00:00:00.000Z 10") if "TARGETS" in line and "CHATHISTORY" in line]  # fmt: skip
    assert " TARGETS bob " in target
    bob.quit()
    net.run(2)
    assert history(ann, "bob") == everything  # it is found by the nick that the guest had
    ann.quit()
    net.run(1)
    again = login(net, last(net), "ann", caps=CAPS)
    assert history(again, "bob") == everything


def test_the_guest_reads_nothing_back_and_another_with_the_nick_is_somebody_else(net: Net) -> None:
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net))
    say(bob, "ann", "secret")
    assert any("INVALID_TARGET" in line for line in bob.ask("CHATHISTORY LATEST ann * 10"))
    assert (
        bob.ask("CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00.000Z 10")[1:-1]
        == []
    )
    bob.quit()
    net.run(2)
    other = guest(net)
    assert any("INVALID_TARGET" in line for line in other.ask("CHATHISTORY LATEST ann * 10"))
    assert history(ann, "bob") == []  # bob is somebody else now
    say(other, "ann", "hello")
    assert history(ann, "bob") == ["bob>ann hello"]
    say(ann, "bob", "hello you")
    assert history(ann, "bob") == ["bob>ann hello", "ann>bob hello you"]
    ann.send("PRIVMSG *circlet :STORED")
    net.run(1)
    assert any("bob (guest), bob (guest)" in line for line in ann.sync())


def test_a_guest_that_changes_its_nick_is_the_same(net: Net) -> None:
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net))
    say(bob, "ann", "one")
    bob.ask("NICK rob")
    say(bob, "ann", "two")
    say(ann, "rob", "three")
    assert history(ann, "rob") == ["bob>ann one", "rob>ann two", "ann>rob three"]


def test_it_waits_for_an_account_without_a_client(net: Net) -> None:
    phone = login(net, "n1", "ann@phone")
    phone.quit()
    net.run(3)
    bob = guest(net, node=last(net))
    say(bob, "ann", "are you there?", "hello?")
    assert heard(bob) == ["bob>ann are you there?", "bob>ann hello?"]
    again = login(net, last(net), "ann@phone")
    assert heard(again) == ["bob>ann are you there?", "bob>ann hello?"]
    say(bob, "ann", "there you are")
    assert heard(again) == ["bob>ann there you are"]


def test_who_hears_no_guests_hears_none_after_a_power_cut_either() -> None:
    """Until a node takes the session up, the session's group alone knows the account's user (+R)."""
    net = Net(3, seed=1, disks=True)
    made(net, "ann")
    phone = login(net, "n1", "ann@phone")
    phone.ask("MODE ann +R")
    phone.quit()
    net.run(3)
    for node in list(net.nodes.values()):
        net.kill(node.name)
    for number in (1, 2, 3):
        net.start(number)
    bob = guest(net, node="n3")
    sent = 0
    while not any(node.core.edge.sessions.users for node in net.nodes.values()):
        bob.send(f"PRIVMSG ann :{sent}")
        net.run(0.02)
        sent += 1
    bob.sync()
    answers = [line.split(" ")[1] for line in bob.got if re.match(r"\S+ (401|477) ", line)]
    assert (
        sent >= 3
        and len(answers) == sent
        and "477" in answers
        and not [line for line in bob.got if " PRIVMSG " in line]
    )


def test_every_device_of_the_account_reads_it_once(net: Net) -> None:
    one, two = login(net, "n1", "ann@one", caps=CAPS), login(net, last(net), "ann@two", caps=CAPS)
    bob = guest(net, node=last(net))
    say(bob, "ann", "one")
    say(two, "bob", "two")
    net.run(1)
    assert heard(one) == heard(two) == ["bob>ann one", "ann>bob two"]
    assert heard(bob) == ["bob>ann one", "ann>bob two"]


def test_what_is_not_to_be_kept_is_not(net: Net) -> None:
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net))
    private(ann, "off")
    say(bob, "ann", "one")
    say(ann, "bob", "two")
    assert heard(bob) == ["bob>ann one", "ann>bob two"] and heard(ann) == ["bob>ann one", "ann>bob two"]
    assert history(ann, "bob") == []
    private(ann, "on")
    say(bob, "ann", "three")
    say(ann, "bob", "four")
    assert heard(bob) == ["bob>ann three", "ann>bob four"]
    assert history(ann, "bob") == ["bob>ann three", "ann>bob four"]
    private(ann, "off")
    say(bob, "ann", "five")
    say(ann, "bob", "six")
    assert heard(bob) == ["bob>ann five", "ann>bob six"]
    private(ann, "on")
    assert history(ann, "bob") == ["bob>ann three", "ann>bob four"]


def test_a_network_that_keeps_no_private_messages() -> None:
    net = Net(3, disks=True, edge=dataclasses.replace(WIDE, history=History(private=False)))
    made(net, "ann")
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node="n3")
    say(bob, "ann", "one")
    say(ann, "bob", "two")
    assert heard(ann) == heard(bob) == ["bob>ann one", "ann>bob two"]
    assert history(ann, "bob") == []


def test_a_network_of_the_level_before_keeps_none_with_guests() -> None:
    net = Net(3, disks=True, level=0)
    made(net, "ann")
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node="n3")
    say(bob, "ann", "one")
    say(ann, "bob", "two")
    assert heard(ann) == heard(bob) == ["bob>ann one", "ann>bob two"]
    assert history(ann, "bob") == []


def test_two_guests_keep_nothing(net: Net) -> None:
    bob, cat = guest(net), guest(net, "cat", last(net))
    say(bob, "cat", "hi")
    assert heard(cat) == ["bob>cat hi"] == heard(bob)
    kept = [
        group
        for node in net.nodes.values()
        for group in node.core.engine.replicas.masters
        if group.kind == "conversation"
    ]
    assert kept == []


def test_the_account_can_have_its_own_words_forgotten(net: Net) -> None:
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net))
    say(bob, "ann", "theirs")
    say(ann, "bob", "mine")
    ann.send("PRIVMSG *circlet :FORGET bob")
    net.run(1)
    assert any("is deleted" in line for line in ann.sync())
    assert history(ann, "bob") == ["bob>ann theirs"]


def test_away_refusals_and_a_guest_that_has_gone(net: Net) -> None:
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net))
    ann.ask("AWAY :tea")
    assert any(line.startswith("301 bob ann ") for line in bob.ask("PRIVMSG ann :hi"))
    bob.ask("AWAY :lunch")
    assert any(line.startswith("301 ann bob ") for line in ann.ask("PRIVMSG bob :hi"))
    ann.ask("MODE ann +R")
    assert bob.ask("PRIVMSG ann :psst") == ["477 bob ann :They hear only people who are logged in to an account (+R)"]
    bob.quit()
    net.run(1)
    assert ann.ask("PRIVMSG bob :hello?") == ["401 ann bob :No such nick/channel"]
    assert ann.ask("NOTICE bob :hello?") == []
    assert history(ann, "bob") == ["bob>ann hi", "ann>bob hi"]


def test_a_guest_that_logs_in_is_an_account_from_then_on(net: Net) -> None:
    made(net, "cat")
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node=last(net), caps=f"sasl {GUEST}")
    say(bob, "ann", "as a guest")
    bob.send("PRIVMSG NickServ :IDENTIFY cat sesame")
    net.run(3)
    say(bob, "ann", "as cat")
    say(ann, "bob", "hello cat")
    net.run(1)
    assert heard(ann)[-2:] == ["bob>ann as cat", "ann>bob hello cat"]
    assert history(ann, "bob") == ["bob>ann as cat", "ann>bob hello cat"]


@pytest.mark.parametrize("seed", range(12))
def test_many_at_once_over_a_bad_line(seed: int) -> None:
    """Nothing is lost, doubled or out of order, whoever's messages open the conversation."""
    net = Net(3, seed, loss=0.1, double=0.1, disks=True)
    made(net, "ann")
    ann, bob = login(net, "n1", "ann", caps=CAPS), guest(net, node="n3")
    for number in range(5):
        bob.send(f"PRIVMSG ann :b{number}")
        ann.send(f"PRIVMSG bob :a{number}")
        net.run(net.rng.uniform(0, 0.05))
    ann.sync(30), bob.sync(30)
    net.run(2)
    for client in (ann, bob):
        texts = [message.params[1] for message in client.messages() if message.command == "PRIVMSG"]
        assert [text for text in texts if text[0] == "a"] == [f"a{number}" for number in range(5)]
        assert [text for text in texts if text[0] == "b"] == [f"b{number}" for number in range(5)]
    assert len(history(ann, "bob")) == 10


@pytest.mark.parametrize("seed", range(8))
def test_it_goes_on_though_the_conversations_master_or_the_accounts_node_dies(seed: int) -> None:
    net = Net(4, seed, disks=True)
    made(net, "ann")
    ann, bob = login(net, "n1", "ann@phone", caps=CAPS), guest(net, node="n4")
    say(bob, "ann", 1)
    say(ann, "bob", 2)
    node = net.nodes["n1"].core
    (group,) = [*node.edge.conversations.of(node.edge.sessions.users["ann"])]
    assert group.kind == "conversation"
    victims = [name for name in net.masters(group) if name not in ("n1", "n4")] or ["n1"]
    net.kill(victims[0])
    net.run(net.rng.uniform(0, 8))
    bob.send("PRIVMSG ann :3")
    net.run(20)
    again = ann if "n1" not in victims else login(net, "n2", "ann@phone", caps=CAPS)
    say(again, "bob", 4)
    bob.sync(30)
    net.run(2)
    assert history(again, "bob") == ["bob>ann 1", "ann>bob 2", "bob>ann 3", "ann>bob 4"]
    assert bob.heard("bob") == ["2", "4"]


@pytest.mark.parametrize("seed", range(16))
def test_nothing_is_lost_though_the_accounts_node_dies(seed: int) -> None:
    """What the guest says meanwhile is read by the account where its session goes on."""
    net = Net(4, seed, disks=True)
    made(net, "ann")
    ann, bob = login(net, "n1", "ann@phone"), guest(net, node="n4", caps="")
    say(bob, "ann", "first")
    net.run(2.5)
    net.kill("n1")
    for number in range(6):
        net.run(net.rng.uniform(0, 3))
        bob.send(f"PRIVMSG ann :{number}")
    bob.sync(60)
    net.run(30)
    assert not any(" 401 " in line or " NOTICE " in line for line in bob.got)
    again = login(net, "n2", "ann@phone")
    net.run(5)
    assert ann.heard("ann") == ["first"] and again.heard("ann") == [*"012345"]
