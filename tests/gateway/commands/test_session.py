from __future__ import annotations

import pytest

from ring.durations import REST_S
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Client, Net

PASSWORD = "correct-horse-battery"


def stranger(net: Net, node: str = "n1") -> Client:
    """A connection that has said nothing yet."""
    client = Client.__new__(Client)
    client.begin(net, net.nodes[node], "", "10.0.0.9")
    return client


def without_offer(lines: list[str]) -> list[str]:
    """Return the lines with the last line alone of each answer to CAP LS, which takes several lines."""
    assert any(" CAP * LS * :" in line for line in lines)
    return [line for line in lines if " CAP * LS * :" not in line]


def numerics(lines: list[str]) -> list[str]:
    return [line.split()[1] for line in lines]


def test_the_welcome_has_the_order_that_clients_expect(net: Net) -> None:
    ann = net.client("n1", "ann")
    got = numerics([line for line in ann.got if line.startswith(":irc.circlet.local")])
    assert got == ["001", "002", "003", "004", "005", "005", "005", "251", "255", "265", "266", "422", "221"]
    assert ann.got[0] == ":irc.circlet.local 001 ann :Welcome to the Circlet Network, ann!~ann@10.0.0.1"
    assert ann.got[1].startswith(":irc.circlet.local 002 ann :Your host is n1.sim, running version ")
    assert ann.got[3].split()[3] == "irc.circlet.local" and "I" in ann.got[3] and "e" in ann.got[3]


def test_the_message_of_the_day() -> None:
    net = network(1, motd=("Hello", "and welcome"))
    ann = net.client("n1", "ann")
    assert [line.split(" ", 1)[1] for line in ann.got if line.split()[1] in ("375", "372", "376")] == [
        "375 ann :- irc.circlet.local Message of the day - ",
        "372 ann :- Hello",
        "372 ann :- and welcome",
        "376 ann :End of /MOTD command.",
    ] or numerics(ann.got).count("372") == 2


def test_negotiation_as_irssi_does_it(net: Net) -> None:
    client = stranger(net)
    client.send("CAP LS 302", "JOIN :")
    client.send(
        "CAP REQ :multi-prefix extended-join setname invite-notify away-notify chghost account-notify server-time"
    )
    client.send("CAP END", "NICK ann", "USER ann ann host :Ann")
    assert net.until(lambda: any(" 221 " in line for line in client.got), 5)
    client.got = without_offer(client.got)
    assert client.got[1] == ":irc.circlet.local 451 * :You have not registered"
    assert client.got[2].startswith(":irc.circlet.local CAP * ACK :multi-prefix extended-join")
    assert client.got[3].startswith(":irc.circlet.local 001 ann ")
    assert len([line for line in client.got if " ACK " in line]) == 1


def test_negotiation_as_weechat_does_it(net: Net) -> None:
    client = stranger(net)
    client.send("CAP LS 302", "NICK ann", "USER ann 0 * :Ann")
    net.run(1)
    assert numerics(without_offer(client.got)) == ["CAP"]
    client.send("CAP REQ :server-time echo-message", "CAP LIST", "CAP END")
    assert net.until(lambda: any(" 221 " in line for line in client.got), 5)
    client.got = without_offer(client.got)
    assert " ACK :server-time echo-message" in client.got[1]
    assert client.got[2].endswith("CAP * LIST :cap-notify echo-message server-time")


def test_who_once_knew_a_version_of_negotiation_knows_it_for_good(net: Net) -> None:
    client = stranger(net)
    client.send("CAP LS 302", "CAP REQ :-cap-notify", "CAP LIST", "CAP LS", "CAP LS 99999")
    first, nak, listed, plain, newer = without_offer(client.got)
    assert first == newer != plain
    assert "=" not in plain
    assert nak.endswith(" NAK -cap-notify")
    assert listed.split(" LIST ")[1] == "cap-notify"


