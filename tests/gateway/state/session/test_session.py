"""The session of an account as a state machine."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.state.people import Person
from gateway.state.session.messages import (
    Abandon,
    Command,
    Converse,
    Cursor,
    Detach,
    Detached,
    Device,
    End,
    ForgetAll,
    ForgetDevice,
    Keep,
    Kept,
    Kick,
    Look,
    Marker,
    MarkRead,
    NoteKick,
    NotOwner,
    Present,
    Reached,
    Report,
    Stored,
    Take,
    Taken,
)
from gateway.state.session.session import CONVERSATIONS, DEVICE_MS, DEVICES, KICKS, MARKERS, Session, merge
from gateway.state.session.session import CURSORS as MOST_CURSORS
from ring.ids import NO_TERM, Incarnation, Position, Term
from tests.gateway.state.cast import ANN, BOB

KEPT = Kept("root", True, {"bob": True, "cat": None}, {"#d": "#D"})
HERE = ANN.edge
THERE = Incarnation("10.9.9.9", 3)
ONE, TWO = Term(1, "a", 1), Term(2, "b", 1)


def on(person: Person, owner: Incarnation) -> Person:
    return msgspec.structs.replace(person, node=owner.key, incarnation=owner.number)


def do(session: Session, command: Command, at: int = 10) -> object:
    outcome, event = session.decide(command, at)
    if event is not None:
        session.apply(event, at)
    return outcome


@pytest.fixture
def session() -> Session:
    session = Session("ann")
    do(session, Take(ANN, None), 1)
    do(session, Report(ANN.uid, HERE, ANN, {"#c": "#C"}, True, 1, {"phone": {"#c": Cursor(7, 5)}}), 2)
    return session


def test_it_is_taken_from_where_it_is_known_to_be(session: Session) -> None:
    assert do(session, Take(on(ANN, THERE), None)) == NotOwner(HERE)
    assert do(session, Take(on(ANN, THERE), Incarnation("10.1.1.1", 1))) == NotOwner(HERE)
    before = session.stored
    assert do(session, Take(on(ANN, THERE), HERE)) == Taken(before)
    assert session.subscribers == {THERE: 1}
    assert session.stored.rooms == {"#c": "#C"} and session.stored.lasts
    assert isinstance(do(session, Take(on(ANN, THERE), HERE)), Taken)  # a repeat
    assert do(session, Take(ANN, None)) == NotOwner(THERE)


def test_another_user_on_its_node_does_not_have_it(session: Session) -> None:
    """The session left the node for a moment, and somebody who logged in there meanwhile was taken for a new user."""
    before = session.stored
    assert isinstance(do(session, Take(ANN, None)), Taken)  # its own user: a repeat
    other = msgspec.structs.replace(ANN, uid=f"{ANN.uid}-2")
    assert do(session, Take(other, None)) == NotOwner(HERE)
    assert session.stored == before


def test_only_its_host_is_listened_to(session: Session) -> None:
    before = session.stored
    do(session, Report(ANN.uid, THERE, ANN, {}, False, 0, {}))
    do(session, Report(BOB.uid, HERE, BOB, {}, False, 0, {}))
    do(session, End(ANN.uid, THERE))
    do(session, End(BOB.uid, HERE))
    do(session, Abandon(THERE))
    do(session, Keep(ANN.uid, THERE, KEPT))
    assert session.stored == before
    do(session, Keep(ANN.uid, HERE, KEPT))
    assert session.stored.kept == KEPT and session.decide(Keep(ANN.uid, HERE, KEPT), 9).event is None
    do(session, Take(on(ANN, THERE), HERE))
    assert session.stored.kept == KEPT
    do(session, End(ANN.uid, THERE))
    assert session.stored.person is None and not session.subscribers
    assert session.stored.kept == Kept()
    assert session.stored.devices["phone"].cursors == {"#c": Cursor(7, 5)}  # a device's place outlives it


def test_places_are_believed_of_whoever_has_sent_the_lines_and_the_furthest_counts(session: Session) -> None:
    do(session, Report(ANN.uid, THERE, ANN, {}, False, 0, {"phone": {"#c": Cursor(9, 8)}}))
    assert session.stored.devices["phone"].cursors == {"#c": Cursor(9, 8)} and session.stored.attached == 1
    do(session, Reached({"phone": {"#c": Cursor(8, 6), "#d": Cursor(1, 1)}, "laptop": {"#c": Cursor(4, 3)}}))
    assert session.stored.devices["phone"].cursors == {"#c": Cursor(9, 8), "#d": Cursor(1, 1)}
    assert session.stored.devices["laptop"].cursors == {"#c": Cursor(4, 3)}
    do(session, Reached({"phone": {"#c": Cursor(3, 9, ONE)}}))  # on another side of a partition it has read, too
    assert session.stored.devices["phone"].cursors["#c"] == Cursor(3, 9, ONE, (Position(NO_TERM, 9),))
    assert session.owner == HERE and session.decide(Reached({}), 10).event is None


def test_when_the_last_connection_went(session: Session) -> None:
    assert session.stored.left == 0
    for at in (20, 30):
        do(session, Report(ANN.uid, HERE, ANN, {}, True, 0, {}), at)
        assert session.stored.left == 20
    do(session, Report(ANN.uid, HERE, ANN, {}, True, 1, {}), 40)
    assert session.stored.left == 0


def test_one_that_does_not_last_is_abandoned_with_its_host(session: Session) -> None:
    assert session.maintenance(9, lambda edge: True) == []
    do(session, Report(ANN.uid, HERE, ANN, {}, False, 1, {}))
    assert session.maintenance(9, lambda edge: False) == []
    (command,) = session.maintenance(9, lambda edge: edge == HERE)
    do(session, command)
    assert session.stored.person is None


def test_devices_are_bounded_and_forgotten(session: Session) -> None:
    for number in range(DEVICES + 5):
        do(session, Report(ANN.uid, HERE, ANN, {}, True, 1, {f"d{number}": {"#c": Cursor(number, 5)}}), 100 + number)
    assert len(session.stored.devices) == DEVICES
    assert "phone" not in session.stored.devices
    do(session, ForgetDevice("d20"))
    assert "d20" not in session.stored.devices
    do(session, End(ANN.uid, HERE))
    assert not session.is_collectable(1000)
    assert session.is_collectable(1000 + DEVICE_MS)


def test_markers_only_grow_and_are_bounded(session: Session) -> None:
    assert do(session, MarkRead("#C", "#c", 50), 100) == Marker(50)
    assert do(session, MarkRead("#C", "#c", 40), 100) == Marker(50)
    assert session.decide(MarkRead("#C", "#c", 50), 100).event is None
    assert do(session, MarkRead("#C", "#c", 200), 100) == Marker(100)  # no later than now
    for number in range(MARKERS):
        do(session, MarkRead(f"#{number}", f"#{number}", 200 + number), 5_000)
    assert len(session.stored.markers) == MARKERS and "#c" not in session.stored.markers
    do(session, End(ANN.uid, HERE))
    assert session.stored.markers  # they are the account's
    do(session, ForgetAll())
    assert not session.stored.markers


def test_a_channel_is_detached_and_attached_again(session: Session) -> None:
    do(session, Detach("#c", True), 5)
    assert session.decide(Detach("#c", True), 6).event is None
    assert session.stored.detached["#c"] == Detached(5, True)
    other = Session("joe")
    other.stored = session.stored
    do(other, Detach("#c", off=True), 7)
    assert merge(session.stored, other.stored).detached["#c"] == Detached(7, False, True)  # the last word
    assert session.decide(Detach("#d", off=True), 8).event is None


def test_the_last_kick_from_each_channel_is_kept_while_the_session_is_there(session: Session) -> None:
    def kick(at: int) -> Kick:
        return Kick("#C", "b!b@c", "why", at, Cursor(at, at))

    do(session, NoteKick("#c", kick(5)))
    do(session, NoteKick("#c", kick(7)))
    assert session.decide(NoteKick("#c", kick(7)), 8).event is None
    assert session.stored.kicks == {"#c": kick(7)}
    for number in range(KICKS):
        do(session, NoteKick(f"#{number}", kick(8 + number)))
    assert len(session.stored.kicks) == KICKS and "#c" not in session.stored.kicks
    do(session, End(ANN.uid, HERE))
    assert not session.stored.kicks
    assert session.decide(NoteKick("#c", kick(7)), 8).event is None


def test_conversations_are_bounded_and_forgotten(session: Session) -> None:
    assert do(session, Converse("first", "bob"), 5) == Present(ANN.uid)
    assert do(session, Converse("first", "bob"), 100) == Present(ANN.uid)
    assert (session.stored.conversations["first"].since, session.stored.conversations["first"].at) == (5, 100)
    for number in range(CONVERSATIONS):
        do(session, Converse(f"talk {number}", f"joe{number}"), 10 + number // 10)
    assert len(session.stored.conversations) == CONVERSATIONS
    assert "first" in session.stored.conversations  # it was opened again
    assert "talk 0" not in session.stored.conversations
    do(session, ForgetAll())
    assert not session.stored.conversations
    assert do(Session("joe"), Converse("talk", "ann")) == Present("")


def test_places_are_bounded(session: Session) -> None:
    many = {f"#{number}": Cursor(1, number) for number in range(MOST_CURSORS)}
    do(session, Reached({"phone": many}))
    do(session, Reached({"phone": {"#new": Cursor(1, MOST_CURSORS)}}))
    cursors = session.stored.devices["phone"].cursors
    assert len(cursors) == MOST_CURSORS
    assert "#new" in cursors
    assert "#0" not in cursors


def test_what_it_is_can_be_asked(session: Session) -> None:
    assert session.answer(Look(), 5) == session.stored


AT = st.integers(0, 3)
CURSORS = st.dictionaries(
    st.sampled_from(["#a", "#b"]), st.builds(Cursor, AT, AT, st.sampled_from([ONE, TWO])), max_size=2
)
STATES = st.builds(
    Stored,
    st.sampled_from([None, ANN, on(ANN, THERE), BOB]),
    st.just({}),
    st.booleans(),
    st.integers(0, 1),
    st.integers(0, 3),
    st.integers(0, 1),
    st.dictionaries(st.sampled_from(["x", "y"]), st.builds(Device, st.integers(0, 3), CURSORS), max_size=2),
    kicks=st.dictionaries(
        st.sampled_from(["#a", "#b"]),
        st.builds(Kick, st.just("#A"), st.just("b!b@c"), st.sampled_from("xy"), st.just(5), st.builds(Cursor, AT, AT)),
        max_size=2,
    ),
    base=st.integers(0, 2),
)


def begun(person: Person, at: int, taken: int = 0) -> Session:
    """A group that had its first session then."""
    session = Session("ann")
    do(session, Take(person, None), at)
    if taken:
        do(session, Take(person, person.edge), taken)
    return session


def test_the_session_of_the_side_that_had_one_before_goes_on() -> None:
    """P26: the other side of the partition began the group empty, and the session there is the later."""
    ours, theirs = begun(ANN, 5), begun(on(BOB, THERE), 30)
    both = merge(ours.stored, theirs.stored)
    assert (both.person, both.taken, both.base, [*both.rivals]) == (ANN, 5, 5, [30])


def test_a_session_goes_on_where_that_of_the_older_side_is_over() -> None:
    ours, theirs = begun(ANN, 5), begun(on(BOB, THERE), 30)
    do(ours, End(ANN.uid, ANN.edge), 20)
    both = merge(ours.stored, theirs.stored)
    assert (both.person, both.base) == (on(BOB, THERE), 30)
    again = Session("ann")
    again.stored = both
    do(again, End(BOB.uid, THERE), 40)
    assert (again.stored.base, again.stored.rivals) == (5, {}), "the group is as old as its oldest side"


def test_of_one_base_the_last_owner_s_session_counts() -> None:
    here, there = begun(ANN, 5), begun(ANN, 5, 40)
    do(here, End(ANN.uid, ANN.edge), 20)
    assert merge(here.stored, there.stored).person == ANN
    gone = begun(ANN, 5, 10)
    assert merge(here.stored, gone.stored).person is None


def test_a_group_that_has_been_told_of_devices_alone_has_begun() -> None:
    session = Session("ann")
    do(session, Reached({"phone": {}}), 7)
    assert session.stored.base == 7


@given(STATES, STATES, STATES)
def test_a_merge_is_commutative_associative_and_idempotent(a: Stored, b: Stored, c: Stored) -> None:
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
