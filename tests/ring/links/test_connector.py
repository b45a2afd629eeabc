"""Which peers are linked and dialled, and what each result says of a peer's life, without a socket (P18)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.node import Links
from ring.links import connector as links
from ring.links.connector import Abandon, Close, Connector, Dial, Down, Linked, Probe, Transmit
from ring.roster import NodeRecord
from tests.ring.links.test_link import record
from tests.settings import section

ME, PEER, SMALL = "127.0.0.2", record(3), record(1)
SETTINGS = section(Links, dead_after_s=5.0, redial_min_s=0.1, redial_max_s=5.0, queue=1000)


class Case:
    """A connector of node 2 that knows nodes 1 and 3; `roster` may be changed."""

    def __init__(self, **changes: Any) -> None:
        self.roster = {one.key: one for one in (PEER, SMALL)}
        settings = SETTINGS.model_copy(update=changes)
        self.it = Connector(ME, self.roster.get, settings, random.Random(1), 0.0)

    def dialled(self, now: float = 0.0, peer: NodeRecord = PEER) -> int:
        (dial,) = self.it.want(peer.key, now)
        assert isinstance(dial, Dial) and dial.record == self.roster[peer.key]
        return dial.number

    def linked(self, now: float = 0.0, connection: int = 1, peer: NodeRecord = PEER) -> None:
        assert Linked(peer, "listener") in self.it.link_up(connection, "listener", peer, now)

    def ticks(self, begin: float, end: float) -> list[links.Effect]:
        """Every quarter of a second."""
        effects: list[links.Effect] = []
        for step in range(int(begin * 4), int(end * 4) + 1):
            effects += self.it.tick(step / 4)
        return effects


def downs(effects: Iterable[links.Effect]) -> list[tuple[str, str]]:
    return [(effect.peer.key, effect.evidence) for effect in effects if isinstance(effect, Down)]


# Dialling -------------------------------------------------------------------------------------------------------------


def test_a_peer_is_dialled_once_and_what_waits_is_sent_when_the_link_is_up() -> None:
    case = Case()
    (dial,) = case.it.keep(PEER.key, b"one", 0.0)
    assert isinstance(dial, Dial) and not case.it.keep(PEER.key, b"two", 0.1) and not case.it.want(PEER.key, 0.1)
    assert case.it.answered(dial.number)
    assert case.it.link_up(7, "dialler", PEER, 0.2) == [
        Linked(PEER, "dialler"),
        Transmit(7, b"one"),
        Transmit(7, b"two"),
    ]
    assert not case.it.dials and not case.it.waiting and not case.it.want(PEER.key, 0.3)


def test_what_waits_is_bounded_and_dropped_when_the_dial_fails() -> None:
    case = Case()
    case.it.keep(PEER.key, bytes(600), 0.0)
    case.it.keep(PEER.key, bytes(600), 0.0)
    assert case.it.waiting[PEER.key] == []
    case.it.keep(PEER.key, b"more", 0.0)
    case.it.dial_failed(1, "other", "no route", 0.1)
    assert not case.it.waiting
    case.it.keep(PEER.key, b"within the pause", 0.1)
    case.it.keep("127.0.0.9", b"to nobody that is known", 0.1)
    assert not case.it.waiting


def test_the_roster_s_nodes_are_dialled_once_for_each_life() -> None:
    case = Case()
    both = case.it.meet([record(2), SMALL, PEER], 0.0)
    assert [effect.record for effect in both if isinstance(effect, Dial)] == [SMALL, PEER]
    assert not case.it.meet([record(2), SMALL, PEER], 1.0)
    case.linked(1.0)
    case.it.link_down(PEER.key, 1, "closed", 5.0)
    assert not case.it.meet([PEER], 6.0)
    again = case.roster[PEER.key] = msgspec.structs.replace(PEER, incarnation=8)
    assert [effect.record for effect in case.it.meet([again], 7.0) if isinstance(effect, Dial)] == [again]


def test_a_dial_of_a_life_that_is_over_makes_room_for_the_next_life_s() -> None:
    case = Case()
    number = case.dialled()
    again = case.roster[PEER.key] = msgspec.structs.replace(PEER, incarnation=8)
    assert case.it.want(PEER.key, 1.0) == [Abandon(number), Dial(number + 1, again)]
    assert not case.it.answered(number) and not case.it.dial_failed(number, "refused", "", 1.1)


def test_failed_dials_are_repeated_at_growing_jittered_intervals() -> None:
    case = Case()
    case.dialled()
    began, now, number, gaps = 0.0, 0.0, 1, []
    while now < 60.0:
        case.it.dial_failed(number, "refused", "", now)
        began = now
        while not (dials := [effect for effect in case.it.tick(now) if isinstance(effect, Dial)]):
            now += 0.01
        gaps.append(now - began)
        number = dials[0].number
    assert 0.1 <= gaps[0] <= 0.25 and max(gaps) <= 5.01 and max(gaps) > 2.0
    assert gaps[:3] != sorted(gaps[:3])[::-1]


def test_a_peer_that_the_roster_forgets_is_not_dialled_on() -> None:
    case = Case()
    case.it.dial_failed(case.dialled(), "refused", "", 0.0)
    del case.roster[PEER.key]
    assert not case.ticks(0.0, 60.0)
    case.roster[PEER.key] = PEER
    assert not case.ticks(60.0, 70.0) and case.dialled(70.0)


def test_after_stop_nobody_is_dialled() -> None:
    case = Case()
    number = case.dialled()
    assert case.it.stop() == [Abandon(number)]
    assert not case.it.want(PEER.key, 1.0) and not case.it.keep(PEER.key, b"x", 1.0) and not case.it.meet([SMALL], 1.0)


# What a result says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "evidence"), [("refused", "refused"), ("silent", "silent"), ("other", "none")])
def test_a_failed_dial_says_what_it_met(outcome: links.Outcome, evidence: str) -> None:
    case = Case()
    assert downs(case.it.dial_failed(case.dialled(), outcome, "", 1.0)) == [(PEER.key, evidence)]


def test_a_dial_that_nobody_answers_is_silence_after_dead_after_s() -> None:
    case = Case()
    number = case.dialled()
    assert not case.ticks(0.0, 5.0)
    effects = case.it.tick(5.25)
    assert effects[0] == Abandon(number) and downs(effects) == [(PEER.key, "silent")]


def test_a_dial_that_was_answered_is_left_to_its_connection() -> None:
    case = Case()
    number = case.dialled()
    case.it.answered(number)
    assert not case.ticks(0.0, 20.0)
    assert downs(case.it.dial_failed(number, "silent", "silent", 20.0)) == [(PEER.key, "silent")]


@pytest.mark.parametrize("outcome", ["refused", "silent", "other"])
def test_a_dial_that_fails_while_a_link_is_up_says_nothing(outcome: links.Outcome) -> None:
    """The dial went into a cut, or its answer did; the peer's own dial has made the link meanwhile."""
    case = Case()
    number = case.dialled()
    case.it.answered(number)  # too late to be abandoned
    case.linked(4.0)
    assert not case.it.dial_failed(number, outcome, "", 5.0) and not case.ticks(5.0, 60.0)


