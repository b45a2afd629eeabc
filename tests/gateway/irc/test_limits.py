"""The limits of a network: at the defaults, the longest answers still fit a line."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.people import Limits
from gateway.irc.format import format_body
from gateway.irc.limits import BODY_BYTES, CLIENT_TAG_BYTES, LINE_BYTES

DEFAULT_LIMITS = Limits()
NICK = "n" * DEFAULT_LIMITS.nick_len
USER = "u" * DEFAULT_LIMITS.user_len
HOST = "h" * DEFAULT_LIMITS.host_len
CHANNEL = "#" + "c" * (DEFAULT_LIMITS.channel_len - 1)
SOURCE = f"{NICK}!{USER}@{HOST}"
SERVER = "s" * 63


def test_the_lines_of_the_protocol() -> None:
    assert (LINE_BYTES, BODY_BYTES) == (512, 510)
    assert len("@") + 4094 + len(" ") == CLIENT_TAG_BYTES


@pytest.mark.parametrize(
    ("source", "command", "params"),
    [
        (SOURCE, "KICK", [CHANNEL, NICK, "k" * DEFAULT_LIMITS.kick_len]),
        (SOURCE, "AWAY", ["a" * DEFAULT_LIMITS.away_len]),
        (SOURCE, "JOIN", [CHANNEL, NICK, "r" * DEFAULT_LIMITS.real_len]),
        (SOURCE, "MODE", [CHANNEL, "+k", "k" * DEFAULT_LIMITS.key_len]),
        (SERVER, "301", [NICK, NICK, "a" * DEFAULT_LIMITS.away_len]),
        (SERVER, "311", [NICK, NICK, USER, HOST, "*", "r" * DEFAULT_LIMITS.real_len]),
        (SERVER, "352", [NICK, CHANNEL, USER, HOST, SERVER, NICK, "H*@", "0 " + "r" * DEFAULT_LIMITS.real_len]),
    ],
    ids=["KICK", "AWAY", "JOIN", "MODE", "301", "311", "352"],
)
def test_texts_of_the_longest_length_are_sent_whole(source: str, command: str, params: list[str]) -> None:
    line = format_body(source, command, params)
    assert len(line) <= LINE_BYTES
    assert line.endswith(params[-1].encode() + b"\r\n")


def test_limits_cannot_change_while_a_node_runs() -> None:
    with pytest.raises(ValidationError):
        DEFAULT_LIMITS.nick_len = 31


def test_the_default_limits_leave_something_of_everything() -> None:
    assert all(value > 0 for value in DEFAULT_LIMITS.model_dump().values())
