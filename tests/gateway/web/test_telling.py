"""Happenings in words."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.happenings import OF_GROUPS, OF_PEERS, OF_THIS_NODE, Happening
from gateway.web.telling import AGAIN_S, REMEMBERED, Retold, told, words

NAMES = {"127.0.0.1": "n1", "127.0.0.3": "n3"}


def said(event: str, **facts: Any) -> str:
    return words("n2", Happening(1, 0.0, event, **facts), lambda key: NAMES.get(key, key))


@pytest.mark.parametrize(
    ("text", "event", "facts"),
    [
        (
            "n2 took over 3 channels (#a, #b and others), 1 nick and 2 other groups from n3 in 12 ms",
            "takeover",
            {"peer": "127.0.0.3", "groups": {"nick": 1, "channel": 3, "network": 1, "new": 1}, "channels": ("#a", "#b"),
             "longest_ms": 12.2},
        ),
        ("n2 took over 1 account", "takeover", {"groups": {"account": 1}}),
        ("n1 handed 1 channel (#a) to n2 in 1.5 s", "hand_off_received",
         {"peer": "127.0.0.1", "groups": {"channel": 1}, "channels": ("#a",), "longest_ms": 1500.0}),
        ("n3 is dead: the other nodes serve what n3 mastered", "node_dead", {"peer": "127.0.0.3"}),
        ("n3 has stopped", "node_dead", {"peer": "127.0.0.3", "left": True}),
        ("n3 has stopped", "node_left", {"peer": "127.0.0.3"}),
        ("n3 is back: n3 was started again", "node_returned", {"peer": "127.0.0.3"}),
        ("the network acts at feature level 2 from now on", "level_raised", {"level": 2}),
        ("n2: a_later_event", "a_later_event", {}),
    ],
)  # fmt: skip
def test_sentences(text: str, event: str, facts: dict[str, Any]) -> None:
    assert said(event, **facts) == text


def test_every_happening_has_a_sentence() -> None:
    for event in OF_GROUPS | OF_PEERS | OF_THIS_NODE:
        assert event not in said(event, peer="127.0.0.3", groups={"nick": 1}).split()


def test_programs_are_told_the_facts() -> None:
    one = Happening(1, 1.23456, "takeover", "127.0.0.3", {"channel": 1}, ("#a",), 2.0)
    assert told("127.0.0.1", one, lambda key: NAMES[key]) == {
        "at": 1.235, "node": "n1", "event": "takeover", "peer": "n3", "groups": {"channel": 1}, "channels": ["#a"],
        "text": "n1 took over 1 channel (#a) from n3 in 2 ms",
    }  # fmt: skip


def test_what_all_nodes_find_is_told_once() -> None:
    retold = Retold()
    assert not retold.is_known(Happening(1, 100.0, "node_dead", "127.0.0.3"))
    assert retold.is_known(Happening(4, 100.5, "node_dead", "127.0.0.3"))
    assert not retold.is_known(Happening(4, 100.5, "node_dead", "127.0.0.2")), "another node"
    assert not retold.is_known(Happening(5, 101.0 + AGAIN_S, "node_dead", "127.0.0.3")), "a second death"
    for _ in range(2):
        assert not retold.is_known(Happening(6, 101.0, "takeover", "127.0.0.3")), "each takes over groups of its own"


@pytest.mark.parametrize("event", ["node_leaving", "node_left", "node_returned"])
def test_what_comes_once_in_a_life_is_told_once_however_late_a_node_tells(event: str) -> None:
    retold = Retold()
    assert not retold.is_known(Happening(1, 100.0, event, "127.0.0.3", life=7))
    assert not retold.is_known(Happening(2, 300.0, "node_dead", "127.0.0.9", life=1)), "much later"
    assert retold.is_known(Happening(4, 200.0, event, "127.0.0.3", life=7))
    assert not retold.is_known(Happening(4, 101.0, event, "127.0.0.3", life=8)), "the next life"


def test_a_node_that_tells_all_of_its_past_at_once_tells_nothing_anew() -> None:
    retold = Retold()
    past = [Happening(number, 100.0 * number, "node_dead", "127.0.0.3", life=7) for number in range(1, 4)]
    assert [retold.is_known(one) for one in past] == [False] * 3
    assert [retold.is_known(one) for one in past] == [True] * 3


def test_a_node_that_is_found_gone_and_one_that_leaves_the_list_have_stopped_once() -> None:
    retold = Retold()
    assert not retold.is_known(Happening(1, 100.0, "node_dead", "127.0.0.3", life=7)), "the life before was killed"
    assert not retold.is_known(Happening(2, 102.0, "node_dead", "127.0.0.3", left=True, life=8))
    assert retold.is_known(Happening(2, 102.0, "node_left", "127.0.0.3", life=8))


def test_old_happenings_are_forgotten() -> None:
    retold = Retold()
    for number in range(REMEMBERED + 1):
        assert not retold.is_known(Happening(number, 1.0, "node_left", f"n{number}", life=1))
    assert retold.is_known(Happening(1, 1.0, "node_left", "n5", life=1))
    assert not retold.is_known(Happening(1, 1.0, "node_left", "n0", life=1))