def test_the_peer_s_link_ends_a_dial_that_nobody_answers() -> None:
    case = Case()
    number = case.dialled()
    assert case.it.link_up(1, "listener", PEER, 4.0) == [Abandon(number), Linked(PEER, "listener")]
    assert not case.it.dial_failed(number, "silent", "", 5.0) and not case.ticks(4.0, 60.0)


def test_a_dial_that_began_before_the_peer_s_last_word_says_nothing() -> None:
    case = Case()
    number = case.dialled()
    case.it.answered(number)
    case.linked(2.0)
    assert case.it.heard(PEER.key, 1, 4.0)
    assert downs(case.it.link_down(PEER.key, 1, "reset", 4.5)) == [(PEER.key, "none")]
    assert downs(case.it.dial_failed(number, "silent", "", 5.0)) == [(PEER.key, "none")]
    fresh = case.dialled(6.0)
    assert downs(case.it.dial_failed(fresh, "refused", "", 6.1)) == [(PEER.key, "refused")]


def test_another_life_s_word_is_no_sign_of_life() -> None:
    case = Case()
    number = case.dialled()
    case.it.answered(number)
    case.linked(2.0, peer=msgspec.structs.replace(PEER, incarnation=6))
    case.it.link_down(PEER.key, 1, "reset", 2.0)
    assert downs(case.it.dial_failed(number, "refused", "", 2.1)) == [(PEER.key, "refused")]


def test_a_dial_that_this_process_slept_through_says_nothing() -> None:
    """SIGSTOP: the answer may wait in the kernel."""
    case = Case()
    number = case.dialled()
    case.ticks(0.0, 1.0)
    assert not case.it.tick(30.0) and not case.ticks(30.25, 35.0)
    assert case.it.tick(35.25)[0] == Abandon(number)


