from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.people import Limits
from gateway.irc.modes import (
    CHANNEL_MODES,
    MAX_PROBLEMS,
    ListQuery,
    ModeChange,
    parse_changes,
    parse_user_changes,
    render_changes,
)
from tests.settings import section

ON, OFF = True, False
LIMITS, WIDE = Limits(), section(Limits, modes=1000)
CHANGES = st.lists(
    st.one_of(
        st.builds(ModeChange, st.booleans(), st.sampled_from("ohv"), st.from_regex(r"[a-zé]{1,9}", fullmatch=True)),
        st.builds(
            ModeChange,
            st.booleans(),
            st.just("b"),
            st.from_regex(r"[a-z*]{1,3}!u@h", fullmatch=True).map(
                lambda mask: mask.replace("**", "*").replace("**", "*")
            ),
        ),
        st.builds(ModeChange, st.just(ON), st.just("l"), st.integers(1, 999).map(str)),
    ),
    max_size=20,
)


@pytest.mark.parametrize(
    ("params", "changes"),
    [
        ([], []),
        ([""], []),
        (["+"], []),
        (["nt"], [ModeChange(ON, "n"), ModeChange(ON, "t")]),
        (["+o-v", "a", "b"], [ModeChange(ON, "o", "a"), ModeChange(OFF, "v", "b")]),
        (["+b-b", "joe", "u@h"], [ModeChange(ON, "b", "joe!*@*"), ModeChange(OFF, "b", "*!u@h")]),
        (["+l-l", "007"], [ModeChange(ON, "l", "7"), ModeChange(OFF, "l")]),
        (["+k", "sesame"], [ModeChange(ON, "k", "sesame")]),
        (["+fL-f", "#d", "#E"], [ModeChange(ON, "f", "#d"), ModeChange(ON, "L", "#E"), ModeChange(OFF, "f")]),
        (["+j", "03:010"], [ModeChange(ON, "j", "3:10")]),
        (["+F", "010l,3r#k10,5j#i:15"], [ModeChange(ON, "F", "10l,3r,5j#i:15")]),
        (["-k"], [ModeChange(OFF, "k", "*")]),
        (["-k", "wrong"], [ModeChange(OFF, "k", "*")]),
        (["+i-i+i"], [ModeChange(ON, "i")]),
        (["+b", "joe and more"], [ModeChange(ON, "b", "joe!*@*")]),
        (["o", "a", "surplus"], [ModeChange(ON, "o", "a")]),
    ],
)
def test_changes(params: list[str], changes: list[ModeChange]) -> None:
    parsed = parse_changes(params, LIMITS)
    assert (parsed.changes, parsed.queries, parsed.problems) == (changes, [], [])


@pytest.mark.parametrize(
    ("params", "problems"),
    [
        (["+x"], [("472", "x", None)]),
        (["+xyxx"], [("472", "x", None), ("472", "y", None)]),
        (["+o"], [("696", "o", None)]),
        (["+k"], [("696", "k", None)]),
        (["+l"], [("696", "l", None)]),
        (["+o", ""], [("696", "o", None)]),
        (["+l", "-5"], [("696", "l", "-5")]),
        (["+l", "0"], [("696", "l", "0")]),
        (["+l", "٣"], [("696", "l", "٣")]),
        (["+l", "9" * 400], [("696", "l", "9" * 400)]),
        *((["+j", bad], [("696", "j", bad)]) for bad in ("3", "0:5", "5:0", "101:5", "5:3601", "x:5", "٣:5", "3:5:6")),
        *((["+f", bad], [("696", "f", bad)]) for bad in ("d", "#a,b", "&x")),
        (["+L"], [("696", "L", None)]),
        *((["+F", bad], [("696", "F", bad)]) for bad in ("10l", "0l:5", "5l:0", "5l,5l:5", "5x:5", "5l#z:5", "5j#k:5")),
        (["+k", "a b"], [("696", "k", "a b")]),
        (["+k", "a,b"], [("696", "k", "a,b")]),
        (["+k", ":a"], [("696", "k", ":a")]),
        (["+k", "a" * 24], [("696", "k", "a" * 24)]),
        (["+b", "a" * 300], [("696", "b", "a" * 300 + "!*@*")]),
    ],
)
def test_problems(params: list[str], problems: list[tuple[str, str, str | None]]) -> None:
    parsed = parse_changes(params, LIMITS)
    assert parsed.changes == []
    assert [(problem.numeric, problem.letter, problem.param) for problem in parsed.problems] == problems
    assert all(problem.text for problem in parsed.problems)


def test_list_modes_without_a_mask_are_queries_once() -> None:
    assert parse_changes(["b-eb"], LIMITS).queries == [ListQuery("b"), ListQuery("e")]
    assert parse_changes(["+b", " "], LIMITS).queries == [ListQuery("b")]
    assert parse_changes(["+b", " "], LIMITS).changes == []


def test_changes_with_a_parameter_beyond_the_limit_are_ignored() -> None:
    parsed = parse_changes(["+vvvvvvvvm-n", *"abcdefgh"], LIMITS)
    assert [change.param for change in parsed.changes] == [*"abcdef", None, None]
    assert parsed.problems == []


def test_a_long_mode_string_gets_a_bounded_answer() -> None:
    everything = parse_changes([string.ascii_letters * 8], LIMITS)
    known = set("".join(CHANNEL_MODES[:5]))
    unknown = [problem.letter for problem in everything.problems if problem.numeric == "472"]
    assert sorted(unknown) == sorted(set(string.ascii_letters) - known)
    assert len(everything.changes) == len(CHANNEL_MODES.flags)
    assert len(parse_changes(["".join(chr(0x4E00 + n) for n in range(400))], LIMITS).problems) == MAX_PROBLEMS


@given(st.lists(st.text(st.sampled_from("+-obklitxé :,\udc80")), max_size=8))
def test_any_parameters_are_answered(params: list[str]) -> None:
    parsed = parse_changes(params, LIMITS)
    assert len([change for change in parsed.changes if change.param is not None]) <= 6
    assert len(parsed.problems) <= MAX_PROBLEMS


@given(CHANGES)
def test_what_is_rendered_is_read_back(changes: list[ModeChange]) -> None:
    lines = list(render_changes(changes, modes=4, room=60))
    assert [change for line in lines for change in parse_changes(line, WIDE).changes] == changes
    assert all(len(line) <= 5 for line in lines)
    assert all(len(" ".join(line).encode()) <= 60 for line in lines)


def test_rendering_is_compact() -> None:
    changes = [ModeChange(ON, "o", "a"), ModeChange(ON, "m"), ModeChange(OFF, "v", "b"), ModeChange(OFF, "t")]
    assert list(render_changes(changes, 6)) == [["+om-vt", "a", "b"]]
    assert list(render_changes([], 6)) == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (["+i"], ([ModeChange(ON, "i")], False)),
        (["+i-iw+B"], ([ModeChange(OFF, "i"), ModeChange(OFF, "w"), ModeChange(ON, "B")], False)),
        (["y" * 400 + "w"], ([ModeChange(ON, "w")], True)),
        ([], ([], False)),
    ],
)
def test_user_modes(params: list[str], expected: tuple[list[ModeChange], bool]) -> None:
    assert parse_user_changes(params) == expected
