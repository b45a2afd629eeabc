"""A template gives each reader the bytes that the general path gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.client.texts import Reply, Template, Texts
from gateway.irc.format import format_line
from tests.settings import edge_settings

SERVER = "irc.example.org"

words = st.text(st.characters(codec="utf-8"), max_size=300)
nicks = st.from_regex(r"[a-z_|][a-z0-9|\-]{0,29}", fullmatch=True)
replies = st.lists(
    st.tuples(st.sampled_from(["002", "005", "372"]), words) | st.tuples(st.just("005"), words, words), max_size=3
)


@given(replies, nicks)
def test_a_template_renders_what_the_general_path_renders(wanted: list[Reply], nick: str) -> None:
    rendered = Template(SERVER, wanted).render(nick)
    general = [format_line(SERVER, numeric, (nick, *params)) for numeric, *params in wanted]
    if rendered is None:
        assert max(map(len, general)) == 512
    else:
        assert rendered == general


def test_a_line_that_has_to_be_cut_for_this_nick_alone_is_left_to_the_general_path() -> None:
    text = "w" * (512 - len(f":{SERVER} 372 four :\r\n") - 2) + " w"
    template = Template(SERVER, [("372", text)])
    fits = template.render("four")
    assert fits is not None and len(fits[0]) == 512
    assert template.render("five5") is None


def test_the_texts_are_those_of_the_settings() -> None:
    texts = Texts(edge_settings(server_name=SERVER, motd=("one", "two")), "n1")
    assert [reply[0] for reply in texts.motd.replies] == ["375", "372", "372", "376"]
    assert [reply[0] for reply in texts.greeting.replies][:3] == ["002", "003", "004"]
    assert Texts(edge_settings(), "n1").motd.replies == ()
