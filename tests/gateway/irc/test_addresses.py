"""Addresses in masks: spellings, networks, and texts that are neither."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.addresses import is_host_mask, is_within, read_network


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("0::1", "::1/128"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ],
)
def test_every_spelling_is_the_same_network(text: str, network: str) -> None:
    assert str(read_network(text)) == network


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "joe.example",
        "10.0.0.256",
        "10.0.0.1/33",
        "10.0.0.1/",
        "::1/129",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1 ",
        ":",
    ],
)
def test_other_texts_are_no_network(text: str) -> None:
    assert read_network(text) is None


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_an_address_is_within_each_of_its_own_networks_in_both_spellings(address: IPv4Address, bits: int) -> None:
    network = read_network(f"{address}/{bits}")
    assert network is not None
    assert is_within(str(address), network)
    assert is_within(f"::ffff:{address}", network)


@given(st.ip_addresses(v=6), st.ip_addresses(v=4))
def test_families_do_not_mix(six: IPv6Address, four: IPv4Address) -> None:
    everything = read_network("::/0")
    assert everything is not None
    assert not is_within(str(four), everything)
    if six.ipv4_mapped is None:
        assert is_within(str(six), everything)


def test_a_host_name_is_within_no_network() -> None:
    everything = read_network("0.0.0.0/0")
    assert everything is not None
    assert not is_within("joe.example", everything)


@pytest.mark.parametrize("text", ["*", "*.example", "10.0.0.0/8", "10.0.*", "2001:db8:*", "*:1", "::1", "joe", "?:*"])
def test_masks_that_a_host_may_fit(text: str) -> None:
    assert is_host_mask(text)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.*/8", "a:*", "~a:joe", "::g", "1:2"])
def test_masks_that_no_host_fits(text: str) -> None:
    assert not is_host_mask(text)


@given(st.text(st.sampled_from("0123456789abf:.*?/"), max_size=24))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_host_mask(text) in (True, False)
    network = read_network(text)
    assert network is None or read_network(str(network)) == network
