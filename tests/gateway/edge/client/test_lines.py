"""One event as a line: rendered once for each set of capabilities, with the tags that these capabilities allow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from irctokens.line import tokenise

from gateway.edge.client.lines import ACCOUNT, TAGS, TIME, Line
from gateway.state.people import Author

ANN = Author("ann!a@h", "Ann")
VARIANTS = st.integers(0, TIME | TAGS | ACCOUNT)


def said(source: Author | str | None = ANN) -> Line:
    return Line(source, "PRIVMSG", ("#c", "hi"), at=7, msgid="m-1", tags={"+typing": "active"}, bot=True)


@given(VARIANTS)
def test_each_capability_has_its_tags_and_no_other(variant: int) -> None:
    read = tokenise(said().render(variant)[:-2].decode())
    wanted: dict[str, str] = {}
    if variant & TIME:
        wanted["time"] = "1970-01-01T00:00:00.007Z"
    if variant & ACCOUNT:
        wanted["account"] = "Ann"
    if variant & TAGS:
        wanted |= {"msgid": "m-1", "bot": "", "+typing": "active"}
    assert (read.tags or {}) == wanted
    assert (read.source, read.command, read.params) == ("ann!a@h", "PRIVMSG", ["#c", "hi"])


def test_a_line_of_the_server_or_of_a_guest_has_no_account() -> None:
    for source in ("irc.example", Author("bob!b@h"), None):
        assert b"account" not in said(source).render(ACCOUNT)


def test_the_bytes_are_made_once_for_each_variant() -> None:
    line = said()
    assert line.render(TIME) is line.render(TIME)
    assert {*line.rendered} == {TIME}


def test_the_tags_of_one_call_are_for_this_call_alone() -> None:
    line = said()
    assert line.render(0, {"label": "l1"}) == b"@label=l1 :ann!a@h PRIVMSG #c hi\r\n".replace(b" hi", b" :hi")
    assert line.render(0) == b":ann!a@h PRIVMSG #c :hi\r\n"
    assert line.rendered == {0: line.render(0)}


def test_without_a_time_and_an_id_there_are_no_such_tags() -> None:
    assert Line("irc.example", "NOTICE", ("ann", "hi")).render(TIME | TAGS) == b":irc.example NOTICE ann :hi\r\n"
