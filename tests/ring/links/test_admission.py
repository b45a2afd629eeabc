"""Which new connections a port takes, and what is logged of the others."""

from __future__ import annotations

import pytest

from ring.durations import REFUSED_LOG_EVERY_S
from ring.links.admission import NAMED, SOURCES, Admission, Limits, Ticket, source_of


@pytest.mark.parametrize(
    ("address", "prefix6", "source"),
    [
        ("192.0.2.7", 64, "192.0.2.7"),
        ("::ffff:192.0.2.7", 64, "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", 64, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", 48, "2001:db8:1::/48"),
        ("2001:db8::5", 128, "2001:db8::5"),
        ("fe80::1%eth0", 64, "fe80::/64"),
        ("::1", 64, "::/64"),
        ("", 64, ""),
        ("/run/circlet.sock", 64, "/run/circlet.sock"),
    ],
)
def test_a_source_is_an_ipv4_address_or_an_ipv6_network(address: str, prefix6: int, source: str) -> None:
    assert source_of(address, prefix6) == source


def test_open_connections_of_one_source_are_limited_and_come_back_when_released() -> None:
    admission = Admission(Limits(per_source=2))
    first, second = admission.admit("10.0.0.1", 0.0), admission.admit("10.0.0.1", 0.0)
    assert isinstance(first, Ticket) and isinstance(second, Ticket)
    assert admission.admit("10.0.0.1", 0.0) == "per_source"
    assert isinstance(admission.admit("10.0.0.2", 0.0), Ticket)
    first.release()
    first.release()
    assert admission.total == 2 and admission.open["10.0.0.1"] == 1
    assert isinstance(admission.admit("10.0.0.1", 0.0), Ticket)
    assert admission.admit("10.0.0.1", 0.0) == "per_source"


def test_addresses_of_one_ipv6_network_are_one_source() -> None:
    admission = Admission(Limits(per_source=3))
    answers = [admission.admit(f"2001:db8::{n:x}", 0.0) for n in range(5)]
    assert answers[3:] == ["per_source", "per_source"]
    assert isinstance(admission.admit("2001:db8:0:1::1", 0.0), Ticket)


def test_all_together_are_limited() -> None:
    admission = Admission(Limits(total=10))
    tickets = [admission.admit(f"10.0.0.{n}", 0.0) for n in range(12)]
    assert tickets[10:] == ["total", "total"]
    for ticket in tickets[:10]:
        assert isinstance(ticket, Ticket)
        ticket.release()
    assert admission.total == 0 and not admission.open


def test_new_connections_of_one_source_come_at_a_rate() -> None:
    admission = Admission(Limits(rate=2.0, burst=5))
    let_in = [isinstance(admission.admit("10.0.0.1", 0.0), Ticket) for _ in range(8)]
    assert let_in == [True] * 5 + [False] * 3
    assert isinstance(admission.admit("10.0.0.2", 0.0), Ticket)
    assert admission.admit("10.0.0.1", 0.4) == "rate"
    assert isinstance(admission.admit("10.0.0.1", 0.5), Ticket)
    assert sum(isinstance(admission.admit("10.0.0.1", 100.0), Ticket) for _ in range(20)) == 5


def test_no_limit_takes_everything_and_keeps_no_rates() -> None:
    admission = Admission(Limits())
    assert all(isinstance(admission.admit("10.0.0.1", 0.0), Ticket) for _ in range(1000))
    assert not admission._rates and admission.report(0.0) is None


def test_a_flood_is_one_report_a_minute_with_its_number() -> None:
    admission = Admission(Limits(rate=1.0, burst=1))
    reports = []
    for step in range(int(2.5 * REFUSED_LOG_EVERY_S * 10)):
        now = step / 10
        admission.admit("10.0.0.1", now)
        admission.admit("10.0.0.2" if step % 100 == 0 else "10.0.0.1", now)
        if (report := admission.report(now)) is not None:
            reports.append(report)
    assert len(reports) == 3
    assert reports[1].most == "10.0.0.1" and reports[1].number == reports[1].rate > 1000
    assert sum(report.number for report in reports) <= admission.refused.total()


def test_memory_is_bounded_whatever_number_of_sources() -> None:
    admission = Admission(Limits(per_source=1, total=10, rate=0.001, burst=1))
    for n in range(3 * SOURCES):
        admission.admit(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n / 1000)
    assert len(admission._rates) <= SOURCES and len(admission.open) <= 10
    report = admission.report(0.0)
    assert report is not None and report.sources == NAMED and report.number == 3 * SOURCES - 10


def test_a_busy_source_keeps_its_rate_while_others_come_and_go() -> None:
    """The sources used longest ago are forgotten first."""
    admission = Admission(Limits(rate=0.001, burst=1))
    assert isinstance(admission.admit("192.0.2.1", 0.0), Ticket)
    for n in range(2 * SOURCES):
        admission.admit(f"10.0.{n >> 8}.{n & 255}", 0.0)
        assert admission.admit("192.0.2.1", 0.0) == "rate"
