"""What a node remembers of a user's private messages, and when the node is no longer sure."""

from __future__ import annotations

from gateway.edge.direct.privacy import CONVERSATIONS, POSITIONS, Privacy
from ring.ids import GroupId

BOB = GroupId("nick", "bob")


def home(number: int) -> GroupId:
    return GroupId("nick", f"p{number}")


def test_nothing_is_kept_until_the_choice_is_known() -> None:
    assert Privacy().keeps is False


def test_a_group_that_never_answered_has_no_position_and_an_answer_counts() -> None:
    privacy = Privacy()
    assert privacy.position(BOB) == ""
    privacy.remember_position(BOB, "m1")
    assert privacy.position(BOB) == "m1" and privacy.position(home(1)) == ""


def test_a_message_without_an_answer_makes_this_group_alone_unsure() -> None:
    privacy = Privacy()
    privacy.remember_position(BOB, None)
    assert privacy.position(BOB) is None and privacy.position(home(1)) == ""


def test_after_words_on_another_node_each_unknown_group_is_asked_first() -> None:
    privacy = Privacy()
    privacy.remember_position(BOB, "m1")
    privacy.forget_positions()
    assert privacy.position(home(1)) is None
    assert privacy.position(BOB) == "m1"


def test_after_a_forgotten_group_no_silence_is_believed() -> None:
    privacy = Privacy()
    for number in range(POSITIONS):
        privacy.remember_position(home(number), "m")
    assert privacy.position(BOB) == ""
    privacy.remember_position(home(POSITIONS), "m")
    assert privacy.position(home(0)) is None and privacy.position(BOB) is None
    assert privacy.position(home(1)) == privacy.position(home(POSITIONS)) == "m"


def test_a_guest_remembers_the_latest_conversations() -> None:
    privacy = Privacy()
    for number in range(CONVERSATIONS + 1):
        privacy.remember(f"account{number}", GroupId("conversation", str(number)))
    assert len(privacy.guest_conversations) == CONVERSATIONS
    assert "account0" not in privacy.guest_conversations
    assert privacy.guest_conversations[f"account{CONVERSATIONS}"].name == str(CONVERSATIONS)


def test_users_share_nothing() -> None:
    one, other = Privacy(), Privacy()
    one.remember("ann", BOB)
    one.remember_position(BOB, "m1")
    one.forget_positions()
    assert other.guest_conversations == {} and other.position(BOB) == ""
