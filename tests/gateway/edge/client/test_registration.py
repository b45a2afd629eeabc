"""From a connection to a user: which words are needed, in which order, and what goes wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.client.registration import base36, new_uid
from gateway.irc.names import is_nick, is_valid_nick
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net


def newcomer(net: Net, *lines: str) -> Newcomer:
    made = Newcomer(net, "n1", caps="")
    made.send(*lines)
    return made


@given(st.integers(1, 10**12))
def test_numbers_are_written_with_36_digits(number: int) -> None:
    assert int(base36(number), 36) == number


def test_zero_has_a_digit() -> None:
    assert base36(0) == "0"


def test_no_two_ids_of_a_node_are_the_same_and_none_is_a_nick_that_somebody_can_claim() -> None:
    edge = network(1).nodes["n1"].core.edge
    uids = [new_uid(edge) for _ in range(50)]
    assert len({*uids}) == 50
    assert all(re.fullmatch(r"0[0-9a-z]+-[0-9a-z]+-[0-9a-z]+", uid) for uid in uids)
    assert not any(is_valid_nick(uid, 30) for uid in uids) and all(is_nick(uid, 30) for uid in uids)


@pytest.mark.parametrize(
    "lines",
    [
        ("NICK ann", "USER a 0 * :Ann"),
        ("USER a 0 * :Ann", "NICK ann"),
        ("CAP LS 302", "NICK ann", "USER a 0 * :Ann", "CAP END"),
        ("NICK bob", "NICK ann", "USER a 0 * :Ann"),
        ("NICK 2bad", "USER a 0 * :Ann", "NICK ann"),
    ],
)
def test_nick_and_user_and_the_end_of_negotiation_make_a_user(lines: tuple[str, ...]) -> None:
    heard = newcomer(network(1), *lines).hear(" 001 ", "001 ")
    assert heard[-1].startswith("221 ann ") and any(line.startswith("001 ann ") for line in heard)


@pytest.mark.parametrize(
    "lines",
    [
        ("NICK ann",),
        ("USER a 0 * :Ann",),
        ("CAP LS 302", "NICK ann", "USER a 0 * :Ann"),
        ("CAP REQ :batch", "NICK ann"),
    ],
)
def test_without_one_of_these_nobody_is_a_user(lines: tuple[str, ...]) -> None:
    net = network(1)
    made = newcomer(net, *lines)
    net.run(2)
    assert not [line for line in made.got if " 001 " in line] and made.connection.user is None


def test_a_nick_in_use_is_refused_and_another_nick_is_taken() -> None:
    net = network(1)
    people(net, "ann")
    made = newcomer(net, "NICK ANN", "USER a 0 * :Ann")
    assert made.hear("433 ")[-1] == "433 * ANN :Nickname is already in use"
    made.send("NICK bea")
    assert any(line.startswith("001 bea ") for line in made.hear("001 "))


def test_a_wrong_password_of_the_network_ends_the_connection() -> None:
    net = network(1, server_password_hash="sesame")
    made = newcomer(net, "PASS guess", "NICK ann", "USER a 0 * :Ann")
    heard = made.hear("ERROR ")
    assert "464 * :Password incorrect" in heard
    assert made.closed is not None
    right = newcomer(net, "PASS sesame", "NICK ann", "USER a 0 * :Ann")
    assert right.hear("001 ")


def test_a_password_that_cannot_be_checked_now_is_no_wrong_password() -> None:
    net = network(1, server_password_hash="sesame")
    net.nodes["n1"].core.edge.outside.check_password = lambda wanted, given, done: done(None)
    heard = newcomer(net, "PASS sesame", "NICK ann", "USER a 0 * :Ann").hear("ERROR ")
    assert any("The password cannot be checked now: try again later" in line for line in heard)
