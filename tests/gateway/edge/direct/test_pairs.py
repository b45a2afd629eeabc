"""The messages of a user to a nick: no message overtakes another, and a doubtful answer is told as such."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.edge.direct.messages import DirectMessages
from gateway.edge.direct.pairs import DirectMessage, Pair, Turn
from gateway.edge.direct.remote import Direct, Elsewhere, InDoubt, Late
from gateway.state.nick.messages import Reached, Tell
from gateway.state.people import Person, refused
from ring.ids import GroupId
from ring.replication.application import FAILED, EventId

HOME = GroupId("nick", "bob")
ANN = Person("1a", 1, "ann", "~ann", "host", "Ann", "127.0.0.1", 1)
BOB = Person("2b", 1, "bob", "~bob", "host", "Bob", "127.0.0.2", 1)
EVENT = EventId("id", 5)


class Messages(DirectMessages):
    """Private messages of a node, which notes the questions to the nick's group and asks nobody."""

    def __init__(self) -> None:
        self._pairs = {}
        self.asked: list[Any] = []
        self.done: list[tuple[str, Any]] = []
        self.remote: Any = SimpleNamespace(asked=lambda *_: None)
        self.edge: Any = SimpleNamespace(
            network=SimpleNamespace(submit=lambda home, tell, turn: self.asked.append(tell)),
            conversations=SimpleNamespace(keeps_with_guests=lambda: False),
        )

    def sent(self, user: Any) -> None: ...

    def look_for(self, name: str, sender: Any, refusal: Any, known: Any) -> None:
        known(refusal)

    def turn(self, text: str) -> Turn:
        """A message that has gone directly to the holder's node."""
        user: Any = SimpleNamespace(uid="1a", session=SimpleNamespace(account=""), person=ANN, unsettled={})
        connection = SimpleNamespace(closed=None, user=user)
        call: Any = SimpleNamespace(
            connection=connection,
            stamp=EventId("other", 1),
            failure=None,
            within=lambda slot, done, value: done(value),
            close=lambda slot: None,
        )
        pair = self.pair(("1a", HOME))
        tell = Tell(ANN, "PRIVMSG", text.encode())
        turn = Turn(self, call, pair, user, tell, lambda outcome: self.done.append((text, outcome)))
        pair.turns.append(turn)
        pair.direct += 1
        return turn


@pytest.fixture
def messages() -> Messages:
    return Messages()


def test_answers_are_told_in_the_order_of_speaking(messages: Messages) -> None:
    one, two = messages.turn("1"), messages.turn("2")
    two.came(Direct(Reached(BOB), EVENT))
    assert messages.done == [] and two.event_id == EVENT
    one.came(Direct(Reached(BOB), EVENT))
    assert [text for text, _ in messages.done] == ["1", "2"] and two.call.stamp == EVENT
    assert messages._pairs == {}


def test_held_messages_go_to_the_group_when_no_message_is_with_the_holders_node() -> None:
    pair, gone = Pair(("1a", HOME)), list[str]()
    for name in "ab":
        pair.held.append(SimpleNamespace(go=lambda name=name: gone.append(name)))  # type: ignore[arg-type]
    pair.direct = 1
    pair.release()
    assert gone == []
    pair.direct = 0
    pair.release()
    pair.release()
    assert gone == ["a", "b"] and pair.held == []


def test_a_holder_elsewhere_is_asked_for_by_the_group(messages: Messages) -> None:
    turn = messages.turn("1")
    turn.came(Elsewhere())
    assert [tell.uid for tell in messages.asked] == [""] and turn.pair.asked == 1 and turn.pair.direct == 0
    turn(Reached(BOB))
    assert messages.done == [("1", Reached(BOB))] and messages._pairs == {}


def test_a_doubtful_message_goes_to_the_same_holder_under_the_same_id_or_is_in_doubt(messages: Messages) -> None:
    turn = messages.turn("1")
    turn.came(InDoubt("2b", EVENT))
    (tell,) = messages.asked
    assert (tell.uid, tell.msgid, tell.at) == ("2b", "id", 5)
    turn(refused("401", "bob"))
    assert messages.done == [("1", FAILED)]
    assert turn.call.stamp is None


def test_a_refusal_without_doubt_is_told_as_it_is(messages: Messages) -> None:
    turn = messages.turn("1")
    turn.came(Elsewhere())
    turn(refused("401", "bob"))
    assert messages.done == [("1", refused("401", "bob"))]


@pytest.mark.parametrize("answer", [Direct(Reached(BOB), EVENT), Elsewhere(), InDoubt("2b", EVENT)])
def test_an_answer_after_the_time_is_not_told_again_and_the_pair_ends(messages: Messages, answer: Any) -> None:
    turn = messages.turn("1")
    turn.came(Late())
    assert messages.done == [("1", FAILED)] and turn.pair.direct == 1 and turn.pair.key in messages._pairs
    turn.came(answer)
    assert messages.done == [("1", FAILED)] and messages._pairs == {} and messages.asked == []


@pytest.mark.parametrize(
    ("speaker", "holder", "guest"), [("ann", "bob", False), ("", "bob", True), ("ann", None, True)]
)
def test_a_guest_on_either_side_counts(speaker: str, holder: str | None, guest: bool) -> None:
    nothing: Any = None
    user: Any = SimpleNamespace(session=SimpleNamespace(account=speaker))
    person: Any = SimpleNamespace(account=holder)
    assert DirectMessage(nothing, user, HOME, nothing, person, nothing, nothing).has_guest is guest
