"""Questions to a channel, and the answers: read from nodes of other levels, and refused if broken."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.channel.messages import Joined, TopicSet
from gateway.state.channel.questions import MEMBERS, ChannelView, ListRow, Look, MemberView
from tests.gateway.state.cast import ANN, Stage, packed, person

VIEW = ChannelView("#C", 1, "nt", (), "tea", "Ann", 2, (MemberView(ANN, "@"),))


def read(kind: Any, value: Any) -> Any:
    return msgspec.msgpack.decode(packed(value), type=kind)


def test_a_question_and_the_answers_read_back() -> None:
    row = ListRow("#C", 3, "tea", 1, 2, hidden=True, term=4)
    for value in (Look("1", "list:b", oper=True), VIEW, row):
        assert read(type(value), value) == value


def test_an_asker_is_no_operator_unless_the_question_says_so() -> None:
    assert read(Look, [41, "1", "names"]) == Look("1", "names", oper=False)


def test_an_answer_of_level_1_has_neither_total_nor_registration() -> None:
    values = msgspec.to_builtins(VIEW)
    assert ChannelView.NEWER == {"total": 2, "registration": 2, "doubtful": 2, "forbidden": 3, "metadata": 3}
    assert ChannelView.__struct_fields__[-5:] == ("total", "registration", "doubtful", "forbidden", "metadata")
    assert read(ChannelView, values[:-5]) == VIEW


@pytest.mark.parametrize("broken", [[41], [41, 7, "names"], [40, "1", "names"], [41, "1", "names", "yes"]])
def test_a_broken_question_is_refused(broken: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(Look, broken)


def test_pages_have_so_many_members_and_together_every_member_once() -> None:
    stage = Stage()
    uids = sorted(str(number) for number in range(MEMBERS + 1))
    for uid in reversed(uids):
        stage.channel.apply(Joined(person(uid), "", "#C"), 1)
    first = stage.channel.answer(Look("", "page:"), 2)
    assert first is not None
    seen = [member.person.uid for member in first.members]
    assert seen == uids[:MEMBERS] and first.total == MEMBERS + 1
    second = stage.channel.answer(Look("", f"page:{seen[-1]}"), 2)
    assert second is not None
    assert [member.person.uid for member in second.members] == uids[MEMBERS:]


def test_the_page_of_no_channel_is_told_from_no_answer() -> None:
    stage = Stage()
    stage.channel.apply(TopicSet("1", "Ann!user@x", "tea"), 1)
    page = stage.channel.answer(Look("", "page:"), 2)
    assert page is not None and page.name == "" and not page.topic
