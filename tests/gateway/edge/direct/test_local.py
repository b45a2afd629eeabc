"""Private messages between guests of one node: at once, as by the general way, and in order (P32)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.direct.local import LocalMessages
from tests.gateway.commands.accounts import register
from tests.sim.net import Client, Net

CAPS = ("", "server-time", "message-tags", "echo-message", "account-tag", "echo-message message-tags server-time")
_ID = re.compile(r"(time|msgid)=[^; ]*")


def guests(net: Net, *names: str, node: str = "n1", caps: str = "") -> list[Client]:
    found = [net.client(node, name, caps) for name in names]
    for client in found:
        client.sync()
    net.run(1.0)
    for client in found:
        client.sync()
    return found


def read(client: Client) -> list[str]:
    return [_ID.sub(r"\1", line) for line in client.lines()]


def in_one_turn(client: Client, other: Client, line: bytes) -> tuple[list[str], list[str]]:
    """Return the lines read by both by the end of the very turn of the line."""
    client.lines(), other.lines()
    client.send_bytes(line + b"\r\n")
    return read(client), read(other)


lines = st.builds(
    lambda verb, nick, text: b"%b %b %b" % (verb, nick, text),
    st.sampled_from([b"PRIVMSG", b"NOTICE", b"privmsg"]),
    st.sampled_from([b"bob", b"BOB", b"ann", b"nobody", b"bob,ann", b"NickServ", b"#bob", b"b\xc3\xb6b"]),
    st.binary(max_size=600)
    .map(lambda text: b":" + text.replace(b"\r", b"").replace(b"\n", b""))
    .filter(lambda text: len(text) < 480)
    | st.sampled_from([b"word", b":", b": ", b":x" * 200, b":\xf4\x8f\xbe\x80 \xff\xfe", b":\x00"]),
)


@pytest.mark.parametrize("caps", CAPS)
def test_the_short_way_sends_the_same_bytes_as_the_general_way(caps: str) -> None:
    pairs = [guests(Net(1), "ann", "bob", caps=caps) for _ in range(2)]

    @given(lines)
    def same(line: bytes) -> None:
        found = []
        for pair, short in zip(pairs, (True, False), strict=True):
            with pytest.MonkeyPatch.context() as patch:
                if not short:
                    patch.setattr(LocalMessages, "relay", lambda *_: False)
                pair[0].send_bytes(line + b"\r\n")
            for client in pair:
                client.net.run(0.2)
            found.append([read(client) for client in pair])
        assert found[0] == found[1]

    same()


@pytest.mark.parametrize("line", [b"PRIVMSG bob :hi", b"@+typing=active PRIVMSG bob hi", b"NOTICE bob,bob :hi"])
def test_a_guest_here_reads_it_in_the_same_turn(line: bytes) -> None:
    ann, bob = guests(Net(3), "ann", "bob", caps="message-tags")
    _, heard = in_one_turn(ann, bob, line)
    assert len(heard) == 1 and heard[0].endswith(" bob :hi")


def test_the_group_of_the_nick_has_no_part_in_it() -> None:
    net = Net(3)
    ann, bob = guests(net, "ann", "bob")
    engine = net.nodes["n1"].core.engine
    home = net.nodes["n1"].core.edge.nick("bob")
    before = engine.applied_to(home)
    ann.ask("PRIVMSG bob :hi", "@+a=b PRIVMSG bob :hi", "NOTICE bob :hi")
    assert engine.applied_to(home) == before and len(bob.sync()) == 3


def test_ids_differ_and_an_echo_has_the_id_of_the_message() -> None:
    net = Net(2)
    caps = "message-tags echo-message"
    found = []
    for node in ("n1", "n2"):
        ann, bob = guests(net, f"ann{node}", f"bob{node}", node=node, caps=caps)
        ann.send(f"PRIVMSG {bob.nick} :1", f"@+a=b PRIVMSG {bob.nick} :2")
        ids = [re.findall("msgid=([^; ]+)", line) for line in ann.sync()]
        assert ids == [re.findall("msgid=([^; ]+)", line) for line in bob.sync()]
        found += [one for line in ids for one in line]
    assert len(found) == len(set(found)) == 4


def test_who_is_away_or_hears_only_people_with_accounts_says_so() -> None:
    ann, bob = guests(Net(1), "ann", "bob")
    bob.ask("AWAY :at lunch")
    assert ann.ask("PRIVMSG bob :hi", "NOTICE bob :hi") == ["301 ann bob :at lunch"]
    bob.ask("AWAY", "MODE bob +R")
    bob.sync()
    assert [line[:11] for line in ann.ask("PRIVMSG bob :hi", "NOTICE bob :hi")] == ["477 ann bob"]
    assert bob.sync() == []
    assert bob.ask("PRIVMSG bob :to myself") == [f":bob!~bob@{bob.connection.socket.host} PRIVMSG bob :to myself"]


def test_answers_keep_the_order_of_the_commands() -> None:
    """A line with an echo that would overtake an earlier answer takes the general way."""
    ann, bob = guests(Net(3), "ann", "bob", caps="echo-message")
    ann.lines()
    ann.send("WHOIS nobody", "PRIVMSG bob :hi", "JOIN #c", "PRIVMSG bob :ho")
    commands = [line.split()[1] for line in ann.sync()]
    wanted = ["401", "318", "PRIVMSG", "JOIN", "353", "366", "PRIVMSG"]
    assert [command for command in commands if command in wanted] == wanted
    bob.sync()
    assert bob.heard("bob") == ["hi", "ho"]


def told_during_a_change(number: int, nick: str) -> list[str]:
    """Return the lines read by bob of 60 messages, said while bob takes another nick."""
    net = Net(3, seed=number)
    ann, bob = guests(net, f"ann{number}", f"bob{number}")
    bob.send(f"NICK {nick}{number}")
    for step in range(60):
        ann.send(f"PRIVMSG bob{number} :{step}")
        net.run(0.001)
    ann.sync()
    bob.sync()
    return [line.rpartition(":")[2] for line in bob.got if " PRIVMSG " in line]


@pytest.mark.parametrize("number", range(4))
def test_messages_keep_their_order_while_the_reader_takes_another_nick(number: int) -> None:
    """While the change is under way, messages take the way through the nick's group, and later messages wait for
    these.
    """
    assert told_during_a_change(number, "Bob") == [str(step) for step in range(60)]
    got = told_during_a_change(number, "robert")  # afterwards nobody has the nick
    assert got == [str(step) for step in range(len(got))]


def test_without_the_wait_the_order_would_break(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule, a message overtakes an earlier message on the way."""
    create = LocalMessages.__init__
    monkeypatch.setattr(LocalMessages, "__init__", lambda self, edge, _: create(self, edge, ()))
    in_order = [str(step) for step in range(60)]
    assert any(told_during_a_change(number, "Bob") != in_order for number in range(4))


