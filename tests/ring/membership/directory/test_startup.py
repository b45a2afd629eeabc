"""How a node enters the network: each way of a start, on its own."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from ring.durations import START_FIND_S, START_FOLLOW_S, START_LINK_S, START_REFUSED_S, START_SAY_S, START_SETTLE_S
from ring.membership.directory.query import Answered
from ring.membership.directory.startup import (
    Announce,
    Attend,
    Effect,
    End,
    Link,
    Look,
    Open,
    Probe,
    Say,
    Seen,
    StartUp,
    Step,
)
from ring.roster import NodeRecord
from tests.ring.membership.directory.test_leases import node

ME, OTHER, THIRD = node(1, incarnation=9), node(2), node(3)
EMPTY = Answered("net", ())


class Story:
    """One start. `now` moves with `later`; `open` says whether clients are accepted."""

    def __init__(self, directories: int = 1, saved: tuple[NodeRecord, ...] = ()) -> None:
        self.now = 1000.0
        self.core = StartUp(ME, "net", [f"d{n}" for n in range(1, directories + 1)], saved, Random(1))
        self.open = False
        self.announced = False
        self.ended = ""
        self.said: list[Say] = []
        self.did(*self.core.begin(self.now))

    def did(self, *effects: Effect) -> tuple[Effect, ...]:
        for effect in effects:
            self.open |= isinstance(effect, Open)
            self.announced |= isinstance(effect, Announce)
            if isinstance(effect, End):
                self.ended = effect.reason
            if isinstance(effect, Say):
                self.said.append(effect)
        return effects

    def looked(self, *answers: Answered | None) -> tuple[Effect, ...]:
        return self.did(*self.core.looked(answers, self.now))

    def probed(self, *, fit: bool = False, **refusals: str) -> tuple[Effect, ...]:
        return self.did(*self.core.probed(fit, refusals, self.now))

    def later(self, seconds: float, seen: Seen | None = None) -> tuple[Effect, ...]:
        self.now += seconds
        return self.did(*self.core.tick(seen or Seen(), self.now))

    def serve(self) -> None:
        """From MEET on, all goes well."""
        assert self.core.step is Step.MEET and not self.open
        assert self.later(START_SETTLE_S, Seen(linked=1)) == (Link(), Attend())
        assert self.later(0.1) == () and not self.open
        assert self.later(0.1, Seen(following=True)) == (Open(),)
        assert self.core.step is Step.SERVE and not self.core.refused

    @property
    def events(self) -> list[str]:
        return [say.event for say in self.said]


def granted(*directories: int, rejected: Mapping[int, str] | None = None, listed: bool = False) -> Seen:
    return Seen(frozenset(directories), rejected or {}, listed)


def test_a_first_node_is_let_in_by_a_directory_that_lists_nobody() -> None:
    story = Story()
    assert story.looked(EMPTY) == (Announce(None),)
    assert story.later(0.1) == () and story.later(0.1, granted(0)) == ()
    assert story.later(0.1, granted(0, listed=True)) == (Link(),)
    story.serve()
    assert story.said == []


def test_the_peers_are_asked_before_anybody_hears_of_the_node() -> None:
    story = Story()
    assert story.looked(Answered("net", (OTHER, THIRD, node(1)))) in (
        (Probe((OTHER, THIRD)),),
        (Probe((THIRD, OTHER)),),
    )
    assert not story.announced
    assert story.probed(fit=True) == (Announce(None),)


def test_a_network_of_one_node_without_directories_waits_for_nobody() -> None:
    story = Story(directories=0)
    assert story.core.step is Step.FOLLOW
    assert story.later(0.1, Seen(following=True)) == (Open(),)


@pytest.mark.parametrize("saved", [(OTHER,), (ME,)])
def test_with_all_directories_dead_a_saved_roster_is_enough(saved: tuple[NodeRecord, ...]) -> None:
    story = Story(3, saved)
    story.looked(None, None, None)
    assert story.later(1.0) == (Look(),)
    story.now += START_FIND_S
    found = story.looked(None, None, None)
    if saved == (OTHER,):
        assert Probe((OTHER,)) in found and not story.announced
        found = story.probed()
    assert found[-2:] == (Announce(None), Link())
    assert story.events == ["no_directory_answers"]
    story.serve()


def test_with_no_directory_and_no_roster_it_waits_says_so_and_serves_nobody() -> None:
    story = Story(2)
    for _ in range(200):
        story.later(1.0)
        story.looked(None, None)
    assert not story.open and not story.announced
    assert set(story.events) == {"waiting_for_directory"}
    assert 200 / START_SAY_S - 1 <= len(story.events) <= 200 / START_SAY_S + 1
    assert "directories" in story.said[0].facts["reason"]
    assert story.looked(None, EMPTY) == (Announce(None),)  # any answer ends the wait, an empty list too
    assert story.later(0.1, granted(1, listed=True)) == (Link(),)
    story.serve()


def test_a_directory_that_starts_in_the_same_second_is_not_worth_a_word() -> None:
    story = Story()
    for _ in range(2):
        story.looked(None)
        story.later(1.0)
    assert story.said == []


def test_settings_that_differ_from_the_peers_are_said_and_nobody_hears_of_the_node_until_they_fit() -> None:
    story = Story()
    story.looked(Answered("net", (OTHER,)))
    reason = "ring.copies: here 2, there 3"
    (say,) = story.probed(**{"node-2": reason})
    assert isinstance(say, Say) and say.event == "start_refused" and say.level == "error"
    assert say.facts == {"by": "node-2", "reason": f"node-2: {reason}"}
    assert story.core.refused == {"node-2": reason}
    for _ in range(8):
        assert story.later(1.0) == ()
        assert story.later(START_REFUSED_S) == (Look(),)
        assert story.looked(Answered("net", (OTHER,))) == (Probe((OTHER,)),)
        assert story.probed(**{"node-2": reason}) == ()  # said once
    assert not story.announced and not story.open
    story.later(START_REFUSED_S)
    story.looked(Answered("net", (OTHER,)))
    assert story.probed(fit=True) == (Announce(None),) and not story.core.refused


def test_one_peer_that_fits_is_enough() -> None:
    """The other peer may have the wrong settings."""
    story = Story()
    story.looked(Answered("net", (OTHER, THIRD)))
    assert story.probed(fit=True, **{"node-2": "limits.nick_len: here 30, there 20"}) == (Announce(None),)


def test_peers_that_do_not_answer_do_not_matter() -> None:
    story = Story()
    story.looked(Answered("net", (OTHER,)))
    assert story.probed() == (Announce(None),)


def test_a_directory_of_another_network_says_so() -> None:
    story = Story(2)
    (say,) = story.looked(Answered("Other", (OTHER,)), None)
    assert isinstance(say, Say) and "network.name: here net, there Other" in say.facts["reason"]
    assert not story.announced


@pytest.mark.parametrize(
    "other", [node(1, ip="127.0.0.9"), node(1, "another"), node(1, link_port=7601), node(2, "NODE-1")]
)
def test_only_directories_that_list_another_node_of_the_key_or_name_hear_of_this_one(other: NodeRecord) -> None:
    """A freshly started directory does not list the other node yet, and would take this node in its place."""
    story = Story(3)
    story.looked(Answered("net", (other,)), EMPTY, Answered("net", (other,)))
    found = story.probed(fit=True) if other.key != ME.key else ()
    assert Announce(frozenset({0, 2})) in found or story.core.step is Step.ANNOUNCE
    reason = "the name node-1 belongs to the live node at ...: give each node a name of its own (node.name)"
    (say,) = story.later(0.1, granted(rejected={0: reason, 2: reason}))
    assert isinstance(say, Say) and say.event == "start_refused" and "node.name" in say.facts["reason"]
    assert say.facts["by"] == "directory d1, directory d3"
    for _ in range(30):
        story.later(1.0, granted(rejected={0: reason, 2: reason}))
        story.looked(Answered("net", (other,)), EMPTY, Answered("net", (other,)))
    assert not story.open and story.core.step is Step.ANNOUNCE
    assert Announce(None) in story.later(1.0, granted(0, 2))  # the other node has gone
    assert story.later(0.1, granted(0, 1, 2, listed=True)) == (Link(),)
    story.serve()


def test_an_earlier_life_of_this_node_is_no_other_node() -> None:
    story = Story()
    assert story.looked(Answered("net", (node(1),))) == (Announce(None),)


def test_a_directory_that_alone_knew_of_the_other_node_may_die() -> None:
    story = Story(2)
    story.looked(Answered("net", (node(1, "another"),)), EMPTY)
    story.later(0.1, granted(rejected={0: "..."}))
    assert Look() in story.later(START_REFUSED_S, granted(rejected={0: "..."}))
    assert story.looked(None, EMPTY) == (Announce(None),)


def test_one_full_directory_of_three_does_not_matter() -> None:
    story = Story(3)
    story.looked(EMPTY, EMPTY, EMPTY)
    full = {1: "the directory is full (2 nodes): raise its limits.nodes"}
    assert story.later(0.1, granted(0, 2, rejected=full, listed=True)) == (Link(),)
    other = Story(1)
    other.looked(EMPTY)
    (say,) = other.later(0.1, granted(rejected={0: full[1]}))
    assert isinstance(say, Say) and "limits.nodes" in say.facts["reason"]


def test_a_key_that_no_directory_believes_is_said() -> None:
    story = Story()
    story.looked(EMPTY)
    assert story.later(START_FIND_S - 0.1) == ()
    (say,) = story.later(0.2)
    assert isinstance(say, Say) and say.event == "start_refused" and "network.key_file" in say.facts["reason"]
    for _ in range(5):
        story.later(1.0)
        story.looked(EMPTY)
    assert not story.open
    assert Link() in story.later(0.1, granted(0, listed=True))


@pytest.mark.parametrize(("saved", "step"), [((), Step.ANNOUNCE), ((ME,), Step.MEET)])
def test_directories_that_die_after_their_first_answer(saved: tuple[NodeRecord, ...], step: Step) -> None:
    story = Story(1, saved)
    story.looked(EMPTY)
    story.later(START_FIND_S + 0.1)
    story.later(1.1)
    story.looked(None)
    story.later(0.1)
    assert story.core.step is step


def test_a_node_that_is_refused_at_every_link_ends() -> None:
    story = Story()
    story.looked(EMPTY)
    story.later(0.1, granted(0, listed=True))
    seen = Seen(refusals={"node-2": "it has the same name"})
    assert story.later(START_SETTLE_S, seen) == ()
    story.later(START_LINK_S, seen)
    assert story.ended == "node-2: it has the same name" and not story.open


def test_a_node_that_one_peer_refuses_and_another_links_serves() -> None:
    story = Story()
    story.looked(EMPTY)
    story.later(0.1, granted(0, listed=True))
    assert Attend() in story.later(START_SETTLE_S, Seen(refusals={"node-2": "..."}, linked=1))


def test_a_network_group_that_cannot_be_followed_is_waited_for_so_long_and_said() -> None:
    story = Story(directories=0)
    assert story.later(START_FOLLOW_S - 0.1) == () and not story.open
    story.later(0.2)
    assert story.open and story.events == ["network_not_followed"]
