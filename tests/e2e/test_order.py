"""Order and settling with real processes on three nodes: each input many times, as races show only then."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.e2e.network import Client, Network

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

TRIES = 40


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    net = Network(tmp_path_factory.mktemp("order") / "net", hasty=True)
    try:
        yield net
    finally:
        net.stop()


def since(lines: list[str], *words: str) -> list[str]:
    """Which of the words the lines have, in their order."""
    found = (next((word for word in words if word in line), "") for line in lines)
    return [word for word in found if word]


def test_answers_keep_the_order_of_commands(network: Network) -> None:
    ann, keeper = network.client(1, "ann"), network.client(3, "keeper")
    keeper.send("JOIN #a,#b,#k")
    keeper.sync()
    for number in range(TRIES):
        mark = len(ann.got)
        ann.send("JOIN #a,#b", f"MODE #nope{number}", "MODE nope", "WHOIS keeper")
        ann.sync()
        want = ["JOIN #a", "JOIN #b", f" 403 ann #nope{number} ", " 502 ", " 318 "]
        assert since(ann.got[mark:], *want) == want, number
        ann.send("PART #a,#b")
        ann.sync()
    for _ in range(TRIES):
        other = network.client(2, "bob")
        mark = len(other.got)
        other.send("JOIN #k", "WHOIS ann", "QUIT")
        other.expect("^ERROR ")
        assert since(other.got[mark:], "JOIN #k", " 318 ", "ERROR") == ["JOIN #k", " 318 ", "ERROR"]
        other.close()


def test_others_see_profiles_and_words_in_order(network: Network) -> None:
    ann = network.client(1, "dan")
    bob = network.client(3, "eve", "away-notify setname")
    for client in (ann, bob):
        client.send("JOIN #d,#e")
        client.sync()
    for number in range(TRIES):
        mark = len(bob.got)
        ann.send(f"AWAY :x{number}", f"SETNAME :y{number}", f"PRIVMSG #d :hi {number}")
        ann.sync()
        bob.sync()
        want = [f" AWAY x{number}", f" SETNAME y{number}", f" PRIVMSG #d :hi {number}"]
        assert since([line.replace(" :x", " x").replace(" :y", " y") for line in bob.got[mark:]], *want) == want


def test_quit_is_settled_and_its_nick_is_free(network: Network) -> None:
    bob, cat = network.client(2, "gil"), network.client(3, "cat")
    for client in (bob, cat):
        client.send("JOIN #c", "MONITOR + han")
        client.sync()
    for number in range(TRIES):
        ann = network.client(1, "han")
        ann.send("JOIN #c")
        ann.sync()
        marks = len(bob.got), len(cat.got)
        ann.send("QUIT :bye")
        ann.expect("^ERROR ")
        for client, mark in zip((bob, cat), marks, strict=True):  # a line that was sent is read before this answer
            client.send("ISON nobody")
            client.expect(" 303 ")
            assert since(client.got[mark:], " QUIT ", " 731 ", " 303 ")[-1] == " 303 "
            assert {" QUIT ", " 731 "} <= set(since(client.got[mark:], " QUIT ", " 731 ")), number
        ann.close()


def test_who_reads_that_a_nick_is_given_up_takes_it(network: Network) -> None:
    bob = network.client(2, "ida")
    bob.send("JOIN #c")
    bob.sync()
    for number in range(TRIES):
        ann = network.client(1, "jan")
        ann.send("JOIN #c")
        ann.sync()
        ann.send("QUIT" if number % 2 else "NICK other")
        bob.expect(" QUIT " if number % 2 else " NICK :?other")
        bob.send("NICK jan")
        assert " NICK " in bob.expect("^:ida!.* NICK | 433 "), number
        bob.send("NICK ida")
        bob.expect("^:jan!.* NICK ")
        if not number % 2:
            ann.send("QUIT")
            bob.expect("^:other!.* QUIT ")
        ann.close()


def test_a_script_that_ends_its_input_is_heard(network: Network) -> None:
    """printf 'NICK..USER..JOIN..PRIVMSG..' | nc -N, by whatever has a half-closed socket."""
    bob = network.client(3, "fay")
    bob.send("JOIN #c")
    bob.sync()
    for number in range(5):
        said = [f"PRIVMSG #c :{number}-{line}" for line in range(30)]
        script = Client("127.0.0.1", network.port, f"script{number}", registers=False)
        script.send(f"NICK script{number}", "USER s 0 * :s", "JOIN #c", *said)
        script.socket.shutdown(socket.SHUT_WR)
        script.expect(" 366 ")
        script.expect(r"^ERROR .*\(Connection closed\)$")
        bob.sync()
        assert [text for text in bob.heard("#c") if text.startswith(f"{number}-")] == [
            f"{number}-{line}" for line in range(30)
        ]


def test_what_is_said_right_after_the_login_is_kept_for_who_is_away(network: Network) -> None:
    for nick in ("kim", "lee"):
        first = network.client(1, nick)
        first.send("REGISTER * * :correct horse")
        first.expect("REGISTER SUCCESS")
        if nick == "lee":
            first.send("NS SET ALWAYS-ON on")
            first.expect("ALWAYS-ON is on")
        first.send("QUIT")
        first.expect("^ERROR ")
        first.close()
    for number in range(15):
        kim = logged_in(network, number % 3 + 1, "kim")
        kim.sync()
        kim.send(f"PRIVMSG lee :word {number}")
        kim.sync()
        kim.send("QUIT")
        kim.expect("^ERROR ")
        kim.close()
    lee = logged_in(network, 2, "lee")
    for number in range(15):
        lee.expect(f"PRIVMSG lee :word {number}$")


def logged_in(network: Network, node: int, nick: str) -> Client:
    client = Client(f"127.0.0.{node}", network.port, nick, "sasl", registers=False)
    client.send("AUTHENTICATE PLAIN")
    client.expect(r"^AUTHENTICATE \+")
    proof = b64encode(f"{nick}\0{nick}\0correct horse".encode()).decode()
    client.send(f"AUTHENTICATE {proof}")
    client.expect(" 903 ")
    client.send("CAP END", f"NICK {nick}", f"USER {nick} 0 * :{nick}")
    client.expect(" 221 ")
    return client
