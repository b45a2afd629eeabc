"""Numbers, times and names in sentences."""

from __future__ import annotations

from gateway.words import counted, days, listed, verb


def test_names_are_listed_as_people_do() -> None:
    assert [listed(names) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


def test_a_verb_follows_its_subjects() -> None:
    assert (verb(["a"], "refuse"), verb(["a", "b"], "refuse")) == ("refuses", "refuse")


def test_one_is_no_plural() -> None:
    assert [counted(number, "nick") for number in (0, 1, 2)] == ["0 nicks", "1 nick", "2 nicks"]
    assert [days(hours * 3600.0) for hours in (3, 25, 49)] == ["less than a day", "1 day", "2 days"]
