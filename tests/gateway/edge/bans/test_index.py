"""The index of bans finds what trying every ban would find."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.bans.index import BanIndex, Facts
from gateway.state.bans.messages import Entry
from tests.gateway.state.cast import CASEMAP


def ban(kind: str, mask: str, until: int = 0, at: int = 1) -> Entry:
    return Entry(kind, mask, at, "op(op)", until, mask)


def test_each_kind_hits_by_facts_of_its_own() -> None:
    index = BanIndex(CASEMAP)
    for entry in (
        ban("dline", "192.0.2.0/24"), ban("kline", "*@2001:db8::/32"), ban("kline", "*joe@*.org"),
        ban("kline", "~account:joe"), ban("xline", "*pills*"), ban("shun", "*@10.0.0.1"), ban("kline", "bob@10.0.0.2"),
    ):  # fmt: skip
        assert index.put(entry) and not index.put(entry)
    hits = {
        "192.0.2.0/24": Facts(address="192.0.2.9"),
        "*@2001:db8::/32": Facts("x", "2001:db8:1::5", ("2001:db8:1::5",)),
        "*joe@*.org": Facts("~JOE", "10.0.0.9", ("x.Org",)),
        "~account:joe": Facts("x", "10.0.0.9", account="joe"),
        "*pills*": Facts("x", "10.0.0.9", real="Buy PILLS now"),
        "bob@10.0.0.2": Facts("Bob", "10.0.0.2"),
    }
    for mask, facts in hits.items():
        found = index.find(facts, 5)
        assert found is not None and found.mask == mask
    for facts in (Facts(), Facts("x", "10.0.0.1", ("10.0.0.1",)), Facts("rob", "10.0.0.2"), Facts("x", "2001:db9::")):
        assert index.find(facts, 5) is None
    assert index.shun(Facts("x", "10.0.0.1"), 5) and not index.shun(Facts("x", "10.0.0.2"), 5)


def test_an_address_is_refused_by_bans_of_everybody_from_there() -> None:
    index = BanIndex(CASEMAP, [ban("dline", "192.0.2.0/24"), ban("kline", "*@10.0.0.1"), ban("kline", "joe@10.0.0.2")])
    assert index.of_address("192.0.2.1", 5) and index.of_address("10.0.0.1", 5)
    assert index.of_address("::ffff:192.0.2.1", 5)
    for address in ("10.0.0.2", "192.0.3.1", "", "unknown", "2001:db8::1"):
        assert index.of_address(address, 5) is None


def test_lifted_changed_and_expired_bans_do_not_hit() -> None:
    index = BanIndex(CASEMAP, [ban("kline", "*@10.0.0.1", until=10), ban("xline", "x"), ban("kline", "~account:a")])
    assert index.of_address("10.0.0.1", 9) and not index.of_address("10.0.0.1", 10)
    assert index.put(Entry("xline", "x", 2, "op", is_lifted=True))
    assert not index.put(Entry("xline", "x", 2, "op", is_lifted=True))
    assert index.find(Facts(real="x"), 5) is None
    index.drop_expired(11)
    assert len(index) == 1 and index.has(["kline"]) and not index.has(["xline", "shun"])
    assert index.put(ban("kline", "*@10.0.0.1", at=3)) and index.of_address("10.0.0.1", 99)


networks = st.builds(
    lambda number, length: str(ip_network((number, length), strict=False)), st.integers(0, 255), st.integers(20, 32)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(networks, max_size=8), st.lists(networks, max_size=4), st.integers(0, 300))
def test_networks_are_found_as_by_trying_each(added: list[str], lifted: list[str], number: int) -> None:
    index = BanIndex(CASEMAP, [ban("dline", one) for one in added])
    for one in lifted:
        index.put(Entry("dline", one, 2, "op", is_lifted=True))
    address = ip_address(number)
    expected = any(address in ip_network(one) for one in {*added} - {*lifted})
    assert (index.of_address(str(address), 5) is not None) == expected
