"""A conversation: seats, deleted messages, and two sides of a partition made one."""

from __future__ import annotations

from itertools import permutations

from gateway.state.conversation.conversation import (
    Conversation,
    Party,
    conversation,
    is_kept,
    is_wanted,
    merge,
    other_of,
)
from gateway.state.conversation.messages import Evict, Leave, Redact, Said, Say, Seat, Sit, Stored
from ring.ids import Incarnation

ANN, BOB = Party("ann", "0a-1-1"), Party("bob", "0a-1-2")
N1, N2 = Incarnation("n1", 1), Incarnation("n2", 1)


def fresh() -> Conversation:
    return Conversation(conversation(ANN, BOB).name, 60.0)


def run(state: Conversation, command: object, at: int = 1) -> bool:
    """Return whether the command changed anything."""
    event = state.decide(command, at).event
    if event is not None:
        state.apply(event, at)
    return event is not None


def test_the_two_have_one_conversation_and_each_finds_the_other() -> None:
    name = conversation(BOB, ANN).name
    assert name == conversation(ANN, BOB).name
    assert other_of(name, ANN) == BOB
    assert other_of(name, BOB) == ANN
    assert other_of(name, Party("ann", "0a-1-3")) is None  # registered anew
    assert other_of(name, Party("eve", "0a-1-4")) is None
    assert other_of(conversation(ANN, ANN).name, ANN) == ANN
    assert other_of("junk", ANN) is None


def test_seats_follow_the_session_and_do_not_go_back() -> None:
    state = fresh()
    assert run(state, Sit("ann", Seat("1", N1, 5)))
    assert run(state, Sit("bob", Seat("2", N1, 5)))
    assert state.subscribers == {N1: 2}
    assert not run(state, Sit("ann", Seat("1", N1, 5)))
    assert run(state, Sit("ann", Seat("1", N2, 7)))
    assert state.subscribers == {N1: 1, N2: 1}
    assert not run(state, Sit("ann", Seat("1", N1, 5)))  # from its former place
    assert not run(state, Leave("1", N1))
    assert run(state, Leave("1", N2))
    assert state.subscribers == {N1: 1}
    assert state.maintenance(9, lambda node: node == N1) == [Evict(N1)]
    assert run(state, Evict(N1), 1000)
    assert not state.is_collectable(60_000)
    assert state.is_collectable(61_001)


def test_a_later_seat_of_a_dead_node_gives_way() -> None:
    """The session's group has lost the time of the later seat in a power cut."""
    state = fresh()
    assert run(state, Sit("ann", Seat("1", N1, 9)))
    back = Sit("ann", Seat("1", N2, 7))
    assert state.precommands(back, lambda node: False) == []
    assert state.precommands(Leave("1", N1), lambda node: True) == []
    assert state.precommands(Sit("ann", Seat("1", N2, 10)), lambda node: True) == []
    assert state.precommands(Sit("bob", Seat("2", N2, 7)), lambda node: True) == []
    assert not run(state, back)
    assert state.precommands(back, lambda node: node == N1) == [Evict(N1)]
    assert run(state, Evict(N1)) and run(state, back)
    assert state.subscribers == {N2: 1}


def test_what_is_deleted_is_not_shown() -> None:
    state = fresh()
    assert run(state, Redact("ann", "a!b@c", "m1"), 5)
    assert not state.history.shows("m1", 3)
    assert state.history.shows("m2", 3)
    run(state, Redact("ann", "", "*"), 9)
    assert not state.history.shows("m2", 9)
    assert state.history.shows("m3", 10)


def test_what_is_kept_and_wanted() -> None:
    def said(verb: str, tags: dict[str, str] | None = None) -> Said:
        say = Say("1", "ann", "a!b@c", verb, b"x", "bob", None, tags)
        event = fresh().decide(say, 1).event
        assert isinstance(event, Said)
        return event

    assert is_kept(said("PRIVMSG")) and is_wanted(said("NOTICE"), "")
    assert is_kept(said("TAGMSG", {"+draft/react": "x"})) and not is_kept(said("TAGMSG", {"+typing": "active"}))
    assert is_wanted(said("TAGMSG"), "t") and not is_wanted(said("TAGMSG"), "")


def test_sides_merge_alike_in_any_order() -> None:
    sides = [
        Stored({"ann": Seat("1", N1, 5)}, 5, 0, {"m1": 4}),
        Stored({"ann": Seat("1", N2, 7), "bob": Seat("2", N1, 2)}, 8, 3, {}),
        Stored({"bob": Seat("2", N2, 2)}, 6, 0, {"m1": 6, "m2": 6}),
    ]
    results = {repr(merge(merge(a, b), c)) for a, b, c in permutations(sides)}
    assert len(results) == 1
    whole = merge(merge(*sides[:2]), sides[2])
    assert all(merge(whole, side) == whole for side in sides)
    assert whole.seats["ann"].edge == N2
    assert (whole.erased, whole.redacted) == (3, {"m1": 6, "m2": 6})