def test_a_message_waits_for_an_earlier_one_on_its_way() -> None:
    net = Net(3)
    ann, bob = guests(net, "ann", "bob")
    edge = net.nodes["n1"].core.edge
    user = bob.connection.user
    assert user is not None
    user.identity.renaming = edge.nick("bob")  # as during a change
    ann.send("PRIVMSG bob :1")
    user.identity.renaming = None
    _, heard = in_one_turn(ann, bob, b"PRIVMSG bob :2")
    assert heard == []
    bob.sync()
    net.run(1.0)
    assert bob.heard("bob") == ["1", "2"]


def test_an_account_on_either_side_takes_the_general_way() -> None:
    net = Net(1, disks=True)
    ann, bob = guests(net, "ann", "bob")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(bob))
    net.run(1.0)
    for one, other in ((ann, bob), (bob, ann)):
        one.sync()
        home = net.nodes["n1"].core.edge.nick(other.nick)
        assert net.nodes["n1"].core.edge.direct.relay(one.connection, f"PRIVMSG {other.nick} :x".encode()) is False
        assert home in net.nodes["n1"].core.edge.nick_owners._users
        one.ask(f"PRIVMSG {other.nick} :hi")
        other.sync()
        assert other.heard(other.nick) == ["hi"]


def test_a_mistake_ends_the_client_alone() -> None:
    net = Net(1)
    net.may_err = True
    ann, bob = guests(net, "ann", "bob")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalMessages, "_send", lambda *_: 1 / 0)
        ann.send("PRIVMSG bob :hi")
    assert ann.closed is not None and "mistake" in ann.got[-1]
    assert bob.ask("PRIVMSG bob :still here")
