"""332, 333, 353 and 366 of a channel: the fewest lines, and the signs that a client's capabilities ask for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.client.lines import Line
from gateway.edge.users.names import names_lines, roll, send_topic
from gateway.irc.limits import LINE_BYTES
from tests.gateway.state.cast import ANN, BOB, Stage, person, plus
from tests.settings import edge_settings

EDGE: Any = SimpleNamespace(settings=edge_settings(server_name="s" * 63))
READER: Any = SimpleNamespace(person=person("9", "n" * 30))


def names(members: list[Any], *caps: str, secret: bool = False, channel: str = "#c") -> list[Line]:
    found: list[Line] = []
    names_lines(EDGE, READER, channel, secret, members, caps, found.append)
    return found


@pytest.mark.parametrize(
    ("caps", "shown"),
    [
        ((), "@Ann Bob"),
        (("multi-prefix",), "@+Ann Bob"),
        (("userhost-in-names",), f"@{ANN.source} {BOB.source}"),
        (("multi-prefix", "userhost-in-names"), f"@+{ANN.source} {BOB.source}"),
    ],
)
def test_each_capability_changes_the_names(caps: tuple[str, ...], shown: str) -> None:
    first, last = names([(ANN, "ov"), (BOB, "")], *caps)
    assert first.command == "353" and first.params[1:] == ("=", "#c", shown)
    assert last.command == "366" and last.params[1:] == ("#c", "End of /NAMES list")


def test_a_secret_channel_has_another_sign_and_an_empty_channel_no_names() -> None:
    assert names([(ANN, "")], secret=True)[0].params[1] == "@"
    assert [line.command for line in names([])] == ["366"]


@settings(max_examples=50)
@given(st.lists(st.integers(1, 30), max_size=40), st.booleans())
def test_all_names_come_in_order_and_every_line_fits_and_is_full(lengths: list[int], full: bool) -> None:
    members = [(person(str(number), "x" * length), "o") for number, length in enumerate(lengths)]
    caps = ("userhost-in-names",) if full else ()
    lines = names(members, *caps, channel="#" + "c" * 63)
    rows = [line.params[3].split(" ") for line in lines[:-1]]
    assert [name for row in rows for name in row] == ["@" + (one.source if full else one.nick) for one, _ in members]
    for line in lines:
        assert line.render(0).endswith(line.params[-1].encode() + b"\r\n")
    for line, (following, *_) in zip(lines, rows[1:], strict=False):
        assert len(line.render(0)) + 1 + len(following) > LINE_BYTES, "the next name had room in the row before"


def test_a_topic_is_shown_with_author_and_time_and_no_topic_with_nothing() -> None:
    stage = Stage(ANN, BOB)
    found: list[Line] = []
    send_topic(EDGE, READER, stage.channel, found.append)
    assert found == []
    stage.channel.topic, stage.channel.topic_by, stage.channel.topic_at = "tea", ANN.source, 7_999
    for channel in (stage.channel, roll(stage.channel, "1")):
        found.clear()
        send_topic(EDGE, READER, channel, found.append)
        assert [(line.command, *line.params[1:]) for line in found] == [
            ("332", "#C", "tea"),
            ("333", "#C", ANN.source, "7"),
        ]


def test_a_roll_keeps_the_members_of_its_moment() -> None:
    stage = Stage(ANN, BOB)
    before = roll(stage.channel, "1")
    stage.mode(ANN, plus("s"), plus("v", "Bob"))
    assert before.members == {ANN.uid: (ANN, "o"), BOB.uid: (BOB, "")} and not before.secret
    assert roll(stage.channel, "1").members[BOB.uid] == (BOB, "v") and roll(stage.channel, "1").secret
