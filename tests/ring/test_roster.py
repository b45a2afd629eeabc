"""Merging what is known of nodes."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.ids import Incarnation
from ring.placement import Ring
from ring.roster import MAX_NODES, NodeRecord, Roster, is_sane

NODE = NodeRecord("127.0.0.1", 5, "n1.example", "127.0.0.1", 7600, "127.0.0.1:6667", "0.1", 1_700_000_000)

records = st.builds(
    lambda key, incarnation, port, leaving: msgspec.structs.replace(
        NODE, key=key, incarnation=incarnation, link_port=port, leaving=leaving
    ),
    st.sampled_from("abc"),
    st.integers(0, 3),
    st.integers(1, 2),
    st.booleans(),
)


def merged(*many: NodeRecord) -> list[NodeRecord]:
    return Roster(many).records()


@given(st.lists(records, max_size=6), st.randoms())
def test_merge_is_the_same_in_any_order_and_grouping(many: list[NodeRecord], random: object) -> None:
    shuffled = many[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(*many) == merged(*shuffled) == merged(*many, *shuffled)
    for cut in range(len(many)):
        assert merged(*merged(*many[:cut]), *merged(*many[cut:])) == merged(*many)


def test_a_newer_incarnation_wins_and_leaving_is_never_taken_back() -> None:
    leaving = msgspec.structs.replace(NODE, leaving=True)
    reborn = msgspec.structs.replace(NODE, incarnation=6)
    roster = Roster([NODE])
    assert not roster.merge(NODE)
    assert roster.merge(leaving)
    assert not roster.merge(NODE)
    assert roster.merge(reborn)
    assert not roster.merge(leaving)
    assert roster.records() == [reborn]
    assert reborn.id == Incarnation("127.0.0.1", 6)


def test_version_counts_changes_and_the_ring_follows() -> None:
    roster = Roster([NODE, msgspec.structs.replace(NODE, key="b")])
    assert roster.version == 2
    ring = roster.ring("absolute", 1)
    assert ring == Ring(["127.0.0.1", "b"])
    assert roster.ring("absolute", 1) is ring
    assert roster.ring("circular", 2) == Ring(["127.0.0.1", "b"], "circular", 2)
    assert roster.merge(msgspec.structs.replace(NODE, leaving=True))
    assert roster.ring("absolute", 1) == Ring(["b"])  # P4
    assert len(roster) == 2


def test_remove_forgets_this_life_but_no_newer_one() -> None:
    roster = Roster([NODE])
    assert not roster.remove(NODE.key, 4)
    assert roster.get(NODE.key) == NODE
    assert roster.remove(NODE.key, 5)
    assert roster.get(NODE.key) is None
    assert not roster.remove(NODE.key, 5)
    assert roster.version == 2


def test_a_full_roster_takes_no_further_node_but_still_updates() -> None:
    roster = Roster(msgspec.structs.replace(NODE, key=f"k{n}") for n in range(MAX_NODES))
    assert not roster.merge(msgspec.structs.replace(NODE, key="one too many"))
    assert roster.merge(msgspec.structs.replace(NODE, key="k7", incarnation=9))
    assert len(roster) == MAX_NODES


@pytest.mark.parametrize(
    "wrong",
    [
        {"ip": "127.0.0.01"},
        {"ip": "::0001"},
        {"ip": "fe80::1%eth0"},
        {"ip": "n1"},
        {"key": ""},
        {"key": "k" * 129},
        {"name": "é" * 65},
        {"irc": "a\r\nQUIT"},
        {"version": "\x00"},
        {"link_port": 0},
        {"link_port": 65536},
        {"incarnation": -1},
        {"incarnation": 2**53},
        {"started": -1},
        {"started": 2**60},
    ],
    ids=str,
)
def test_records_from_outside_are_checked(wrong: dict[str, object]) -> None:
    assert is_sane(NODE)
    assert not is_sane(msgspec.structs.replace(NODE, **wrong))


def test_records_of_all_addresses_are_sane() -> None:
    for ip, port in itertools.product(["10.0.0.1", "2001:db8::7"], [1, 65535]):
        assert is_sane(msgspec.structs.replace(NODE, ip=ip, link_port=port, irc=""))
