"""What the server says of itself: 005, numerics, tags and times."""

from __future__ import annotations

import re

import pytest

from gateway.irc import numerics
from gateway.irc.clienttags import label, relayed_tags
from gateway.irc.format import format_line
from gateway.irc.isupport import isupport
from gateway.irc.limits import Limits
from gateway.irc.times import server_time


def tokens(network: str = "Circlet") -> dict[str, str]:
    lines = isupport(Limits(), network, "rfc1459")
    return dict(token.partition("=")[::2] for line in lines for token in line)


def test_isupport_says_what_clients_look_for() -> None:
    said = tokens()
    assert said["CHANMODES"] == "beI,k,l,CHQRSimnst"
    assert said["PREFIX"] == "(ohv)@%+"
    assert said["CASEMAPPING"] == "rfc1459"
    assert said["CHANLIMIT"] == "#:100"
    assert said["MAXLIST"] == "b:100,e:100,I:100"
    assert said["ELIST"] == "CMNTU"
    assert said["NICKLEN"] == "30"
    assert "UTF8ONLY" not in said


def test_isupport_tokens_are_well_formed_and_their_lines_fit() -> None:
    lines = isupport(Limits(), "x" * 40, "ascii", history=1000)
    assert {"CHATHISTORY=1000", "MSGREFTYPES=msgid,timestamp"} <= {*lines[-1]}
    for line in lines:
        assert 1 <= len(line) <= 13
        assert all(re.fullmatch(r"[A-Z0-9]{1,20}(=[!-~]*)?", token) for token in line)
        text = [("n" * 30), *line, numerics.TEXT[numerics.RPL_ISUPPORT]]
        assert format_line("s" * 63, numerics.RPL_ISUPPORT, text).endswith(b":are supported by this server\r\n")


def test_isupport_escapes_the_network_name() -> None:
    assert tokens("My Net=1\\")["NETWORK"] == "My\\x20Net\\x3D1\\x5C"


def test_numerics_are_three_digits_and_distinct() -> None:
    named = {name: value for name, value in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))}
    assert all(re.fullmatch(r"[0-9]{3}", value) for value in named.values())
    assert len(set(named.values())) == len(named)
    assert set(numerics.TEXT) <= set(named.values())
    assert numerics.TEXT["417"] == "Input line was too long"


def test_only_well_named_client_tags_are_relayed() -> None:
    sent = {
        "+typing": "active",
        "+draft/reply": "x",
        "+ex.org/a": "",
        "time": "1",
        "label": "2",
        "+": "",
        "+a b": "",
        "": "",
    }
    assert relayed_tags(sent) == {"+typing": "active", "+draft/reply": "x", "+ex.org/a": ""}
    assert relayed_tags({"label": "1"}) is None
    assert relayed_tags(None) is None


@pytest.mark.parametrize(
    ("tags", "text"),
    [(None, None), ({}, None), ({"label": ""}, None), ({"label": "a"}, "a"), ({"label": "é" * 33}, None)],
)
def test_labels(tags: dict[str, str] | None, text: str | None) -> None:
    assert label(tags) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_424_400_007, "2026-11-23T09:00:00.007Z"),
        (-1, "1970-01-01T00:00:00.999Z"),
        (10**18, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_server_time(ms: int, text: str) -> None:
    assert server_time(ms) == text
