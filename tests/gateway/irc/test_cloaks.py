"""Cloaks of addresses, and masks for the cloaks of a network."""

from __future__ import annotations

import pytest

from gateway.irc.addresses import read_network
from gateway.irc.casemapping import Casemap
from gateway.irc.cloaks import cloaked, fingerprint, is_own_form
from gateway.irc.masks import match_source

KEY, OTHER = b"k" * 32, b"o" * 32
FOLD = Casemap("rfc1459")


def test_a_cloak_depends_on_the_address_and_on_the_key() -> None:
    made = cloaked(KEY, "203.0.113.7")
    assert made == cloaked(KEY, "203.0.113.7") == cloaked(KEY, "::ffff:203.0.113.7")
    assert made not in (cloaked(KEY, "203.0.113.8"), cloaked(OTHER, "203.0.113.7"))
    assert [len(part) for part in made.split(".")] == [8, 8, 2]
    assert [len(part) for part in cloaked(KEY, "2001:db8::7").split(".")] == [8, 8, 8, 2]


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.0/24", "203.0.113.200", "203.0.114.200"),
        ("2001:db8:1:2::/64", "2001:db8:1:2:3::4", "2001:db8:1:3::4"),
        ("2001:db8:1::/48", "2001:db8:1:ffff::4", "2001:db8:2::4"),
        ("203.0.113.7/32", "203.0.113.7", "203.0.113.8"),
    ],
)
def test_the_mask_of_a_network_fits_the_cloaks_of_its_addresses(network: str, inside: str, outside: str) -> None:
    mask = f"*!*@{cloaked(KEY, network)}"
    assert match_source(mask, f"a!b@{cloaked(KEY, inside)}", FOLD)
    assert not match_source(mask, f"a!b@{cloaked(KEY, outside)}", FOLD)
    assert not match_source(mask, f"a!b@{cloaked(OTHER, inside)}", FOLD)


@pytest.mark.parametrize("network", ["203.0.0.0/16", "203.0.113.0/25", "2001:db8::/32", "::/65"])
def test_other_networks_have_no_mask(network: str) -> None:
    assert cloaked(KEY, network) == ""


@pytest.mark.parametrize("text", ["unknown", "", "/run/socket", "\udcff", "203.0.113", "x" * 500])
def test_other_text_has_a_cloak(text: str) -> None:
    made = cloaked(KEY, text)
    assert len(made) == 11 and is_own_form(made)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7", "::1"])
def test_no_cloak_reads_as_an_address(address: str) -> None:
    made = cloaked(KEY, address)
    assert read_network(made) is None and address not in made
    assert is_own_form(made) and is_own_form("joe.ACCOUNT") and is_own_form(address)
    assert not is_own_form("joe.example") and not is_own_form("ip.example")


def test_a_fingerprint_tells_keys_apart() -> None:
    assert fingerprint(KEY) == fingerprint(KEY) != fingerprint(OTHER)
    assert len(fingerprint(KEY)) == 16
