"""Every byte that a client can send gets a clear answer, loses nothing, and disturbs nobody."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.commands.table import COMMANDS
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net

CAPS = "message-tags labeled-response batch echo-message"


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        (b"\r\n\r\n\n\r\n", []),
        (b"   \r\n", []),
        (b"@a=b\r\n", []),
        (b"@a=b \r\n", []),
        (b":source\r\n", []),
        (b":source \r\n", []),
        (b"PING \x00x\r\n", ["421 ann * :A line must not contain NUL"]),
        (b"\xff\xfe\xfd\r\n", ["421 ann \ufffd\ufffd\ufffd :Unknown command"]),
        (b"NOSUCH a b c\r\n", ["421 ann NOSUCH :Unknown command"]),
        (b"x" * 64 + b"y" * 100 + b"\r\n", ["421 ann " + "X" * 64 + " :Unknown command"]),
        (b"PRIVMSG #c :" + b"x" * 600 + b"\r\n", ["417 ann :Input line was too long"]),
        (b"x" * 100_000 + b"\r\n", ["417 ann :Input line was too long"]),
        (b"@" + b"t" * 9000 + b" PING x\r\n", ["417 ann :Input line was too long"]),
        (b"@" + b"t" * 4000 + b" VERSION other\r\n", ["402 ann other :No such server"]),
        (b"privmsg\r\n", ["411 ann :No recipient given (PRIVMSG)"]),
        (b"NICK \xff\xfe\r\n", None),
        (b"JOIN #\xff\xfe\r\n", None),
        (b"TOPIC #c :\xff\xfe\r\n", None),
        (b"JOIN " + b"#" * 400 + b"\r\n", None),
        (b"MODE #c +" + b"b" * 400 + b"\r\n", None),
        (b"PRIVMSG " + b"a," * 240 + b" :x\r\n", None),
        (b"WHOIS " + b"a," * 240 + b"\r\n", None),
        (b"KICK #c " + b"a," * 240 + b"\r\n", None),
    ],
)
def test_odd_lines(net: Net, data: bytes, answers: list[str] | None) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.send_bytes(data)
    server = ":irc.circlet.local "
    got = [line.removeprefix(server) for line in ann.sync()]
    assert got == answers if answers is not None else got
    assert ann.closed is None
    bob.sync()
    assert bob.ask("PING x") == ["PONG irc.circlet.local x"]


def test_an_endless_line_takes_no_memory(net: Net) -> None:
    (ann,) = people(net, "ann")
    for _ in range(1000):
        ann.send_bytes(b"x" * 10_000)
    assert len(ann.connection.socket.splitter._rest) < 10_000
    ann.send_bytes(b"\r\n")
    assert [line.split()[1] for line in ann.sync()] == ["417"]


def test_a_line_in_single_bytes(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    for byte in b"PRIVMSG #c :slowly\r\n":
        ann.send_bytes(bytes((byte,)))
    ann.sync()
    bob.sync()
    assert bob.heard("#c") == ["slowly"]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"QUIT"}))
def test_every_command_with_too_few_too_many_and_odd_parameters(name: str) -> None:
    """None ends in an exception, and none disturbs another."""
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#c", caps=CAPS)
    odd = [
        "",
        ":",
        "*",
        "#",
        "#c",
        "bob",
        ",",
        ",,,",
        "0",
        "-1",
        "+",
        "-",
        "\x01",
        "\u2603",
        "\udcff",
        "a" * 300,
        "%",
        "$*",
    ]
    for first in odd:
        ann.send(f"{name} {first}", f"@+a=\udcff;label=\udcff {name} {first} :x")
        for second in odd[2:]:
            ann.send(f"{name} {first} {second}", f"{name} {first} {second} :{second}")
    ann.send(name, name + " x" * 50, f"{name} :", f"{name} " + ",".join(["#c"] * 100))
    assert ann.closed is None
    ann.sync()
    assert bob.sync() is not None


ODD = [
    "@label=\\xff",
    "#c",
    "#d",
    "bob",
    "ann",
    "+o",
    "-v",
    "b",
    "*",
    "0",
    ",",
    ":",
    " ",
    " :",
    "@a=b",
    "@+a=\xff",
    "é",
]
ALPHABET = st.sampled_from([*sorted(COMMANDS.keys() - {"QUIT", "DIE"}), *ODD])
WORDS = st.lists(ALPHABET, max_size=8).map(" ".join).map(lambda text: text.encode())
LINES = st.lists(st.one_of(WORDS, st.binary(max_size=60)), max_size=20)


@settings(max_examples=150)
@given(LINES, st.integers(0, 2**32))
def test_whatever_comes_the_next_ping_is_answered(lines: list[bytes], seed: int) -> None:
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#c", caps=CAPS)
    data = b"\r\n".join(lines).replace(b"QUIT", b"quiz") + b"\r\n"
    chance = random.Random(seed)
    while data:
        size = chance.randint(1, 80)
        ann.send_bytes(data[:size])
        data = data[size:]
    if ann.closed is None:
        ann.sync()
    bob.sync()
    assert bob.closed is None
