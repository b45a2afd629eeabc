"""Logging in with SASL: good and bad, before registration and after, on one node and on three."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from config.accounts import Accounts
from gateway.edge.accounts import holdings
from gateway.edge.accounts.sasl import FAILURES
from gateway.edge.procedures import run
from gateway.state.account.messages import Accepted, Register
from gateway.state.throttle.throttle import RULES
from tests.gateway.commands.accounts import Newcomer, answer, b64, challenge, log_in, plain, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net

LOGGED_IN = "900 * *!*@10.0.0.1 ann :You are now logged in as ann"
SUCCESS = "903 * :SASL authentication successful"
WRONG = "904 {} :SASL authentication failed: Account and password do not fit"


@pytest.fixture
def ann(net: Net) -> Client:
    """She has an account."""
    (ann,) = people(net, "ann")
    register(ann)
    ann.quit()
    net.run(2)
    return ann


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "plain"])
def test_an_account_made_on_one_node_works_on_all(net: Net, ann: Client, mechanism: str) -> None:
    for node in net.nodes:
        client = Newcomer(net, node)
        if mechanism == "plain":
            client.send("AUTHENTICATE plain", f"AUTHENTICATE {plain('ANN', 'sesame')}")
            assert answer(client) == [LOGGED_IN, SUCCESS]
        else:
            assert client.log_in("ann", "sesame", mechanism) == [LOGGED_IN, SUCCESS]
        welcome = client.enter("ann")
        assert welcome[0].startswith("001 ann ")
        assert welcome[-1] == "221 ann +r"
        assert "330 ann ann ann :is logged in as" in client.ask("WHOIS ann")
        client.quit()
        net.run(2)


def test_who_logs_in_first_and_says_its_nick_later_waits_for_the_answer(net: Net, ann: Client) -> None:
    client = Newcomer(net, "n1")
    client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'sesame')}")
    lines = client.enter("ann")
    assert [line.split()[0] for line in lines if not line.startswith("AUTHENTICATE")][:3] == ["900", "903", "001"]


def test_the_mechanisms_are_listed(net: Net) -> None:
    client = Newcomer(net, "n1", caps="")
    client.send("CAP LS 302")
    assert any("sasl=PLAIN,EXTERNAL,SCRAM-SHA-256" in line for line in client.got)
    other = Newcomer(net, "n1", caps="")
    other.send("CAP LS")
    assert " sasl " in other.got[0]


@pytest.mark.parametrize("name", ["ann", "nobody", "no nick", "", "x" * 200, "*" + "0" * 64, "ann@phone"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_wrong_is_wrong_whoever_it_is(net: Net, ann: Client, name: str, mechanism: str) -> None:
    client = Newcomer(net, "n1")
    began = net.now
    assert client.log_in(name, "mellon", mechanism) == [WRONG.format("*")]
    assert 1.0 <= net.now - began < 1.3
    assert client.enter("dan")[-1] == "221 dan +"


def test_a_device_is_no_part_of_the_account(net: Net, ann: Client) -> None:
    client = Newcomer(net, "n1")
    assert client.log_in("ann@phone", "sesame") == [LOGGED_IN, SUCCESS]
    assert client.connection.login is not None
    assert client.connection.login.device == "phone"


MECHS = "908 * PLAIN,EXTERNAL,SCRAM-SHA-256 :are available SASL mechanisms"


@pytest.mark.parametrize(
    ("lines", "answers"),
    [
        (["AUTHENTICATE"], ["461 * AUTHENTICATE :Not enough parameters"]),
        (["AUTHENTICATE :"], [MECHS, "904 * :SASL authentication failed"]),
        (["AUTHENTICATE DIGEST-MD5"], [MECHS, "904 * :SASL authentication failed"]),
        (["AUTHENTICATE +"], [MECHS, "904 * :SASL authentication failed"]),
        (["AUTHENTICATE *"], ["906 * :SASL authentication aborted"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE *"], ["906 * :SASL authentication aborted"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE !!!!"], ["904 * :SASL authentication failed: not base64"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE QQ"], ["904 * :SASL authentication failed: not base64"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE ÄÖÜ"], ["904 * :SASL authentication failed: not base64"]),
        (["AUTHENTICATE PLAIN", f"AUTHENTICATE {'A' * 401}"], ["905 * :SASL message too long"]),
        (["AUTHENTICATE PLAIN", *[f"AUTHENTICATE {'A' * 400}"] * 11], ["905 * :SASL message too long"]),
        (
            ["AUTHENTICATE EXTERNAL", "AUTHENTICATE +"],
            ["904 * :SASL authentication failed: Your client has shown no certificate"],
        ),
        (
            ["AUTHENTICATE SCRAM-SHA-256", f"AUTHENTICATE {b64(b'p=tls-unique,,n=ann,r=x')}"],
            ["904 * :SASL authentication failed: No channel binding is offered"],
        ),
        (
            ["AUTHENTICATE PLAIN", f"AUTHENTICATE {b64(b'bob' + bytes(1) + b'ann' + bytes(1) + b'sesame')}"],
            ["904 * :SASL authentication failed: Nobody may act for another account"],
        ),
    ],
)  # fmt: skip
def test_bad_lines(net: Net, ann: Client, lines: list[str], answers: list[str]) -> None:
    client = Newcomer(net, "n1")
    client.send(*lines)
    assert answer(client, answers[-1].split()[0]) == answers
    assert client.connection.proof.sasl is None
    assert client.log_in("ann", "sesame") == [LOGGED_IN, SUCCESS]  # and the next try is none the worse
    client.enter("ann")


@pytest.mark.parametrize("text", ["", "+", "AAAA", "/w==", b64(b"ann"), b64(b"\0\0"), b64(b"\0ann\0"), b64(b"\0" * 9)])
def test_payloads_that_are_no_plain_message(net: Net, text: str) -> None:
    client = Newcomer(net, "n1")
    client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE :{text}")
    lines = answer(client)
    assert len(lines) == 1
    assert lines[0].startswith("904 * :SASL authentication failed: ")


def test_long_answers_come_in_pieces(net: Net) -> None:
    """Pieces of 400 characters each; after a last piece of full length, an empty piece follows."""
    password = "p" * 291
    (bob,) = people(net, "bob")
    assert "SUCCESS" in register(bob, password)[-1]
    for secret in (password, password + "x"):
        text = plain("bob", secret)
        client = Newcomer(net, "n1")
        client.send("AUTHENTICATE PLAIN", *[f"AUTHENTICATE {text[at : at + 400]}" for at in range(0, len(text), 400)])
        if len(text) == 400:
            assert client.connection.proof.sasl is not None
            assert not client.connection.proof.sasl.waits
            client.send("AUTHENTICATE +")
        assert (" 900 " in "".join(f" {line}" for line in answer(client))) is (secret == password)
    assert (
        len(plain("bob", password)) < 400 or len(plain("bob", password)) % 400 == 0 or len(plain("bob", password)) > 400
    )


def test_the_longest_password(net: Net) -> None:
    """REGISTER fits a line of 512 bytes; a longer password comes from elsewhere, and logs in."""
    long = "ü" * 500
    node = next(iter(net.nodes.values()))
    made = []
    net.turn(node, lambda: node.core.edge.outside.make_credentials(long, made.append))
    net.run(1)
    net.turn(node, lambda: node.core.edge.network.submit(node.core.edge.account("ann"), Register("0", "ann", made[0])))
    net.run(1)
    client = Newcomer(net, "n1")
    text = plain("ann", long)
    client.send("AUTHENTICATE PLAIN", *[f"AUTHENTICATE {text[at : at + 400]}" for at in range(0, len(text), 400)])
    assert answer(client) == [LOGGED_IN, SUCCESS]


def test_sasl_has_to_be_asked_for(net: Net, ann: Client) -> None:
    client = Newcomer(net, "n1", caps="batch")
    client.send("AUTHENTICATE PLAIN")
    assert answer(client) == ["904 * :SASL authentication failed: CAP REQ :sasl comes first"]


def test_once_is_enough_before_registration(net: Net, ann: Client) -> None:
    client = Newcomer(net, "n1")
    client.log_in("ann", "sesame")
    client.send("AUTHENTICATE PLAIN")
    assert answer(client) == ["907 * :You have already authenticated using SASL"]


def test_whoever_ends_negotiation_within_an_exchange_is_registered_without_it(net: Net, ann: Client) -> None:
    client = Newcomer(net, "n1")
    client.send("AUTHENTICATE SCRAM-SHA-256")
    lines = client.enter("dan")
    assert "906 * :SASL authentication aborted" in lines
    assert lines[-1] == "221 dan +"


def test_logging_in_after_registration_shows_to_others(net: Net, ann: Client) -> None:
    bob, cat = people(net, "bob", "cat", channel="#c", caps="sasl account-notify account-tag extended-join")
    assert log_in(bob, "ann", "sesame") == [
        ":bob!~bob@10.0.0.1 ACCOUNT ann",
        "MODE bob +r",
        "900 bob bob!~bob@10.0.0.1 ann :You are now logged in as ann",
        "903 bob :SASL authentication successful",
    ]
    bob.sync()
    assert ":bob!~bob@10.0.0.1 ACCOUNT ann" in cat.sync()
    assert bob.ask("MODE bob") == ["221 bob +r"]
    bob.ask("PRIVMSG #c :hi", "PRIVMSG cat :you")
    assert [line for line in cat.sync() if "PRIVMSG" in line] == [
        "@account=ann :bob!~bob@10.0.0.1 PRIVMSG #c :hi",
        "@account=ann :bob!~bob@10.0.0.1 PRIVMSG cat :you",
    ]
    assert "354 cat 1 ann" in cat.ask("WHO bob %ta,1")[0]
    bob.ask("JOIN #d")
    cat.ask("JOIN #d", "PART #d")
    assert "330 cat bob ann :is logged in as" in cat.ask("WHOIS bob")
    assert bob.ask("AUTHENTICATE PLAIN") == ["907 bob :You are logged in as ann: /msg NickServ LOGOUT comes first"]
    assert bob.ask("MODE bob") == ["221 bob +r"]  # a failed second login changes no login


def test_who_is_logged_in_is_another_only_once_it_has_logged_out(net: Net, ann: Client) -> None:
    (bob,) = people(net, "bob", caps="sasl")
    register(bob)
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "EXTERNAL", "NOSUCH"):  # before a password is asked for
        refused = ["907 bob :You are logged in as bob: /msg NickServ LOGOUT comes first"]
        assert bob.ask(f"AUTHENTICATE {mechanism}") == refused
    assert "330 bob bob bob :is logged in as" in bob.ask("WHOIS bob")
    bob.ask("NS LOGOUT")
    assert [line.split()[0] for line in log_in(bob, "ann@desk", "sesame")] == ["MODE", "900", "903"]
    assert "330 bob bob ann :is logged in as" in bob.ask("WHOIS bob")


def test_nobody_gives_itself_the_mode(net: Net) -> None:
    (bob,) = people(net, "bob")
    assert bob.ask("MODE bob +r", "MODE bob -r", "MODE bob") == ["221 bob +"]


def test_channels_and_people_for_those_with_an_account_alone(net: Net, ann: Client) -> None:
    bob, cat = people(net, "bob", "cat", caps="sasl")
    log_in(bob, "ann", "sesame")
    bob.ask("JOIN #r", "MODE #r +R", "MODE bob +R")
    assert cat.ask("JOIN #r") == ["477 cat #r :Cannot join channel (+R)"]
    assert cat.ask("PRIVMSG bob :hi") == ["477 cat bob :They hear only people who are logged in to an account (+R)"]
    assert bob.sync() == []
    log_in(cat, "ann", "sesame")
    assert cat.ask("JOIN #r")[0] == ":cat!~cat@10.0.0.1 JOIN #r"
    cat.ask("PRIVMSG bob :hi")
    assert ":cat!~cat@10.0.0.1 PRIVMSG bob :hi" in bob.sync()


def test_wrong_tries_are_slowed_wherever_they_are_made(ann_net: Net) -> None:
    """The account's throttle and the address's: the fourth try waits, on any node, however often a client connects
    anew.
    """
    net, took = ann_net, []
    for number in range(7):
        began = net.now
        assert Newcomer(net, f"n{number % 3 + 1}").log_in("ann", "mellon") == [WRONG.format("*")]
        took.append(round(net.now - began))
    assert took == [1, 1, 1, 1, 2, 4, 8]
    began = net.now
    client = Newcomer(net, "n2")
    assert client.log_in("ann", "sesame") == [LOGGED_IN, SUCCESS]  # who knows the password waits, too, and gets in
    assert net.now - began < 9
    net.run(1)
    began = net.now
    assert Newcomer(net, "n3").log_in("ann", "sesame") == [LOGGED_IN, SUCCESS]  # and no other waits for that
    assert net.now - began < 1
    net.run(1000)
    began = net.now
    Newcomer(net, "n1").log_in("ann", "mellon")
    assert net.now - began < 1.3


@pytest.fixture
def ann_net() -> Net:
    net = network(3)
    (ann,) = people(net, "ann")
    register(ann)
    ann.quit()
    net.run(2)
    return net


def test_who_leaves_within_a_wrong_try_has_tried(ann_net: Net) -> None:
    net = ann_net
    for _ in range(6):
        client = Newcomer(net, "n1")
        client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'mellon')}", "QUIT")
        net.run(0.5)
    began = net.now
    client = Newcomer(net, "n3")
    assert client.log_in("ann", "sesame") == [LOGGED_IN, SUCCESS]
    assert net.now - began > 1


def test_who_aborts_while_it_is_found_out_hears_no_more_of_it(net: Net, ann: Client) -> None:
    client = Newcomer(net, "n1")
    client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'mellon')}", "AUTHENTICATE *")
    net.run(5)
    assert [line.split(" ")[1] for line in client.lines() if line.startswith(":")] == ["906"]
    client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'mellon')}", "AUTHENTICATE QUFB")
    assert answer(client) == ["904 * :SASL authentication failed: an answer was still under way"]
    client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'sesame')}")
    assert answer(client) == [
        "904 * :SASL authentication failed: another password of yours is being checked: wait for the answer"
    ]
    net.run(5)
    assert client.lines() == []
    assert client.log_in("ann", "sesame") == [LOGGED_IN, SUCCESS]


def test_whoever_is_made_to_wait_is_not_cut_for_it(ann_net: Net) -> None:
    net = ann_net
    for _ in range(9):
        Newcomer(net, "n1").log_in("ann", "mellon")
    client = Newcomer(net, "n1")
    net.run(25)
    assert client.log_in("ann", "mellon") == [WRONG.format("*")]
    net.run(2)
    assert client.closed is None
    net.run(5)
    assert client.closed == "Registration timed out"


def test_who_guesses_for_long_is_cut(net: Net) -> None:
    client = Newcomer(net, "n1")
    for _ in range(FAILURES):
        client.log_in("ann", "mellon")
    net.run(0.1)
    assert client.closed == "Too many SASL authentication failures"


def test_where_there_are_no_accounts() -> None:
    net = network(1, accounts=Accounts(enabled=False))
    client = Newcomer(net, "n1", caps="")
    client.send("CAP LS 302", "CAP REQ sasl", "AUTHENTICATE PLAIN", "REGISTER joe * sesame", "VERIFY joe 1")
    ls, nak, *rest = client.got
    assert "sasl" not in ls
    assert "account-registration" not in ls
    assert " NAK sasl" in nak
    assert [line.split(" ", 1)[1] for line in rest] == [
        "904 * :SASL is not offered here",
        "FAIL REGISTER TEMPORARILY_UNAVAILABLE joe :Accounts are not registered here; ask an operator",
        "FAIL VERIFY INVALID_CODE joe :Accounts need no verification here: log in with the password",
    ]


def test_a_change_of_the_offer_is_told() -> None:
    net = network(1)
    (ann,) = people(net, "ann", caps="cap-notify sasl")
    (bob,) = people(net, "bob")
    edge = net.nodes["n1"].core.edge
    on, off = edge.settings, dataclasses.replace(edge.settings, accounts=Accounts(enabled=False))
    net.turn(net.nodes["n1"], lambda: edge.configure(off))
    assert ann.sync() == [":irc.circlet.local CAP ann DEL :draft/account-registration sasl"]
    assert ann.ask("CAP LIST") == ["CAP ann LIST cap-notify"]
    assert log_in(ann, "ann", "sesame")[0] == "904 ann :SASL is not offered here"
    net.turn(net.nodes["n1"], lambda: edge.configure(on))
    assert ann.sync() == [
        ":irc.circlet.local CAP ann NEW :draft/account-registration=before-connect,custom-account-name "
        "sasl=PLAIN,EXTERNAL,SCRAM-SHA-256"
    ]
    assert bob.sync() == []


def test_by_certificate() -> None:
    net = network(3)
    (ann,) = people(net, "ann")
    register(ann)
    login = ann.connection.login
    assert login is not None
    outcomes: list[object] = []
    add, remove = holdings.add_certificate, holdings.remove_certificate
    net.turn(ann.node, lambda: run(ann.node.core.edge, add(ann.node.core.edge, login, "ab" * 32), outcomes.append))
    net.run(2)
    assert outcomes == [Accepted("ann")]
    for node in net.nodes:
        client = Newcomer(net, node, certificate="ab" * 32)
        assert client.log_in("", "", "EXTERNAL") == [LOGGED_IN, SUCCESS]
        named = Newcomer(net, node, certificate="ab" * 32)
        named.send("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {b64(b'ann@desk')}")
        assert answer(named) == [LOGGED_IN, SUCCESS]
        for other in ("bob", "no nick", "*" + "cd" * 32):
            named = Newcomer(net, node, certificate="ab" * 32)
            named.send("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {b64(other.encode())}")
            assert answer(named)[0].startswith("904 * ")
        stranger = Newcomer(net, node, certificate="cd" * 32)
        assert stranger.log_in("", "", "EXTERNAL")[0].startswith("904 * ")
        stranger.send("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {b64(b'ann')}")
        assert answer(stranger)[0].startswith("904 * ")
    net.turn(ann.node, lambda: run(ann.node.core.edge, remove(ann.node.core.edge, login, "ab" * 32), outcomes.append))
    net.run(2)
    client = Newcomer(net, "n2", certificate="ab" * 32)
    assert client.log_in("", "", "EXTERNAL")[0].startswith("904 * ")


def test_scram_tells_nothing_of_who_exists(ann_net: Net) -> None:
    """The first answer takes as long, and looks the same, whether there is such an account."""
    net = ann_net
    found = []
    for name in ("ann", "nobody", "nobody"):
        client = Newcomer(net, "n1")
        began = net.now
        client.send("AUTHENTICATE SCRAM-SHA-256")
        assert challenge(client) == b""
        client.send(f"AUTHENTICATE {b64(f'n,,n={name},r=x'.encode())}")
        first = challenge(client)
        assert first is not None
        assert 0.24 < net.now - began < 0.45
        found.append(dict(part.split("=", 1) for part in first.decode().split(",")))
    assert found[1]["s"] == found[2]["s"] != found[0]["s"]


def test_an_account_has_one_throttle_by_whatever_nick_it_is_named(ann_net: Net) -> None:
    net = ann_net
    client = Newcomer(net, "n1")
    client.log_in("ann", "sesame")
    client.enter("ann")
    login = client.connection.login
    assert login is not None
    outcomes: list[object] = []
    edge = client.node.core.edge
    for nick in ("annie", "anny"):
        net.turn(client.node, lambda nick=nick: run(edge, holdings.add_nick(edge, login, nick), outcomes.append))
    net.run(2)
    took = []
    for name in ("ann", "annie", "anny", "ann", "annie", "anny"):
        other = Newcomer(net, "n2")
        other.connection.socket.address = f"10.1.1.{len(took)}"
        began = net.now
        assert other.log_in(name, "mellon") == [WRONG.format("*")]
        took.append(round(net.now - began))
    assert took == [1, 1, 1, 1, 2, 4]


def test_a_fingerprint_is_no_name() -> None:
    net = network(1)
    (ann,) = people(net, "ann")
    register(ann)
    login = ann.connection.login
    assert login is not None
    edge = ann.node.core.edge
    net.turn(ann.node, lambda: run(edge, holdings.add_certificate(edge, login, "ab" * 32)))
    net.run(1)
    client = Newcomer(net, "n1", certificate="ab" * 32)
    assert client.log_in("*" + "ab" * 32, "sesame") == [WRONG.format("*")]
    client.send("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {b64(b'*' + b'ab' * 32)}")
    assert answer(client)[0].startswith("904 * ")


@pytest.mark.parametrize("whose", ["account", "address"])
def test_of_many_guesses_at_once_no_more_are_made_than_one_after_the_other(ann_net: Net, whose: str) -> None:
    """And the right password among them waits no longer than after so many that were wrong."""
    net, checked = ann_net, []
    for node in net.nodes.values():

        def fits(*args: Any, fits: Any = node.core.edge.outside.fits) -> None:
            checked.append(net.now - began)
            fits(*args)

        node.core.edge.outside.fits = fits
    clients = [Newcomer(net, f"n{number % 3 + 1}") for number in range(20)]
    began = net.now
    for number, client in enumerate(clients):
        client.connection.socket.address = "10.1.1.1" if whose == "address" else f"10.1.1.{number}"
        name = "ann" if whose == "account" or client is clients[-1] else f"name{number}"
        if client is clients[-1]:
            net.run(0.03)  # the wrong ones come first, whatever their messages take
        client.send(
            "AUTHENTICATE PLAIN", f"AUTHENTICATE {plain(name, 'sesame' if client is clients[-1] else 'mellon')}"
        )
    longest = RULES[whose].longest_s
    assert net.until(lambda: any(" 903 " in line for line in clients[-1].got), longest + 2)
    net.run(longest + 2)
    assert len(checked) == 20
    assert [len([at for at in checked if at < limit]) for limit in (0.9, 1.2, 3.5, 7.9)] == [4, 5, 6, 7]


def test_right_passwords_do_not_slow_each_other(ann_net: Net) -> None:
    net = ann_net
    clients = [Newcomer(net, f"n{number % 3 + 1}") for number in range(12)]
    for client in clients:
        client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ann', 'sesame')}")
    assert net.until(lambda: all(any(" 903 " in line for line in client.got) for client in clients), 3)
    net.run(1)
    began = net.now
    assert Newcomer(net, "n1").log_in("ann", "mellon") == [WRONG.format("*")]
    assert net.now - began < 1.3
