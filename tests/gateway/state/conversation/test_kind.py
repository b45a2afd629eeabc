"""Conversations as a kind of group: the history that is kept and shown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.conversation.conversation import Conversation, Party, conversation
from gateway.state.conversation.kind import ConversationKind
from gateway.state.conversation.messages import Said, Sat, Seat
from gateway.state.reader import UNJUDGED
from ring.ids import Incarnation
from tests.gateway.state.cast import packed

KIND = ConversationKind(60.0)
NAME = conversation(Party("ann", "0a-1-1"), Party("bob", "0a-1-2")).name
SAT = Sat("ann", Seat("1", Incarnation("n1", 1), 5))
WORDS = Said("1", "ann", "ann!a@x", "PRIVMSG", b"hi", "bob")
TYPING = Said("1", "ann", "ann!a@x", "TAGMSG", b"", "bob", tags={"+typing": "active"})


def test_conversations_are_written_and_have_words_for_a_mistake_of_the_program() -> None:
    assert KIND.durable == "written"
    assert KIND.unjudged is UNJUDGED


@pytest.mark.parametrize(("event", "kept"), [(WORDS, True), (TYPING, False), (SAT, False)])
def test_words_are_kept_on_a_network_with_a_history(event: Any, kept: bool) -> None:
    assert KIND.keeps(event) is kept
    assert not ConversationKind(0.0).keeps(event)


def test_deleted_words_are_selected_for_nobody_and_erased_from_disks() -> None:
    state: Any = KIND.initial(NAME)
    assert KIND.selects(state, WORDS, "m1", 5, "")
    state.history.redact("m1", 6)
    assert not KIND.selects(state, WORDS, "m1", 5, "")
    assert KIND.selects(state, WORDS, "m2", 5, "")
    assert KIND.erased(state).msgids == {"m1"}


def test_the_words_of_a_person_who_is_forgotten_are_selected_for_nobody() -> None:
    state: Any = KIND.initial(NAME)
    state.history.forget(KIND.authors(WORDS), 5)
    assert not KIND.selects(state, WORDS, "m1", 5, "")
    assert KIND.selects(state, WORDS, "m2", 6, "")
    assert "ann" in KIND.authors(WORDS)


def test_a_restored_conversation_has_the_seats() -> None:
    state = KIND.initial(NAME)
    state.apply(SAT, 5)
    restored = KIND.restore(NAME, packed(state.snapshot()))
    assert isinstance(restored, Conversation)
    assert restored.subscribers == {Incarnation("n1", 1): 1}
    with pytest.raises(msgspec.MsgspecError):
        KIND.restore(NAME, packed([{"ann": ["1"]}]))


def test_nobody_asks_a_conversation() -> None:
    with pytest.raises(msgspec.MsgspecError):
        KIND.read_question(packed([1]))