def test_capabilities_are_all_or_nothing(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask("CAP REQ :server-time no-such") == ["CAP ann NAK :server-time no-such"]
    assert ann.ask("CAP REQ :server-time", "CAP REQ :-server-time", "CAP LIST")[-1] == "CAP ann LIST :"
    assert ann.ask("CAP NONSENSE") == ["410 ann NONSENSE :Invalid CAP command"]
    assert ann.ask("CAP") == ["461 ann CAP :Not enough parameters"]


def test_before_registration_only_that(net: Net) -> None:
    client = stranger(net)
    client.send("PRIVMSG ann :x", "NOSUCH", "PING here", "NICK", "NICK 1", "USER a", "USER a 0 * :", "PASS")
    assert numerics(client.got) == ["451", "451", "PONG", "431", "432", "461", "461", "461"]
    assert client.got[2] == ":irc.circlet.local PONG irc.circlet.local here"


def test_nick_in_use_leaves_another_try(net: Net) -> None:
    people(net, "ann")
    client = stranger(net, list(net.nodes)[-1])
    client.send("NICK ANN", "USER x 0 * :x")
    net.run(1)
    assert client.got[-1] == ":irc.circlet.local 433 * ANN :Nickname is already in use"
    client.send("NICK ann2")
    net.run(1)
    assert any(" 001 ann2 " in line for line in client.got)


def test_two_at_once_for_one_nick(net: Net) -> None:
    clients = [stranger(net, name) for name in (list(net.nodes) * 3)[:3]]
    for client in clients:
        client.send("NICK zed", "USER z 0 * :z")
    net.run(3)
    assert len([c for c in clients if any(" 001 " in line for line in c.got)]) == 1
    assert len([c for c in clients if any(" 433 " in line for line in c.got)]) == 2


def test_a_nick_is_free_again_once_its_user_has_quit(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send("QUIT")
    net.run(1)
    again = net.client(list(net.nodes)[-1], "ann")
    assert again.ask("JOIN #c")[0] == f"{source('ann')} JOIN #c"
    assert [line.split()[1] for line in bob.sync() if "ann" in line] == ["QUIT", "JOIN"]


def test_once_registered_user_and_pass_are_refused(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask("USER a 0 * :a", "PASS x") == ["462 ann :You may not reregister"] * 2


def test_the_server_password() -> None:
    net = network(1, server_password_hash="sesame")
    good, bad = stranger(net), stranger(net)
    good.send("PASS sesame", "NICK ann", "USER a 0 * :a")
    bad.send("PASS open", "NICK bob", "USER a 0 * :a")
    net.run(1)
    assert any(" 001 " in line for line in good.got)
    assert bad.got == [
        ":irc.circlet.local 464 * :Password incorrect",
        "ERROR :Closing Link: 10.0.0.9 (Bad password)",
    ]


def test_cut_when_it_does_not_register_in_time() -> None:
    net = network(1, register_timeout_s=10.0)
    client = stranger(net)
    net.run(9)
    assert client.closed is None
    net.run(1 + 2 * REST_S)  # a resting node looks once in REST_S
    assert client.got == ["ERROR :Closing Link: 10.0.0.9 (Registration timed out)"]


def test_pinged_and_cut_when_it_does_not_answer() -> None:
    net = network(1, ping_every_s=20.0, ping_timeout_s=10.0)
    ann, bob = people(net, "ann", "bob", channel="#c")
    net.run(20 + 2 * REST_S)
    assert ann.got[-1] == "PING :irc.circlet.local" or ann.got[-1].startswith("PING")
    bob.send("PONG x")
    net.run(10 + 2 * REST_S)
    assert ann.closed is not None and ann.got[-1].startswith("ERROR :Closing Link: 10.0.0.1 (Ping timeout: 3")
    assert bob.sync()[-1].startswith(f"{source('ann')} QUIT :Ping timeout: 3")


def test_one_that_floods_is_slowed_then_cut() -> None:
    net = network(1, burst=5, rate=2.0, queued=10)
    (ann,) = people(net, "ann")
    net.run(5)
    ann.send(*(f"PING {n}" for n in range(12)))
    assert len([line for line in ann.got if " PONG " in line and line.split()[-1].isdigit()]) == 5
    net.run(2.1)
    assert 8 <= len([line for line in ann.got if " PONG " in line and line.split()[-1].isdigit()]) <= 10
    net.run(5)
    ann.send(*(f"PING {n}" for n in range(30)))
    assert ann.closed == "Excess Flood" and ann.got[-1] == "ERROR :Closing Link: 10.0.0.1 (Excess Flood)"


def test_too_many_connections_are_told_why() -> None:
    net = network(1, total=4, per_address=2)
    first = [stranger(net), stranger(net)]
    third = stranger(net)
    assert third.got == ["ERROR :Closing Link: 10.0.0.9 (Too many connections from your address)"]
    net.run(0.1)
    others = [net.client("n1", nick) for nick in ("ann", "bob")]
    last = Client(net, net.nodes["n1"], "cat", address="10.0.0.7")
    assert last.got[0] == "ERROR :Closing Link: 10.0.0.7 (This server is full: try another node)"
    assert all(c.closed is None for c in (*first, *others))


def test_a_nick_taken_away_while_registering_is_given_back(net: Net) -> None:
    """The connection is gone before its claim is answered."""
    client = stranger(net, list(net.nodes)[-1])
    client.send("NICK ann", "USER a 0 * :a", "QUIT")
    net.run(2)
    assert net.client("n1", "ann").ask("WHOIS ann")[0].startswith("311 ann ann ")


def test_pong_comes_after_what_was_asked(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send("PRIVMSG #c :one", "WHOIS bob", "LIST", "PING x", "PRIVMSG #c :two", "PING y")
    settle(ann, bob)
    commands = [line.split()[1] for line in ann.got if line.startswith(":irc")]
    x, y = (next(i for i, line in enumerate(ann.got) if line.endswith(f" {t}")) for t in "xy")
    assert commands and x < y
    assert any(" 318 " in line for line in ann.got[:x]) and any(" 323 " in line for line in ann.got[:x])


def test_sasl_is_said_not_to_be_there(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask("AUTHENTICATE PLAIN")[0].startswith("904 ann :")


@pytest.mark.parametrize("nodes", [1, 3])
def test_isupport_before_registration(nodes: int) -> None:
    """Source: IRCv3 extended-isupport: 005 in a batch, never outside, as often as the client asks."""
    client = stranger(network(nodes))
    client.send("ISUPPORT")
    assert client.lines() == [":irc.circlet.local 451 * :You have not registered"]
    client.send("CAP LS 302", "CAP REQ :draft/extended-isupport")
    client.lines()
    client.send("ISUPPORT")
    assert numerics(client.lines()) == ["005"] * 3
    client.send("CAP REQ batch", "NICK ann", "USER ann 0 * :Ann")
    client.lines()
    client.send("ISUPPORT")
    lines = client.lines()
    opening = lines[0].split()
    assert opening[1] == "BATCH" and opening[3] == "draft/isupport" and lines[-1].split()[2] == f"-{opening[2][1:]}"
    inside = [line for line in lines if line.startswith(f"@batch={opening[2][1:]} :irc.circlet.local 005 * ")]
    assert len(inside) == 3 and len(lines) == 5 and any(" NETWORK=Circlet " in line for line in inside)
    client.send("CAP END")
    assert client.net.until(lambda: any(" 221 " in line for line in client.got), 5)
    assert all(line.startswith("@batch=") for line in client.lines() if " 005 " in line)


def test_a_picture_of_the_network() -> None:
    """Source: IRCv3 network-icon."""
    net = network(1, icon="https://example.org/icon.png?size={size}")
    assert any(
        " draft/ICON=https://example.org/icon.png?size\\x3D{size} " in line for line in net.client("n1", "a").got
    )
    assert not any("ICON" in line for line in network(1).client("n1", "ann").got)


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_network_of_utf8_refuses_other_bytes(nodes: int) -> None:
    """Everything before registration and after, with and without a label. Source: IRCv3 utf8-only."""
    net = network(nodes, utf8_only=True)
    refusal = "INVALID_UTF8 :Message rejected: your IRC software must use UTF-8 on this network"
    newcomer = stranger(net)
    newcomer.send_bytes(b"USER ann 0 * :\xe9\r\n")
    assert newcomer.lines() == [f":irc.circlet.local FAIL USER {refusal}"]
    ann, bob = people(net, "ann", "bob", channel="#c", caps="labeled-response echo-message message-tags batch")
    assert any(" UTF8ONLY " in line for line in ann.got)
    for line in (b"PRIVMSG #c :\xe9", b"PRIVMSG bob :\xe9", b"NOTICE #c :\xe9", b"TOPIC #c :\xe9", b"\xe9"):
        ann.send_bytes(line + b"\r\n")
    assert [line.split(" ", 1)[1] for line in ann.sync()] == [
        *(f"FAIL {verb} {refusal}" for verb in ("PRIVMSG", "PRIVMSG", "NOTICE", "TOPIC", "\ufffd"))
    ]
    ann.send_bytes(b"@label=x PRIVMSG #c :" + b"\xe9\r\n")
    assert ann.sync() == [f"@label=x :irc.circlet.local FAIL PRIVMSG {refusal}"]
    ann.send("PRIVMSG #c :é")
    ann.sync()
    assert [line.partition(":ann")[2] for line in bob.sync()] == ["!~ann@10.0.0.1 PRIVMSG #c :é"]
    other, reader = people(network(nodes), "ann", "bob", channel="#c")
    other.send_bytes(b"PRIVMSG #c :\xe9\r\n")
    other.sync()
    assert len(reader.sync()) == 1


@pytest.mark.parametrize("nodes", [1, 3])
def test_away_before_registration(nodes: int) -> None:
    """Source: IRCv3 pre-away."""
    net = network(nodes)
    (bob,) = people(net, "bob")
    client = stranger(net, list(net.nodes)[-1])
    client.send("CAP LS 302", "AWAY :tea")
    assert client.lines()[-1] == ":irc.circlet.local 451 * :You have not registered"
    client.send("CAP REQ :draft/pre-away", "AWAY :tea", "AWAY", "AWAY :lunch")
    assert [line.split(" ", 2)[1:] for line in client.lines()[1:]] == [
        ["306", "* :You have been marked as being away"],
        ["305", "* :You are no longer marked as being away"],
        ["306", "* :You have been marked as being away"],
    ]
    client.send("NICK ann", "USER ann 0 * :Ann", "CAP END")
    assert net.until(lambda: any(" 221 " in line for line in client.got), 5)
    assert bob.ask("PRIVMSG ann :there?") == ["301 bob ann :lunch"]


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_client_without_a_person_leaves_its_user_away(nodes: int) -> None:
    """AWAY * before CAP END: the account's user stays away while such clients alone are attached, wherever they are;
    a client with a person ends this, and another text is the user's away text."""
    net = network(nodes)
    first, *_, last = [*net.nodes, *net.nodes]
    ann, bob = people(net, "ann", "bob")
    ann.send(f"PRIVMSG NickServ :REGISTER {PASSWORD}")
    assert net.until(lambda: any(" 900 ann " in line for line in ann.got), 100)
    ann.send("PRIVMSG NickServ :SET always-on on", "PRIVMSG NickServ :SET auto-away on")
    settle(ann)
    ann.send("QUIT")
    net.run(1)
    away = "301 bob ann :Not attached"
    phone = attach(net, last, "AWAY *")
    assert [line for line in bob.ask("WHOIS ann") if line.startswith("301 ")] == [away]
    desk = attach(net, first)
    assert [line for line in bob.ask("WHOIS ann") if line.startswith("301 ")] == []
    desk.send("QUIT")
    net.run(1)
    assert [line for line in bob.ask("WHOIS ann") if line.startswith("301 ")] == [away]
    phone.ask("AWAY")
    assert [line for line in bob.ask("WHOIS ann") if line.startswith("301 ")] == []
    attach(net, last, "AWAY :lunch")
    assert [line for line in bob.ask("WHOIS ann") if line.startswith("301 ")] == ["301 bob ann :lunch"]


def attach(net: Net, node: str, *before: str) -> Newcomer:
    """Make a client of ann's account that says these lines before the end of the negotiation."""
    client = Newcomer(net, node, "sasl draft/pre-away")
    assert client.log_in("ann", PASSWORD)[-1].startswith("903 ")
    client.send(*before)
    client.enter("ann")
    client.sync()
    return client
