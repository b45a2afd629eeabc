"""Joe Armstrong's formula (DESIGN.md section 2)."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring.placement import SPACE, Distance, Ring, arcs, explain, hash32, key_order, owners

THREE = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]

keys = st.one_of(st.integers(0, 2**32 - 1).map(lambda n: str(IPv4Address(n))), st.text(min_size=1, max_size=8))
key_sets = st.frozensets(keys, max_size=12)
distances = st.sampled_from(["absolute", "circular"])
counts_of_points = st.integers(1, 5)


def brute_force(name: str, ring: Ring) -> list[tuple[str, int, int]]:
    """(key, K, distance), nearest first, straight from the definition."""
    j = hash32(name)
    places = []
    for key in ring.keys:
        best = None
        for p in range(ring.points):
            k = hash32(key if p == 0 else f"{key}#{p}")
            d = abs(k - j)
            if ring.distance == "circular":
                d = min(d, SPACE - d)
            best = min(best, (d, k)) if best else (d, k)
        assert best is not None
        places.append((best[0], best[1], key_order(key), key))
    return [(key, k, d) for d, k, _, key in sorted(places)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("127.0.0.1", 3389831382),
        ("127.0.0.2", 2757477982),
        ("127.0.0.3", 2119147761),
        ("#erlang", 1310262970),
        ("#irc", 3747158408),
        ("#go", 2506741686),
        ("#chat", 282181177),
    ],
)
def test_hash_vectors(text: str, number: int) -> None:
    assert hash32(text) == number


@pytest.mark.parametrize(
    ("name", "distance", "master"),
    [
        ("#erlang", "absolute", "127.0.0.3"),
        ("#irc", "absolute", "127.0.0.1"),
        ("#go", "absolute", "127.0.0.2"),
        ("#chat", "absolute", "127.0.0.3"),
        ("#chat", "circular", "127.0.0.1"),
    ],
)
def test_masters_of_the_vectors(name: str, distance: Distance, master: str) -> None:
    assert owners(name, Ring(THREE, distance), 1) == (master,)


def test_explain_shows_the_sum() -> None:
    first = explain("#erlang", Ring(THREE))[0]
    assert first == ("127.0.0.3", 2119147761, 808884791)
    assert first.point - hash32("#erlang") == first.distance


@given(st.text(max_size=12), key_sets, distances, counts_of_points, st.integers(0, 14))
def test_equals_brute_force(name: str, names: frozenset[str], distance: Distance, points: int, count: int) -> None:
    ring = Ring(names, distance, points)
    expected = brute_force(name, ring)
    assert [tuple(place) for place in explain(name, ring)] == expected
    assert owners(name, ring, count) == tuple(key for key, _, _ in expected[:count])


@given(st.text(max_size=12), key_sets, keys, distances, counts_of_points)
def test_a_join_moves_groups_only_to_the_newcomer(
    name: str, names: frozenset[str], new: str, distance: Distance, points: int
) -> None:
    before = owners(name, Ring(names - {new}, distance, points), 20)
    after = owners(name, Ring(names | {new}, distance, points), 20)
    assert [key for key in after if key != new] == list(before)


def test_equal_points_go_to_the_smaller_ip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.placement.hash32", lambda text: 5)
    ring = Ring(["127.0.0.10", "127.0.0.9", "zebra", "::1", "ant"])
    assert owners("#x", ring, 9) == ("127.0.0.9", "127.0.0.10", "::1", "ant", "zebra")


@pytest.mark.parametrize("distance", ["absolute", "circular"])
def test_equal_distances_go_to_the_smaller_k(monkeypatch: pytest.MonkeyPatch, distance: Distance) -> None:
    monkeypatch.setattr("ring.placement.hash32", lambda text: {"low": 10, "high": 20}.get(text, 15))
    assert owners("#x", Ring(["high", "low"], distance), 2) == ("low", "high")


def test_rings_compare_by_value() -> None:
    assert Ring(THREE) == Ring(reversed(THREE))
    assert hash(Ring(THREE)) == hash(Ring(reversed(THREE)))
    assert Ring(THREE) != Ring(THREE, "circular")
    assert Ring(THREE) != Ring(THREE, points=2)
    assert Ring(THREE) != Ring(THREE[:2])
    assert owners("#x", Ring([]), 3) == ()
    with pytest.raises(ValueError, match="at least one point"):
        Ring(THREE, points=0)


@given(key_sets, distances, counts_of_points, st.integers(0, SPACE - 1))
def test_arcs_say_who_masters_every_name(names: frozenset[str], distance: Distance, points: int, j: int) -> None:
    ring = Ring(names, distance, points)
    found = arcs(ring)
    assert sum(arc.end - arc.start + 1 for arc in found) == (SPACE if names else 0)
    borders = [border % SPACE for arc in found for border in (arc.start, arc.end)]
    for at in (j, *borders) if names else ():
        (arc,) = [a for a in found if any(a.start <= at + turn <= a.end for turn in (-SPACE, 0, SPACE))]
        assert arc.key == next(ring.outward(at))[2]


def test_arcs_of_three_nodes() -> None:
    assert arcs(Ring(THREE)) == (
        (0, 2438312871, "127.0.0.3"),
        (2438312872, 3073654682, "127.0.0.2"),
        (3073654683, SPACE - 1, "127.0.0.1"),
    )
