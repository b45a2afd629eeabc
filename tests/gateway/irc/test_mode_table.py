"""The tables of modes, as 004, the parser and the ranks read them. Stories of the modes: tests/gateway/commands."""

from __future__ import annotations

import pytest

from config.people import Limits
from gateway.irc.mode_table import CHANNEL_TABLE, USER_TABLE, Mode, myinfo
from gateway.irc.modes import CHANNEL_MODES, USER_MODES, parse_changes


def test_004_names_each_letter_once_in_order() -> None:
    users, channels, with_param = myinfo()
    assert users == "BRgiorswx"
    assert channels == "CDFHILMPQRSTUabefhijklmnoqstuv"
    assert with_param == "FILabefhjkloqv"


@pytest.mark.parametrize("table", [CHANNEL_TABLE, USER_TABLE], ids=["channels", "users"])
def test_each_letter_has_one_line_with_words_for_help_and_manual(table: tuple[Mode, ...]) -> None:
    letters = [mode.letter for mode in table]
    assert len(letters) == len({*letters})
    for mode in table:
        assert len(mode.letter) == 1 and mode.letter.isalpha() and mode.letter.isascii()
        assert mode.brief and not mode.brief.endswith(".")
        assert mode.meaning.endswith(".") and mode.meaning[0].isupper()


def test_ranks_stand_first_with_a_sign_each_and_nothing_else_has_a_sign() -> None:
    ranks = [mode for mode in CHANNEL_TABLE if mode.kind == "rank"]
    assert [*CHANNEL_TABLE[: len(ranks)]] == ranks
    assert [mode.sign for mode in ranks] == ["~", "&", "@", "%", "+"]
    assert not any(mode.sign for mode in (*CHANNEL_TABLE[len(ranks) :], *USER_TABLE))


def test_half_operators_cannot_give_their_own_rank_or_more() -> None:
    halfop = {mode.letter for mode in CHANNEL_TABLE if mode.halfop}
    assert halfop & {*CHANNEL_MODES.ranks} == {"v"}


def test_modes_of_users_are_flags_and_the_parser_knows_them() -> None:
    assert {mode.kind for mode in USER_TABLE} == {"flag"}
    assert sorted(USER_MODES) == sorted(mode.letter for mode in USER_TABLE)


@pytest.mark.parametrize("mode", CHANNEL_TABLE, ids=lambda mode: mode.letter)
def test_the_parser_knows_each_kind(mode: Mode) -> None:
    params = {"flag": None, "list": "x!y@z", "f": "#d", "L": "#d", "j": "1:2", "F": "5l:15", "l": "5"}
    param = params.get(mode.letter, params.get(mode.kind, "joe"))
    [change] = parse_changes([f"+{mode.letter}", *([param] if param else [])], Limits()).changes
    assert (change.adding, change.letter, change.param) == (True, mode.letter, param)
