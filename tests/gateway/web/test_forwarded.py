"""The client's address behind reverse proxies, and strangers who forge headers."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.forwarded import client_of

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8:aaaa::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.2.2.2, 10.3.3.3"], "203.0.113.9"),
        ("10.0.0.1", ["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
        ("10.0.0.1", ["203.0.113.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, <script>, 10.2.2.2"], "10.2.2.2"),
        ("10.0.0.1", [" , ,203.0.113.9, "], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["2001:DB8:0::7"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("2001:db8:aaaa::1", ["203.0.113.9"], "203.0.113.9"),
        ("2001:db8:bbbb::1", ["203.0.113.9"], "2001:db8:bbbb::1"),
        ("203.0.113.1", ["203.0.113.9"], "203.0.113.1"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_the_first_address_from_the_right_that_is_no_proxys(peer: str, forwarded: list[str], address: str) -> None:
    assert client_of(peer, False, forwarded, [], TRUSTED).address == address


@pytest.mark.parametrize(
    ("peer", "secure", "protocols", "found"),
    [
        ("10.0.0.1", False, ["https"], True),
        ("10.0.0.1", False, ["HTTPS"], True),
        ("10.0.0.1", False, ["https, http"], False),
        ("10.0.0.1", True, ["http"], False),
        ("10.0.0.1", True, [], True),
        ("203.0.113.1", False, ["https"], False),
        ("203.0.113.1", True, ["http"], True),
    ],
)
def test_only_a_trusted_proxy_says_whether_there_is_tls(
    peer: str, secure: bool, protocols: list[str], found: bool
) -> None:
    assert client_of(peer, secure, [], protocols, TRUSTED).secure is found


@given(st.lists(st.text(max_size=60), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_a_stranger_keeps_its_own_address_whatever_it_says(forwarded: list[str], protocols: list[str]) -> None:
    assert client_of("203.0.113.1", False, forwarded, protocols, TRUSTED) == ("203.0.113.1", False)


@given(st.lists(st.text(max_size=60), max_size=4))
def test_what_a_client_writes_stands_left_of_what_its_proxy_writes(written: list[str]) -> None:
    forwarded = [*written, "203.0.113.9"]
    assert client_of("10.0.0.1", False, forwarded, [], TRUSTED).address == "203.0.113.9"
