from __future__ import annotations

import pytest

from gateway.irc.names import clean_user, is_channel, is_nick, is_valid_channel, is_valid_nick, split_status


@pytest.mark.parametrize("nick", ["joe", "Joe-2", "[a]\\`_^{|}", "a" * 30])
def test_nicks(nick: str) -> None:
    assert is_valid_nick(nick, 30)


@pytest.mark.parametrize(
    "nick", ["", "2joe", "-joe", "#joe", "jo e", "jo!e", "jo@e", "jo.e", "joé", "joe\n", "a" * 31, ":joe", "*", "j\0"]
)
def test_no_nicks(nick: str) -> None:
    assert not is_valid_nick(nick, 30)


@pytest.mark.parametrize("name", ["#", "#erlang", "##c++", "#été", "#a:b", "#日本", "#" + "a" * 63, "#@x", "##"])
def test_channels(name: str) -> None:
    assert is_valid_channel(name, 64)


@pytest.mark.parametrize(
    "name",
    ["", "erlang", "&local", "#a b", "#a,b", "#\x07", "#\0", "#a\n", "#\x7f", "#\x9f", "#\udcff", "#" + "é" * 32],
)
def test_no_channels(name: str) -> None:
    assert not is_valid_channel(name, 64)


def test_what_means_a_channel() -> None:
    assert is_channel("#a b")
    assert not is_channel("joe")
    assert not is_channel("")


@pytest.mark.parametrize(
    ("target", "split"),
    [
        ("#c", ("", "#c")),
        ("@#c", ("@", "#c")),
        ("+#c", ("+", "#c")),
        ("@+#c", ("+", "#c")),
        ("+%@#c", ("+", "#c")),
        ("@joe", ("", "@joe")),
        ("@", ("", "@")),
        ("", ("", "")),
        ("~#c", ("", "~#c")),
    ],
)
def test_status_messages(target: str, split: tuple[str, str]) -> None:
    assert split_status(target) == split


@pytest.mark.parametrize(
    ("text", "user"),
    [("joe", "joe"), ("joe.doe@home!x y", "joe.doehom"), ("жора", "user"), ("", "user"), ("~joe\r\n", "~joe")],
)
def test_user_names(text: str, user: str) -> None:
    assert clean_user(text, 10) == user


def test_who_was_renamed_to_its_uid_is_reached_by_it_and_nobody_can_claim_it() -> None:
    assert is_nick("0z1oovl-3-1", 30) and not is_valid_nick("0z1oovl-3-1", 30)
    assert is_nick("zed", 30)
    for text in ("0", "0a-1", "1a-1-1", "0a-1-1-1", "0a-1-", "0" + "a" * 99 + "-1-1", "0a-1-1 x"):
        assert not is_nick(text, 30)
