"""The log of the links: what each line says, and how few lines come of ever the same trouble."""

from __future__ import annotations

import errno

from ring.durations import EXHAUSTED_LOG_EVERY_S, LINK_LOG_EVERY_S
from ring.io import link_log
from ring.io.link_log import LinkLog
from ring.links.admission import Report
from ring.roster import NodeRecord
from tests.ring.io.hubs import Log, News

PEER = NodeRecord("127.0.0.2", 3, "n2.test", "127.0.0.2", 7600, "", "1", 0)


def both() -> tuple[LinkLog, Log]:
    log = Log(News())
    return LinkLog(log), log


def test_a_link_comes_up_and_goes_down() -> None:
    links, log = both()
    links.up(PEER, "dialler")
    links.lost(PEER.key, "closed", 12.34, wanted=True)
    links.lost(PEER.key, "silent", 0.06, wanted=False)
    assert log.lines == [
        ("info", "link_up", {"peer": "127.0.0.2", "name": "n2.test", "incarnation": 3, "role": "dialler"}),
        ("info", "link_lost", {"peer": "127.0.0.2", "reason": "closed", "up_s": 12.3}),
        ("warning", "link_lost", {"peer": "127.0.0.2", "reason": "silent", "up_s": 0.1}),
    ]


def test_a_peer_that_fails_again_and_again_has_one_line_in_a_while() -> None:
    links, log = both()
    for now in (0.0, 1.0, LINK_LOG_EVERY_S - 0.1, LINK_LOG_EVERY_S):
        links.dial_failed("a", "ConnectionRefusedError", now)
        links.dial_failed("b", "TimeoutError", now)
    assert [(event, facts["peer"]) for _, event, facts in log.lines] == [("link_dial_failed", key) for key in "abab"]


def test_a_refusal_says_more_than_the_failed_dial() -> None:
    links, log = both()
    links.refused("a", "127.0.0.3", "network.name differs", 0.0)
    links.dial_failed("a", "reset", 1.0)
    assert log.lines == [("warning", "link_refused", {"peer": "a", "reason": "network.name differs"})]


def test_a_stranger_is_named_by_its_address_and_each_reason_comes_once() -> None:
    links, log = both()
    for now in (0.0, 1.0):
        links.refused(None, "127.0.0.3", "no hello", now)
        links.refused(None, "127.0.0.4", "no hello", now)
    assert [facts["peer"] for facts in log.of("link_refused")] == ["127.0.0.3", "127.0.0.4"]


def test_ever_new_words_do_not_fill_the_log_and_are_counted() -> None:
    links, log = both()
    for number in range(100):
        links.refused(None, "127.0.0.3", f"words {number}", 0.0)
    shown = len(log.lines)
    assert 0 < shown < 30
    links.refused(None, "127.0.0.3", "later words", 3600.0)
    assert log.lines[-1][2] == {"peer": "127.0.0.3", "reason": "later words", "not_logged": 100 - shown}


def test_a_lack_of_descriptors_is_told_once_an_hour() -> None:
    links, log = both()
    problem = OSError(errno.EMFILE, "Too many open files")
    for now in (0.0, 1.0, EXHAUSTED_LOG_EVERY_S - 1, EXHAUSTED_LOG_EVERY_S):
        links.exhausted(problem, now)
    line = ("error", "descriptors_exhausted", {"port": "links", "reason": "Too many open files"})
    assert log.lines == [line, line]


def test_refused_connections_and_admin_clients() -> None:
    links, log = both()
    links.connections_refused(Report(5, 1, 2, 2, 1, "127.0.0.7", 5))
    links.admin_client_came("127.0.0.8")
    assert [(level, event) for level, event, _ in log.lines] == [
        ("warning", "link_connections_refused"),
        ("debug", "admin_client_came"),
    ]
    assert log.lines[0][2]["most"] == "127.0.0.7" and log.lines[1][2] == {"address": "127.0.0.8"}


def test_what_is_remembered_is_bounded() -> None:
    links, _ = both()
    for number in range(3 * link_log.REMEMBERED):
        links.dial_failed(str(number), "reset", 0.0)
    assert len(links._logged) <= link_log.REMEMBERED
