"""CAP lines: however long, each fits, and a client reads what was said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.client.capabilities import CAPS, lines, listed, news
from gateway.irc.message import parse

WORDS = st.text("ab/=,.-\u00e9", min_size=1, max_size=60)
NICKS = st.text("n\u00f1", min_size=1, max_size=64)
SUBS = ["LS", "LIST", "NEW", "DEL", "ACK", "NAK"]


def read(nick: str, sub: str, names: list[str], version: int) -> list[tuple[bool, list[str]]]:
    """Of each line, whether it says that more follows, and its names."""
    found = []
    for line in lines("s" * 63, nick, sub, names, version):
        data = line.render(0)
        assert len(data) <= 512
        message = parse(data[:-2])
        assert message is not None and message.params[:2] == [nick, sub]
        assert message.params[2:-1] in ([], ["*"])
        found.append((len(message.params) == 4, message.params[-1].split()))
    return found


@given(NICKS, st.sampled_from(SUBS), st.lists(WORDS, max_size=60), st.sampled_from([301, 302, 303]))
def test_every_line_fits_and_no_name_is_cut(nick: str, sub: str, names: list[str], version: int) -> None:
    found = read(nick, sub, names, version)
    said = [name for _, row in found for name in row]
    assert said == names[: len(said)]
    follows = [more for more, _ in found]
    if sub == "NAK" or (sub in ("LS", "LIST") and version < 302):
        assert follows == [False]
        assert said == names or len(said) >= 4
    else:
        assert said == names
        assert follows == [sub in ("LS", "LIST")] * (len(found) - 1) + [False]


def test_a_line_is_filled_before_the_next_one_begins() -> None:
    room = 510 - len(f":{'s' * 63} CAP n LS * :")
    assert [len(row) for _, row in read("n", "LS", ["x" * (room - 2), "y", "z"], 302)] == [2, 1]
    assert [len(row) for _, row in read("n", "LS", ["x" * (room - 1), "y", "z"], 302)] == [1, 2]


def test_who_reads_one_line_is_told_of_what_is_no_draft_first() -> None:
    offer = {**CAPS, **{f"draft/more-{number}": "x" for number in range(20)}}
    ((_, said),) = read("n" * 64, "LS", listed(offer, 301), 301)
    assert {name for name in CAPS if not name.startswith("draft/")} <= {*said}
    assert not any("=" in name for name in said)
    assert {name.partition("=")[0] for _, row in read("n", "LS", listed(offer, 302), 302) for name in row} == {*offer}


def test_news_of_an_offer() -> None:
    assert news({"a": "", "b": "1"}, {"b": "2", "c": "", "d": "x"}) == (["b=2", "c", "d=x"], ["a"])