@pytest.mark.parametrize(("reason", "evidence"), [("silent", "silent"), ("reset", "none"), ("queue", "none")])
def test_a_lost_link_is_dialled_again_at_once(reason: str, evidence: str) -> None:
    case = Case()
    case.linked(0.0)
    effects = case.it.link_down(PEER.key, 1, reason, 60.0)
    assert downs(effects) == [(PEER.key, evidence)] and isinstance(effects[-1], Dial)


def test_a_farewell_is_not_dialled_again_until_something_is_said() -> None:
    case = Case()
    case.linked(0.0)
    assert downs(case.it.link_down(PEER.key, 1, "closed", 60.0)) == [(PEER.key, "none")]
    assert not case.ticks(60.0, 90.0)
    assert isinstance(case.it.keep(PEER.key, b"hello", 90.0)[0], Dial)


def test_a_peer_that_ends_each_link_at_once_is_not_dialled_in_a_circle() -> None:
    case = Case()
    dials, now = 0, 0.0
    while now < 10.0:
        for effect in [*case.it.want(PEER.key, now), *case.it.tick(now)]:
            if isinstance(effect, Dial):
                dials += 1
                case.it.link_up(dials, "dialler", PEER, now)
                case.it.link_down(PEER.key, dials, "reset", now)
        now += 0.01
    assert 40 <= dials <= 101


# Two connections of a pair --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("peer", "stays"), [(SMALL, "listener"), (PEER, "dialler")])
@pytest.mark.parametrize("first", ["dialler", "listener"])
def test_the_link_that_the_smaller_key_dialled_stays(peer: NodeRecord, stays: str, first: links.Role) -> None:
    case = Case()
    second: links.Role = "listener" if first == "dialler" else "dialler"
    case.it.link_up(1, first, peer, 0.0)
    effects = case.it.link_up(2, second, peer, 0.1)
    assert case.it.links[peer.key].role == stays
    if first == stays:
        assert effects == [Close(2), Probe(1)]
        assert not case.it.heard(peer.key, 2, 0.2) and not case.it.link_down(peer.key, 2, "reset", 0.2)
    else:
        assert effects == [Close(1), Linked(peer, second)]
        assert not case.it.heard(peer.key, 1, 0.2) and not case.it.link_down(peer.key, 1, "reset", 0.2)
    assert peer.key in case.it.links


@pytest.mark.parametrize("role", ["dialler", "listener"])
@pytest.mark.parametrize("peer", [SMALL, PEER])
def test_a_newer_life_s_link_stays(role: links.Role, peer: NodeRecord) -> None:
    case = Case()
    again = msgspec.structs.replace(peer, incarnation=8)
    case.it.link_up(1, "listener", peer, 0.0)
    assert case.it.link_up(2, role, again, 1.0) == [Close(1), Linked(again, role)]
    assert case.it.link_up(3, role, peer, 2.0) == [Close(3), Probe(2)]
    assert case.it.links[peer.key].peer == again.id


EVENTS = st.lists(st.tuples(st.integers(0, 8), st.floats(0.0, 3.0)), max_size=60)


@given(EVENTS)
def test_in_whatever_order_results_come_only_a_peer_without_a_word_is_silent(events: list[tuple[int, float]]) -> None:
    """Laws: never two dials of a peer, none while a link is up, and no evidence from before the last word."""
    case = Case()
    it, now, connection, spoken, began = case.it, 0.0, 0, float("-inf"), dict[int, float]()
    for what, later in events:
        now += later
        effects: list[links.Effect] = []
        dial = it.dials.get(PEER.key)
        link = it.links.get(PEER.key)
        asked = dial.number if dial is not None else 0
        if what == 0:
            effects = it.want(PEER.key, now)
        elif what == 1:
            effects = it.tick(now)
        elif what == 2 and dial is not None:
            it.answered(dial.number)
        elif what in (3, 4) and dial is not None:
            effects = it.dial_failed(dial.number, "silent" if what == 3 else "refused", "", now)
        elif what == 5 and dial is not None and dial.answered:
            connection += 1
            effects, spoken = it.link_up(connection, "dialler", PEER, now), now
        elif what == 6:
            connection += 1
            effects, spoken = it.link_up(connection, "listener", PEER, now), now
        elif what == 7 and link is not None:
            it.heard(PEER.key, link.connection, now)
            spoken = now
        elif what == 8 and link is not None:
            effects = it.link_down(PEER.key, link.connection, "reset", now)
        for effect in effects:
            if isinstance(effect, Dial):
                began[effect.number] = now
            if isinstance(effect, Down) and effect.evidence != "none":
                assert effect.up_s is None and began[asked] >= spoken
        assert not (PEER.key in it.links and any(isinstance(effect, Dial) for effect in effects))
        assert sum(isinstance(effect, Dial) for effect in effects) <= 1
