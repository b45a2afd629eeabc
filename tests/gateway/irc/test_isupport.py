"""The tokens of 005."""

from __future__ import annotations

import re

from config.people import Limits
from gateway.irc import numerics
from gateway.irc.format import format_line
from gateway.irc.isupport import isupport
from tests.settings import section


def tokens(network: str = "Circlet") -> dict[str, str]:
    lines = isupport(Limits(), network, "rfc1459")
    return dict(token.partition("=")[::2] for line in lines for token in line)


def test_isupport_says_what_clients_look_for() -> None:
    said = tokens()
    assert said["CHANMODES"] == "beI,k,lFLfj,CDHMPQRSTUimnstu"
    assert said["PREFIX"] == "(qaohv)~&@%+"
    assert said["CASEMAPPING"] == "rfc1459"
    assert said["CHANLIMIT"] == "#:100"
    assert said["MAXLIST"] == "b:100,e:100,I:100"
    assert said["ELIST"] == "CMNTU"
    assert said["NICKLEN"] == "30"
    assert "UTF8ONLY" not in said
    assert said["EXTBAN"] == "~,acqrt"
    assert said["ACCOUNTEXTBAN"] == "a,account"


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


def test_every_number_among_the_limits_is_told_to_clients() -> None:
    odd = {name: 701 + number for number, name in enumerate(Limits.model_fields)}
    told = " ".join(token for line in isupport(section(Limits, **odd), "Circlet", "ascii") for token in line)
    assert {name for name, value in odd.items() if str(value) not in told} == set()


def test_no_history_means_no_token_of_history() -> None:
    assert not {"CHATHISTORY", "MSGREFTYPES"} & tokens().keys()
