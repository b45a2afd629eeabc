"""The story of one channel, from the answers of nodes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.admin_clients.requests import Problem
from gateway.cli import story
from gateway.cli.story import Committed, NewTerm, Silent, State, Story, words
from gateway.trace import Progress, Role, Traced, TracedEntry, TracedTerm

NAMES = {"k1": "one", "k2": "two", "k3": "three"}
FIRST = TracedTerm(5, "k3", 1, "first")
TAKEN = TracedTerm(6, "k2", 13, "takeover")
AT = 1_000.0


def entry(seq: int, term: int = 5, **facts: Any) -> TracedEntry:
    return TracedEntry(seq, term, seq * 1000, "Said PRIVMSG", "k1", seq, "0uid", **facts)


def answer(key: str, role: Role, *entries: TracedEntry, last: int = 0, terms: list[TracedTerm] | None = None) -> Traced:
    last = last or (entries[-1].seq if entries else 10)
    terms = [FIRST] if terms is None else terms
    progress = [Progress("k1", last - 1, -1, False, True), Progress("k2", last, last, True, True)]
    return Traced(
        NAMES[key], key, role,
        master=terms[-1].key if terms else "", first=1, last=last, head=last, members=2, terms=terms,
        progress=progress if role == "master" else [], entries=list(entries),
    )  # fmt: skip


@pytest.fixture
def told() -> Story:
    """All three nodes have answered once: n3 is the master, and entry 10 is the last."""
    made = Story(NAMES)
    for key, role in (("k1", "follower"), ("k2", "backup"), ("k3", "master")):
        made.begin(key, answer(key, role), AT)  # type: ignore[arg-type]
    return made


def test_what_is_there_at_first_is_how_things_stand(told: Story) -> None:
    state = told.standing["k3"]
    assert isinstance(state, State)
    assert (state.node, state.role, state.term, state.last, state.master) == ("three", "master", 5, 10, "three")
    assert state.acknowledged == {"one": 9, "two": 10} and state.backups == ["two"]
    assert [told.after(key) for key in NAMES] == [10, 10, 10]
    assert told.heard("k3", answer("k3", "master"), AT) == []


def test_an_entry_that_every_node_tells_is_told_once_and_in_order(told: Story) -> None:
    both = (entry(11), entry(12, text="hello"))
    first = told.heard("k1", answer("k1", "follower", *both), AT)
    assert first == [
        Committed(11.0, 11, 5, "Said PRIVMSG", "0uid", "one", 11),
        Committed(12.0, 12, 5, "Said PRIVMSG", "0uid", "one", 12, "hello"),
    ]
    assert told.heard("k3", answer("k3", "master", *both), AT) == []
    assert told.heard("k2", answer("k2", "backup", both[0]), AT) == []
    assert [told.after(key) for key in NAMES] == [12, 11, 12]


def test_a_dead_node_is_told_once_and_its_successor_with_the_way_its_term_began(told: Story) -> None:
    dead = Problem("connection refused")
    assert told.heard("k3", dead, AT) == [Silent(AT, "three", "connection refused")]
    assert told.heard("k3", dead, AT + 1) == []
    taken = told.heard("k2", answer("k2", "master", entry(13, 6), terms=[FIRST, TAKEN]), AT)
    assert [type(what) for what in taken] == [Committed, NewTerm, State]
    assert taken[1] == NewTerm(AT, "two", 6, 13, "takeover")
    followed = told.heard("k1", answer("k1", "follower", entry(13, 6), terms=[FIRST, TAKEN]), AT)
    assert [type(what) for what in followed] == [State]  # the term and the entry are no news any more
    (back,) = told.heard("k3", answer("k3", "backup", last=10, terms=[FIRST]), AT)
    assert isinstance(back, State) and back.role == "backup"


def test_another_reason_for_silence_is_news(told: Story) -> None:
    assert told.heard("k3", Problem("silent for 3 s"), AT) and told.heard("k3", Problem("it hung up"), AT)


def test_a_node_that_gets_a_copy_later_tells_no_old_entries_again(told: Story) -> None:
    told.heard("k1", answer("k1", "none", last=0, terms=[]), AT)
    told.heard("k3", answer("k3", "master", entry(11)), AT)
    assert told.after("k1") == 11
    (state,) = told.heard("k1", answer("k1", "follower", last=11), AT)
    assert isinstance(state, State) and state.role == "follower"


def test_two_sides_of_a_partition_have_entries_with_the_same_number(told: Story) -> None:
    mine = told.heard("k1", answer("k1", "follower", entry(11)), AT)
    other = told.heard(
        "k2", answer("k2", "master", entry(11, 6), terms=[FIRST, TracedTerm(6, "k2", 11, "takeover")]), AT
    )
    assert [what.term for what in (*mine, *other) if isinstance(what, Committed)] == [5, 6]


def test_a_log_that_another_has_replaced_is_read_on_from_where_that_ends(told: Story) -> None:
    told.heard("k1", answer("k1", "follower", entry(11), entry(12)), AT)
    told.heard("k1", answer("k1", "follower", last=7), AT)
    assert told.after("k1") == 7


def test_what_is_remembered_is_bounded(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "REMEMBERED", 10)
    for seq in range(11, 60):
        told.heard("k1", answer("k1", "follower", entry(seq)), AT)
    assert len(told._told) == len(told._order) == 10


@pytest.mark.parametrize(
    ("what", "line"),
    [
        (Silent(AT, "three", "it hung up"), "three does not answer: it hung up"),
        (NewTerm(AT, "two", 6, 13, "takeover"), "takeover: two masters #c under term 6, from entry 13 on"),
        (NewTerm(AT, "two", 6, 13, "hand_off"), "hand-off: two masters #c under term 6, from entry 13 on"),
        (
            Committed(AT, 11, 5, "Joined", "0uid", "one", 4),
            "entry 11 of term 5: Joined by 0uid from one (its command 4)",
        ),
        (Committed(AT, 11, 5, "Backups", "", "", 0), "entry 11 of term 5: Backups by the master itself"),
        (
            Committed(AT, 11, 5, "Said PRIVMSG", "0uid", "one", 4, "it's"),
            'entry 11 of term 5: Said PRIVMSG by 0uid from one (its command 4): "it\'s"',
        ),
        (State(AT, "one", "none", 0, 0, 0, 0, "", {}, []), "one is none"),
        (
            State(AT, "one", "follower", 5, 1, 9, 9, "three", {}, []),
            "one is follower under term 5, follows three",
        ),
        (
            State(AT, "two", "master", 5, 1, 9, 9, "two", {}, ["one", "three"]),
            "two is master under term 5, with backup one and three",
        ),
        (State(AT, "two", "master", 5, 1, 9, 9, "two", {}, []), "two is master under term 5, without a backup"),
    ],
)
def test_each_is_a_sentence(what: Any, line: str) -> None:
    assert words(what, "#c") == line
