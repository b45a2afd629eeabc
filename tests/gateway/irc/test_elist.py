"""The conditions of LIST."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.casemapping import Casemap
from gateway.irc.elist import ListFilter

NOW_S = 1_800_000_000.0
RFC1459 = Casemap("rfc1459")


def wants(
    params: list[str], name: str = "#Erlang", users: int = 5, age_m: float = 60, topic_m: float | None = 10
) -> bool:
    topic_set_s = None if topic_m is None else NOW_S - topic_m * 60
    return ListFilter(params, RFC1459).matches(name, users, NOW_S - age_m * 60, topic_set_s, NOW_S)


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ([], True),
        ([""], True),
        (["#erlang"], True),
        (["#other"], False),
        (["#other,#ERLANG"], True),
        (["*lang"], True),
        (["lang"], False),
        (["!*lang"], False),
        (["!#other"], True),
        (["#e*,!*lang"], False),
        ([">4"], True),
        ([">5"], False),
        (["<6"], True),
        (["<5"], False),
        (["C<61"], True),
        (["C<60"], False),
        (["C>59"], True),
        (["c>60"], False),
        (["T<11"], True),
        (["T>11"], False),
        ([">4,<6,T<11"], True),
        ([">4,<5"], False),
        (["#erlang", ">9"], False),
        (["C<x"], True),
        (["<"], True),
        ([">99999999999999999999"], True),
    ],
)
def test_list_conditions(params: list[str], wanted: bool) -> None:
    assert wants(params) is wanted


def test_a_channel_without_a_topic_meets_no_topic_condition() -> None:
    assert not wants(["T<11"], topic_m=None)
    assert not wants(["T>1"], topic_m=None)
    assert wants(["C>1"], topic_m=None)


@given(st.lists(st.text(st.sampled_from("#!*?<>CT,0123\\é")), max_size=5))
def test_any_list_parameters_make_a_filter(params: list[str]) -> None:
    assert wants(params) in (True, False)
