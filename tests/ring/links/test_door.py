"""Who may knock at the link port."""

from __future__ import annotations

from ring.links.admission import Ticket
from ring.links.door import ADMIN_CLIENTS, MEMBERS, STRANGERS, Door
from tests.ring.links.test_link import record


def test_one_silent_address_takes_few_places_and_none_of_a_peer() -> None:
    door = Door()
    door.meet([record(1), record(2)])
    answers = [door.admit("192.0.2.1", 0.0) for _ in range(1000)]
    assert sum(isinstance(answer, Ticket) for answer in answers) == STRANGERS.per_source
    assert isinstance(door.admit("127.0.0.1", 0.0), Ticket)
    assert isinstance(door.admit("192.0.2.2", 0.0), Ticket)


def test_many_silent_addresses_take_no_place_of_a_peer() -> None:
    door = Door()
    door.meet([record(1), record(2)])
    for n in range(1000):
        door.admit(f"10.0.{n >> 8}.{n & 255}", 0.0)
    assert door.admit("192.0.2.2", 0.0) == "total"
    peers = [door.admit("127.0.0.1", 0.0) for _ in range(MEMBERS.per_source + 1)]
    assert [isinstance(answer, Ticket) for answer in peers] == [True] * MEMBERS.per_source + [False]
    assert isinstance(door.admit("127.0.0.2", 0.0), Ticket)


def test_a_node_that_the_roster_learns_is_no_stranger_any_more() -> None:
    door = Door()
    while isinstance(door.admit("127.0.0.1", 0.0), Ticket):
        pass
    door.meet([record(1)])
    assert isinstance(door.admit("127.0.0.1", 0.0), Ticket)
    door.meet([record(2)])
    assert not isinstance(door.admit("127.0.0.1", 0.0), Ticket)


def test_ipv6_addresses_count_by_network() -> None:
    door = Door()
    door.meet([record(3, ip="2001:db8:1::1")])
    answers = [door.admit(f"2001:db8::{n:x}", 0.0) for n in range(100)]
    assert sum(isinstance(answer, Ticket) for answer in answers) == STRANGERS.per_source
    assert isinstance(door.admit("2001:db8:1::99", 0.0), Ticket)


def test_refusals_are_reported_once_a_minute() -> None:
    door = Door()
    door.meet([record(1)])
    for tick in range(600):
        for _ in range(3):
            door.admit("192.0.2.1", tick / 10)
            door.admit("127.0.0.1", tick / 10)
        lines = [line for line in (door.reports(tick / 10)) if tick > 400]
        assert not lines
    later = door.reports(120.0)
    assert [report.most for report in later] == ["192.0.2.1", "127.0.0.1"]


def test_admin_clients_are_bounded() -> None:
    door = Door()
    assert door.refuse_admin_client(ADMIN_CLIENTS - 1) is None
    assert "try again later" in (door.refuse_admin_client(ADMIN_CLIENTS) or "")
