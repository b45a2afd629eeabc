"""Private messages of people with accounts: one order on both sides, on every device once, and nobody else's (P32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from config.history import History
from gateway.edge.accounts.holdings import drop
from gateway.edge.procedures import run
from gateway.state.account.messages import Accepted, SetSettings
from gateway.state.session.messages import Look
from ring.ids import GroupId
from tests.gateway.commands.accounts import Newcomer, register
from tests.sim.history import recalled
from tests.sim.net import Client, Net
from tests.sim.unanswered import unanswered

CAPS = "sasl echo-message server-time message-tags batch draft/chathistory draft/message-redaction"
PLAIN = "sasl"


@pytest.fixture
def net() -> Net:
    return Net(3, disks=True)


def made(net: Net, name: str, **settings: bool) -> None:
    """An account."""
    first = net.client("n1", name)
    assert any(line.startswith("REGISTER SUCCESS") for line in register(first))
    engine = net.nodes["n1"].core.engine
    engine.submit(GroupId("account", name), SetSettings("", {"always_on": True, **settings}))
    first.send("QUIT")
    net.run(3)


def login(net: Net, node: str, account: str, nick: str = "", caps: str = PLAIN) -> Newcomer:
    client = Newcomer(net, node, caps)
    assert client.log_in(account, "sesame")[-1].startswith("903")
    client.enter(nick or account.partition("@")[0])
    net.run(1.0)
    return client


def say(client: Client, to: str, *texts: object) -> None:
    read = client.read
    for text in texts:
        client.send(f"PRIVMSG {to} :{text}")
    client.sync()
    client.read = read


def heard(client: Client) -> list[str]:
    """Return (sender, receiver, text) of the messages since the last look; a client of another node hears a moment
    later.
    """
    client.net.run(0.3)
    found = []
    for line in client.lines():
        words = line.split(" ")
        words = words[1:] if words[0].startswith("@") else words
        if words[1] in ("PRIVMSG", "NOTICE"):
            found.append(f"{words[0][1:].partition('!')[0]}>{words[2]} {' '.join(words[3:])[1:]}")
    return found


def history(client: Client, with_: str) -> list[str]:
    client.lines()
    client.send(f"CHATHISTORY LATEST {with_} * 100")
    client.net.until(lambda: any("BATCH -" in line or " FAIL " in line for line in client.got[client.read :]), 12)
    return [text.partition(" ")[2] for text in heard(client)]


def master(net: Net) -> str:
    """Return the master of the only conversation between two people."""
    (name,) = {
        node.name
        for node in net.nodes.values()
        if node.up
        for _, state, _ in node.core.engine.mastered("conversation")
        if len(state.snapshot().seats) == 2
    }
    return name


def numbers(texts: Sequence[str]) -> list[int]:
    return [int(text.rpartition(" ")[2]) for text in texts]


def test_both_hear_it_once_in_one_order_and_find_it_later(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", "hello", "you")
    assert heard(bob) == ["ann>bob hello", "ann>bob you"]
    assert heard(ann) == ["ann>bob hello", "ann>bob you"]
    say(bob, "Ann", "hi")
    assert heard(ann) == ["bob>ann hi"]
    assert heard(bob) == ["bob>ann hi"]
    assert history(ann, "bob") == history(bob, "ann") == ["hello", "you", "hi"]


def test_pong_comes_after_the_other_has_it(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann"), login(net, "n2", "bob")
    bob.lines()
    for text in ("first", "second"):
        ann.send(f"PRIVMSG bob :{text}")
        ann.sync()
        assert [line for line in bob.lines() if line.endswith(f":{text}")]


def test_what_was_missed_is_there_when_a_device_comes_back(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann"), login(net, "n2", "bob@phone")
    say(ann, "bob", 1)
    assert heard(bob) == ["ann>bob 1"]
    bob.send("QUIT")
    net.run(3)
    say(ann, "bob", *range(2, 42))
    again = login(net, "n3", "bob@phone")
    assert heard(again) == [f"ann>bob {number}" for number in range(2, 42)]
    say(ann, "bob", 42)
    assert heard(again) == ["ann>bob 42"]
    other = login(net, "n2", "bob@laptop")
    say(ann, "bob", 43)
    assert heard(other) == ["ann>bob 43"]
    assert heard(again) == ["ann>bob 43"]


@pytest.mark.parametrize("seed", range(6))
def test_a_device_gets_it_once_though_the_sessions_node_dies(seed: int) -> None:
    net = Net(3, seed, disks=True)
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann"), login(net, "n2", "bob@phone")
    say(ann, "bob", 1, 2)
    net.run(2.5)  # the session's cursors are told
    net.kill("n2")
    say(ann, "bob", 3)
    net.run(net.rng.uniform(0, 8))
    say(ann, "bob", 4, 5)
    again = login(net, "n3", "bob@phone")
    say(ann, "bob", 6)
    net.run(15)
    assert heard(bob) == ["ann>bob 1", "ann>bob 2"]
    assert heard(again) == [f"ann>bob {number}" for number in (3, 4, 5, 6)]


@pytest.mark.parametrize("seed", range(6))
def test_one_order_though_the_conversations_master_dies(seed: int) -> None:
    net = Net(4, seed, disks=True)
    made(net, "ann")
    made(net, "bob")
    at = [name for name in net.nodes if name != "n1"]
    ann, bob = login(net, at[0], "ann", caps=CAPS), login(net, at[1], "bob", caps=CAPS)
    say(ann, "bob", "a 0")
    dies = master(net)
    home = {ann.node.name: ann, bob.node.name: bob}
    for number in range(1, 30):
        ann.send(f"PRIVMSG bob :a {number}") if dies != ann.node.name or number < 10 else None
        bob.send(f"PRIVMSG ann :b {number}") if dies != bob.node.name or number < 10 else None
        if number == 10:
            net.kill(dies)
        net.run(0.02)
    net.run(20)
    left = [client for client in (ann, bob) if client.node.name != dies]
    told = {client.nick: heard(client) for client in left}
    stored = {client.nick: history(client, "ann" if client is bob else "bob") for client in left}
    for client in left:
        texts = [text.partition(" ")[2] for text in told[client.nick]]
        assert texts == stored[client.nick]
        assert len(set(texts)) == len(texts)
        letter = "a" if client is ann else "b"
        assert numbers([text for text in texts if text[0] == letter])[-29:] == list(range(1, 30))
    if len(left) == 2:
        assert len({tuple(texts) for texts in stored.values()}) == 1
    assert home


def test_a_nick_that_changes_hands_shows_nothing(net: Net) -> None:
    made(net, "ann")
    made(net, "bob", always_on=False)
    made(net, "eve")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS, nick="rob")
    say(ann, "rob", "secret")
    assert heard(bob) == ["ann>rob secret"]
    bob.send("NICK bob")
    bob.sync()
    eve = login(net, "n3", "eve", caps=CAPS, nick="rob")
    assert history(eve, "ann") == []
    assert history(ann, "rob") == []
    assert history(ann, "bob") == history(bob, "ann") == ["secret"]
    say(ann, "rob", "who are you?")
    assert heard(eve) == ["ann>rob who are you?"]
    assert heard(bob) == []
    assert history(bob, "ann") == ["secret"]


def test_who_registers_a_dropped_name_finds_nothing(net: Net) -> None:
    made(net, "ann")
    made(net, "bob", always_on=False)
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", "secret")
    assert history(bob, "ann") == ["secret"]
    engine_of = net.nodes["n2"].core.edge
    net.turn(net.nodes["n2"], lambda: run(engine_of, drop(engine_of, "bob", "")))
    net.run(5)
    bob.send("QUIT")
    net.run(3)
    made(net, "bob", always_on=False)
    other = login(net, "n3", "bob", caps=CAPS)
    assert history(other, "ann") == []
    assert history(ann, "bob") == []
    say(ann, "bob", "hello")
    assert history(other, "ann") == history(ann, "bob") == ["hello"]


def test_what_a_dropped_account_said_is_deleted_though_nobody_answers_for_its_session_at_first(net: Net) -> None:
    made(net, "ann")
    made(net, "bob", always_on=False)
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(bob, "ann", "secret")
    (group,) = {group for node in net.nodes.values() for group, _, _ in node.core.engine.mastered("conversation")}
    assert set(map(str, recalled(net, group).values())) == {"['secret']"}
    n2 = net.nodes["n2"]
    with unanswered(n2.core.engine, Look, times=1):
        net.turn(n2, lambda: run(n2.core.edge, drop(n2.core.edge, "bob", "")))
        net.run(10)
    assert set(map(str, recalled(net, group).values())) == {"[]"}
    assert heard(ann) == ["bob>ann secret"]


def test_every_node_tells_the_same_after_a_restart_of_the_network(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", *range(20))
    say(bob, "ann", *range(20, 30))
    wanted = [str(number) for number in range(30)]
    dies = master(net)
    net.kill(dies)
    net.run(8)
    for name in net.nodes:
        if net.nodes[name].up:
            assert history(login(net, name, f"bob@{name}", caps=CAPS), "ann") == wanted
    for name in net.nodes:
        if net.nodes[name].up:
            net.kill(name)
    net.run(5)
    for number in (1, 2, 3):
        net.start(number)
    net.run(20)
    for name in net.nodes:
        assert history(login(net, name, "ann@again", caps=CAPS), "bob") == wanted


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_who_wants_nothing_kept_has_nothing_kept(net: Net, who: str) -> None:
    made(net, "ann", keep_private=who != "ann")
    made(net, "bob", keep_private=who != "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", "hello")
    say(bob, "ann", "hi")
    assert heard(bob) == ["ann>bob hello", "bob>ann hi"]
    assert heard(ann) == ["ann>bob hello", "bob>ann hi"]
    assert history(ann, "bob") == []
    assert not any(node.core.engine.mastered("conversation") for node in net.nodes.values())


def test_what_guests_and_the_account_say_is_the_accounts_to_read(net: Net) -> None:
    made(net, "ann")
    ann, joe = login(net, "n1", "ann", caps=CAPS), net.client("n2", "joe")
    say(ann, "joe", "hello")
    say(joe, "ann", "hi")
    assert heard(joe) == ["ann>joe hello"]
    assert heard(ann) == ["ann>joe hello", "joe>ann hi"]
    assert history(ann, "joe") == ["hello", "hi"]


def test_other_clients_of_the_account_see_what_it_says(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    one, two = login(net, "n1", "ann@one"), login(net, "n3", "ann@two", caps="sasl znc.in/self-message")
    old, bob = login(net, "n2", "ann@old"), login(net, "n2", "bob")
    say(one, "bob", "hello")
    assert heard(bob) == ["ann>bob hello"]
    assert heard(two) == ["ann>bob hello"]
    assert heard(one) == heard(old) == []
    say(two, "bob", "again")
    assert heard(bob) == ["ann>bob again"]
    assert heard(two) == heard(one) == []


def test_other_clients_of_the_account_see_what_it_says_to_strangers(net: Net) -> None:
    made(net, "ann")
    one, two = login(net, "n1", "ann@one", caps=CAPS), login(net, "n3", "ann@two", caps="sasl znc.in/self-message")
    old, joe = login(net, "n2", "ann@old"), net.client("n2", "joe")
    say(one, "joe", "hello")
    assert heard(joe) == ["ann>joe hello"]
    assert heard(one) == heard(two) == ["ann>joe hello"]
    say(two, "joe", "again")
    assert heard(one) == ["ann>joe again"]
    assert heard(old) == []


def test_what_is_not_kept_is_seen_by_all_clients_and_what_is_to_oneself_once(net: Net) -> None:
    made(net, "ann", keep_private=False)
    one, two = login(net, "n1", "ann@one"), login(net, "n3", "ann@two", caps="sasl znc.in/self-message")
    joe = net.client("n2", "joe")
    say(one, "joe", "hello")
    say(one, "ann", "remember")
    assert heard(joe) == ["ann>joe hello"]
    assert heard(one) == ["ann>ann remember"]
    assert heard(two) == ["ann>joe hello", "ann>ann remember"]


def test_a_message_to_oneself(net: Net) -> None:
    made(net, "ann")
    one, two = login(net, "n1", "ann@one"), login(net, "n2", "ann@two", caps=CAPS)
    say(one, "ann", "remember")
    assert heard(one) == heard(two) == ["ann>ann remember"]
    assert history(two, "ann") == ["remember"]


def test_last_words_arrive(net: Net) -> None:
    made(net, "ann", always_on=False)
    made(net, "bob")
    ann, bob = login(net, "n1", "ann"), login(net, "n2", "bob")
    ann.send("PRIVMSG bob :1", "PRIVMSG bob :2", "QUIT")
    net.run(5)
    assert heard(bob) == ["ann>bob 1", "ann>bob 2"]


def test_a_device_that_was_away_when_they_began_to_talk(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    laptop, phone = login(net, "n1", "bob@laptop"), login(net, "n2", "bob@phone")
    net.run(2)
    laptop.send("QUIT")
    net.run(2)
    ann = login(net, "n3", "ann")
    say(ann, "bob", 1, 2)
    net.run(2)
    assert heard(phone) == ["ann>bob 1", "ann>bob 2"]
    assert heard(login(net, "n3", "bob@laptop")) == ["ann>bob 1", "ann>bob 2"]
    assert heard(login(net, "n3", "bob@new")) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_client_on_another_node_goes_on_when_the_sessions_node_dies(seed: int) -> None:
    net = Net(4, seed, disks=True)
    made(net, "ann")
    made(net, "bob")
    ann, one, two = login(net, "n1", "ann"), login(net, "n2", "bob@one"), login(net, "n3", "bob@two")
    say(ann, "bob", 1, 2)
    net.run(net.rng.uniform(0, 1))
    ann.send("PRIVMSG bob :3")
    net.run(net.rng.uniform(0, 0.1))
    net.kill("n2")
    say(ann, "bob", 4)
    net.run(net.rng.uniform(0, 5))
    say(ann, "bob", 5)
    net.run(15)
    assert heard(one)[:2] == ["ann>bob 1", "ann>bob 2"]
    assert heard(two) == [f"ann>bob {number}" for number in range(1, 6)]


@pytest.mark.parametrize("seed", range(4))
def test_both_sides_of_a_partition_are_one_in_the_end(seed: int) -> None:
    net = Net(4, seed, disks=True)
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n3", "bob", caps=CAPS)
    say(ann, "bob", "a 0")
    sides = ("n1", "n2"), ("n3", "n4")
    net.links.isolate(*({net.nodes[name].key for name in side} for side in sides))
    for number in range(1, 6):
        ann.send(f"PRIVMSG bob :a {number}")
        bob.send(f"PRIVMSG ann :b {number}")
        net.run(0.3)
    net.run(5)
    net.links.heal()
    net.run(40)
    say(bob, "ann", "b 6")
    told = [[text.partition(" ")[2] for text in heard(client)] for client in (ann, bob)]
    assert all(len(set(texts)) == len(texts) for texts in told)
    assert {*told[0]} == {*told[1]} >= {"a 0", "b 6"}
    stored = [history(ann, "bob"), history(bob, "ann")]
    assert stored[0] == stored[1]
    assert {*stored[0]} == {*told[0]}


@pytest.mark.parametrize(
    ("seed", "at_once"),
    [(0, True), (2, True), (4, True), (16, True), (29, True), (2, False), (4, False), (5, False), (44, False)],
)
def test_after_a_partition_no_client_of_a_session_is_sent_a_line_of_a_channel_twice(seed: int, at_once: bool) -> None:
    """Each side takes up the other's session, and hands the session back. No client is sent a line twice, none lacks a
    line, and none sees itself join again.
    """
    net = Net(4, seed, disks=True)
    made(net, "ann")
    made(net, "bob")
    both = login(net, "n1", "ann", caps=CAPS), login(net, "n3", "bob", caps=CAPS)
    for client in both:
        client.send("JOIN #ring")
        client.sync()
    sides = ("n1", "n2"), ("n3", "n4")
    net.links.isolate(*({net.nodes[name].key for name in side} for side in sides))
    for number in range(5):
        for client in both:
            client.send(f"PRIVMSG #ring :{client.nick} {number}")
        net.run(0.3)
    net.run(5)
    net.links.heal(at_once=at_once)
    net.run(40)
    assert [sum(f":{client.nick}!" in line and " JOIN " in line for line in client.got) for client in both] == [1, 1]
    told = [[line.rpartition(":")[2] for line in client.got if " PRIVMSG #ring :" in line] for client in both]
    assert sorted(told[0]) == sorted(told[1]) == [f"{nick} {number}" for nick in ("ann", "bob") for number in range(5)]


@pytest.mark.parametrize("seed", [1, 3])
def test_what_a_node_missed_while_its_session_went_on_is_played_where_that_is(seed: int) -> None:
    """The node was cut off for a moment: the replica in the place of its own replica tells both at once."""
    net = Net(4, seed, disks=True)
    made(net, "ann")
    made(net, "bob")
    laptop, bob = login(net, "n1", "ann@laptop"), login(net, "n3", "bob")
    say(bob, "ann", 1)
    assert heard(laptop) == ["bob>ann 1"]
    net.run(2)
    net.links.isolate({net.nodes["n1"].key}, {net.nodes[name].key for name in ("n2", "n3", "n4")})
    bob.send("PRIVMSG ann :2")
    net.run(2)
    login(net, "n2", "ann@phone")
    net.links.heal()
    net.run(8)
    say(bob, "ann", 3)
    assert heard(laptop) == ["bob>ann 2", "bob>ann 3"]


def test_own_messages_are_deleted_on_both_sides(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", "oops", "fine")
    line = next(line for line in bob.got if line.endswith(":oops"))
    msgid = next(tag for tag in line.split(" ")[0].split(";") if tag.startswith("msgid=")).partition("=")[2]
    assert any("REDACT_FORBIDDEN" in line for line in bob.ask(f"REDACT ann {msgid}"))
    assert any(f" REDACT bob {msgid}" in line for line in ann.ask(f"REDACT bob {msgid} :sorry"))
    net.run(1)
    assert any(line.endswith(f" REDACT bob {msgid} sorry") for line in bob.lines())
    assert history(ann, "bob") == history(bob, "ann") == ["fine"]
    eve = net.client("n3", "eve", CAPS.replace("sasl ", ""))
    assert any("INVALID_TARGET" in line for line in eve.ask(f"REDACT bob {msgid}"))


def test_targets_and_playback_know_conversations(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS, nick="rob")
    say(ann, "rob", "hello")
    span = "timestamp=2020-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z"
    assert any(" TARGETS rob 2" in line for line in ann.ask(f"CHATHISTORY TARGETS {span} 10"))
    assert any(" TARGETS ann 2" in line for line in bob.ask(f"CHATHISTORY TARGETS {span} 10"))
    bob.lines()
    bob.send("PRIVMSG *playback :play ann 0")
    net.run(1)
    assert heard(bob) == ["ann>rob hello"]
    bob.send("PRIVMSG *playback :list")
    net.run(1)
    assert any(line.startswith("*playback>rob ann 17") for line in heard(bob))


def test_a_person_may_change_its_mind(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", "kept")
    talks, user = bob.node.core.edge.conversations, bob.node.core.edge.sessions.users["bob"]
    outcomes: list[object] = []
    for keep, text in ((False, "passing"), (None, "kept again")):
        net.turn(bob.node, lambda keep=keep: talks.choose(user, keep, outcomes.append))
        net.run(2)
        assert outcomes.pop() == Accepted("bob")
        say(ann, "bob", text)
        say(bob, "ann", text)
    said = [f"{way} {text}" for text in ("passing", "kept again") for way in ("ann>bob", "bob>ann")]
    assert heard(ann) == heard(bob) == ["ann>bob kept", *said]
    assert history(ann, "bob") == history(bob, "ann") == ["kept", "kept again", "kept again"]


def test_an_operator_may_keep_none() -> None:
    net = Net(3, disks=True)
    for node in net.nodes.values():
        settings = node.core.edge.settings
        node.core.edge.configure(replace(settings, history=History(private=False)))
    made(net, "ann")
    made(net, "bob")
    ann, bob = login(net, "n1", "ann", caps=CAPS), login(net, "n2", "bob", caps=CAPS)
    say(ann, "bob", "hello")
    assert heard(ann) == heard(bob) == ["ann>bob hello"]
    assert history(ann, "bob") == []


def test_an_echo_bears_its_label(net: Net) -> None:
    made(net, "ann")
    made(net, "bob")
    ann = login(net, "n1", "ann", caps=f"{CAPS} labeled-response")
    login(net, "n2", "bob")
    for number in (1, 2):
        ann.send(f"@label=l{number} PRIVMSG bob :hello {number}")
        lines = ann.sync()
        assert [line for line in lines if f"label=l{number}" in line and line.endswith(f" PRIVMSG bob :hello {number}")]
        assert sum("PRIVMSG" in line for line in lines) == 1


def enter(net: Net, node: str, account: str) -> Newcomer:
    """Up to 903, and not further."""
    client = Newcomer(net, node)
    assert client.log_in(account, "sesame")[-1].startswith("903")
    return client


@pytest.mark.parametrize("node", ["n1", "n2", "n3"])
@pytest.mark.parametrize("how", ["after PONG", "with the registration", "after IDENTIFY", "with IDENTIFY"])
def test_what_is_said_right_after_the_login_is_kept_for_who_is_away(how: str, node: str) -> None:
    """Nothing outside the wait of 001 and PONG decides the fate of a private message."""
    net = Net(3, seed=7, disks=True, delay_s=(0.02, 0.06))
    made(net, "ann", always_on=False)
    made(net, "bob")
    login(net, "n1", "bob@phone").send("QUIT")
    net.run(3)
    hello = ("CAP END", "NICK ann", "USER ann 0 * :ann")
    ann: Client
    if "IDENTIFY" in how:
        ann = net.client(node, "ann")
        ann.send("PRIVMSG NickServ :IDENTIFY ann sesame")
        if how == "after IDENTIFY":
            assert net.until(lambda: any("You are logged in as ann" in line for line in ann.got), 12)
    else:
        ann = enter(net, node, "ann")
        ann.send(*hello)
        if how == "after PONG":
            ann.send("PING welcome")
            assert net.until(lambda: any("PONG" in line and "welcome" in line for line in ann.got), 12)
    ann.send("PRIVMSG bob :one")
    net.run(15)
    assert [line for line in login(net, "n1", "bob@phone").got if line.endswith("PRIVMSG bob :one")]
    assert [line for line in login(net, "n2", "bob@new", caps=CAPS).got if line.endswith("PRIVMSG bob :one")] == []
    third = login(net, "n3", "bob@third", caps=CAPS)
    found = history(third, "ann")
    assert found == ["one"]


@pytest.mark.parametrize("where", ["bob", "#ring"])
@pytest.mark.parametrize("node", ["n1", "n2", "n3"])
def test_an_echo_comes_before_the_pong_though_its_line_is_played(
    monkeypatch: pytest.MonkeyPatch, where: str, node: str
) -> None:
    """Lines said while a new connection is played its missed lines, and disks are slow, are played with the rest."""
    monkeypatch.setattr("tests.sim.net.READ_S", 0.3)
    net = Net(3, disks=True)
    made(net, "ann", always_on=where == "#ring")
    made(net, "bob")
    login(net, "n1", "bob@phone").send("JOIN #ring", "QUIT")
    if where == "#ring":
        login(net, "n1", "ann").send("JOIN #ring", "PRIVMSG #ring :before", "QUIT")
    net.run(3)
    for number in range(3):
        ann = enter(net, node, "ann")
        ann.send("CAP REQ :echo-message", "CAP END", "NICK ann", "USER ann 0 * :ann", "PING welcome")
        assert net.until(lambda ann=ann: any("PONG" in line and "welcome" in line for line in ann.got), 12)
        ann.send(f"PRIVMSG {where} :{number}", "PING said")
        assert net.until(lambda ann=ann: any("PONG" in line and "said" in line for line in ann.got), 12)
        assert sum(line.endswith(f"PRIVMSG {where} :{number}") for line in ann.got) == 1, ann.got
        ann.send("QUIT")
        net.run(3)
