"""The registration of a channel in two states that merge (P26): who keeps the channel, and whose access counts."""

from __future__ import annotations

from typing import Any

from gateway.state.channel.registration import FLAGS, Access, Holder, Registration, Registry, merge_registries, ranks_of

ANN = Holder("l1", "ann", 5)


def registration(name: str = "r1", at: int = 5, founder: Holder = ANN, **access: Access) -> Registration:
    return Registration(name, at, founder, access=access)


def merged(*sides: Registry) -> Registry:
    found = sides[0]
    for side in sides[1:]:
        found = merge_registries(found, side)
    return found


def kept(*found: Registration, dropped: int = 0) -> Registry:
    return Registry(found, dropped, min(one.key for one in found) if found else (0, ""))


def access(flags: str, at: int) -> Access:
    return Access(flags, "bob", "ann", at)


def test_of_two_registrations_the_older_is_the_channels() -> None:
    ours, theirs = registration("r1", 5), registration("r2", 7, Holder("l9", "zoe", 7))
    for both in (merged(kept(ours), kept(theirs)), merged(kept(theirs), kept(ours))):
        assert both.kept[0] == ours
        assert both.base == ours.key


def test_a_drop_ends_all_registrations_before_it_in_whatever_order_sides_meet() -> None:
    first, second, drop = kept(registration("r1", 5)), kept(registration("r2", 7)), Registry((), 6, (5, "r1"))
    one, other = merged(merged(first, second), drop), merged(merged(second, drop), first)
    assert one == other
    assert [found.id for found in one.kept] == ["r2"]


def test_the_last_writer_of_an_access_counts_and_what_was_removed_stays_so() -> None:
    granted, removed = registration(l2=access("O", 6)), registration(l2=access("", 8))
    assert merged(kept(granted), kept(removed)).kept[0].flags("l2") == ""
    again = registration(l2=access("V", 9))
    assert merged(kept(granted), kept(removed), kept(again)).kept[0].flags("l2") == "V"
    assert removed.present == {}


def test_each_part_has_its_own_last_writer() -> None:
    ours: Any = registration(founder=Holder("l2", "bob", 9), l3=access("O", 6))
    theirs = Registration("r1", 5, ANN, Holder("l4", "dan", 8), {"l5": access("V", 7)})
    both = merged(kept(ours), kept(theirs)).kept[0]
    assert (both.founder.life, both.successor.life, sorted(both.access)) == ("l2", "l4", ["l3", "l5"])


def test_flags_give_ranks_on_entering() -> None:
    found = registration(l2=access("Pv", 6))
    assert (found.ranks("l1"), found.ranks("l2"), found.ranks("l3"), found.ranks("")) == ("qo", "ao", "", "")
    assert (ranks_of("O"), ranks_of("HV"), ranks_of("ohv")) == ("o", "hv", "")
    assert found.flags("l1") == FLAGS
