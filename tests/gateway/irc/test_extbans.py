"""Extended bans: reading, the short form, and whom a mask fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.casemapping import Casemap
from gateway.irc.extbans import Extban, complete, is_good_mask, read

CASEMAP = Casemap("rfc1459")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("~a:joe", "~a:joe"),
        ("~account:Joe", "~a:Joe"),
        ("~A:*", "~a:*"),
        ("~r:*spam?bot*", "~r:*spam?bot*"),
        ("~channel:#raid", "~c:#raid"),
        ("~q:joe", "~q:joe!*@*"),
        ("~mute:~a:joe", "~q:~a:joe"),
        ("~t:30:joe", "~t:30:joe!*@*"),
        ("~q:~t:30:10.0.0.0/8", "~t:30:~q:*!*@10.0.0.0/8"),
        ("~t:5:~quiet:~realname:*x*", "~t:5:~q:~r:*x*"),
    ],
)
def test_a_mask_is_kept_in_its_short_form(text: str, short: str) -> None:
    assert complete(text) == short
    assert str(read(short)) == short
    assert is_good_mask("b", short)


@pytest.mark.parametrize(
    "text",
    [
        "~x:joe",
        "~a:",
        "~c:raid",
        "~c:#a,b",
        "~q:~c:#raid",
        "~q:",
        "~q:~q:joe",
        "~t:joe",
        "~t:0:joe",
        "~t:-5:joe",
        "~t:5",
        "~t:5:",
        "~t:999999:joe",
        "~t:5:~t:5:joe",
        "~t:5:~x:joe",
        "~q:*!*@10.0.0.0/99",
        "~t:٣:joe",
        "$a:joe",
        "m:joe",
    ],
)
def test_what_is_not_understood_is_no_good_mask(text: str) -> None:
    assert read(text) is None
    assert not is_good_mask("b", complete(text))


def test_a_mute_needs_no_invitation_of_nobody() -> None:
    assert is_good_mask("e", "~q:joe!*@*") and not is_good_mask("I", "~q:joe!*@*")
    assert is_good_mask("I", "~a:joe") and is_good_mask("I", "~t:5:~c:#d")


def test_an_older_network_knows_no_extended_bans() -> None:
    assert complete("~a:joe", extended=False) == "*!*@~a:joe"


def fits(mask: str, account: str | None = "Joe", real: str = "Joe Doe", rooms: tuple[str, ...] = ("#d{",)) -> bool:
    found = read(mask)
    assert found is not None
    return found.fits("joe!u@10.0.0.1", account, real, rooms, CASEMAP)


def test_whom_a_mask_fits() -> None:
    assert fits("~a:JOE") and fits("~a:j*") and not fits("~a:ann") and not fits("~a:0")
    assert fits("~a:0", None) and not fits("~a:*", None)
    assert fits("~r:joe?d*") and not fits("~r:joe")
    assert fits("~c:#D[") and not fits("~c:#e")
    assert fits("~q:joe") and fits("~t:9:10.0.0.0/8") and not fits("~t:9:11.0.0.0/8")


@given(st.text("~aqctr:#*!@5x ", max_size=20))
def test_any_text_has_one_short_form(text: str) -> None:
    found = read(text)
    if found is not None:
        assert read(str(found)) == found
        assert isinstance(found, Extban)
