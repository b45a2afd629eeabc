"""The limits on connections, and the line for a refused client. tests/gateway/io/test_admission.py has the sockets."""

from __future__ import annotations

from typing import get_args

import pytest

from gateway.edge.client.admission import REFUSED, Banned, farewell, limits_of
from gateway.irc.message import parse
from ring.links.admission import Limits, Refusal
from tests.settings import edge_settings, edge_with

SETTINGS = edge_settings(per_address=5, total=100, connects_per_minute=30, ipv6_prefix=56)


def test_the_limits_are_those_of_the_settings() -> None:
    assert limits_of(SETTINGS) == Limits(5, 100, 0.5, 30, 56)


def test_without_a_limit_for_an_address_the_rate_has_no_limit_either() -> None:
    assert limits_of(edge_with(SETTINGS, per_address=0)) == Limits(0, 100, 0.0, 0, 56)


@pytest.mark.parametrize("why", get_args(Refusal))
def test_each_refusal_is_one_line_with_the_reason(why: Refusal) -> None:
    data = farewell(why, "10.0.0.1")
    message = parse(data[:-2])
    assert message is not None and message.command == "ERROR"
    assert message.params == [f"Closing Link: 10.0.0.1 ({REFUSED[why]})"]
    assert data.count(b"\n") == 1 and len(data) < 512


@pytest.mark.parametrize(("address", "shown"), [("::1", "0::1"), ("", "unknown"), ("2001:db8::1", "2001:db8::1")])
def test_no_address_is_taken_for_the_rest_of_the_line(address: str, shown: str) -> None:
    assert farewell("total", address).startswith(f"ERROR :Closing Link: {shown} (".encode())


def test_a_banned_address_reads_the_ban() -> None:
    assert farewell(Banned("D-lined: spam"), "10.0.0.1") == b"ERROR :Closing Link: 10.0.0.1 (D-lined: spam)\r\n"
