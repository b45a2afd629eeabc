"""Masks of bans are kept in a single spelling, and a mask that means nobody is no mask."""

from __future__ import annotations

import pytest

from gateway.edge.bans.masks import network_of, read_mask, shown
from tests.gateway.state.cast import CASEMAP


@pytest.mark.parametrize(
    ("kind", "typed", "mask"),
    [
        ("kline", "*@192.0.2.7/24", "*@192.0.2.0/24"),
        ("kline", "192.0.2.7", "*@192.0.2.7"),
        ("kline", "*!Joe@2001:DB8::0/32", "joe@2001:db8::/32"),
        ("kline", "*.Example.org", "*@*.example.org"),
        ("kline", "@x.org", "*@x.org"),
        ("kline", "*@::ffff:192.0.2.7", "*@192.0.2.7"),
        ("shun", "$a:Joe", "~account:joe"),
        ("shun", "~a:Joe[x]", "~account:joe{x}"),
        ("dline", "192.0.2.7/32", "192.0.2.7"),
        ("dline", "::1/0", "::/0"),
        ("xline", r"*Buy\sthis*", "*buy this*"),
    ],
)
def test_a_mask_has_one_spelling(kind: str, typed: str, mask: str) -> None:
    assert read_mask(kind, typed, CASEMAP) == mask
    assert read_mask(kind, shown(kind, mask), CASEMAP) == mask


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("kline", ""), ("kline", "joe"), ("kline", "joe!x@y"), ("kline", "*@192.0.2.0/33"), ("kline", "~account:"),
        ("kline", "~q:*@*"), ("kline", "a b@c"), ("shun", "$a:a?"), ("dline", "*@192.0.2.7"), ("dline", "192.0.2"),
        ("dline", "example.org"), ("dline", "192.0.2.*"), ("xline", ""), ("xline", "x" * 201),
    ],
)  # fmt: skip
def test_other_text_is_no_mask(kind: str, typed: str) -> None:
    assert read_mask(kind, typed, CASEMAP) is None


def test_the_network_of_a_ban_of_all_users_is_known() -> None:
    assert str(network_of("dline", "192.0.2.0/24")) == str(network_of("kline", "*@192.0.2.0/24")) == "192.0.2.0/24"
    for kind, mask in (("kline", "joe@192.0.2.0/24"), ("shun", "*@192.0.2.7"), ("kline", "*@*.org"), ("xline", "x")):
        assert network_of(kind, mask) is None
