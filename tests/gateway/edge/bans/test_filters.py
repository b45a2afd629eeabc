"""Filters: globs and regular expressions, without regard to case and styles, in time that is linear in the text."""

from __future__ import annotations

import time

import pytest

from gateway.edge.bans.filters import Filters, flaw, plain
from gateway.state.bans.messages import Entry


def entry(mask: str, parts: str = "m", action: str = "block", until: int = 0, *, lifted: bool = False) -> Entry:
    return Entry("filter", mask, 1, "op", until, "why", lifted, action, parts)


@pytest.mark.parametrize(
    ("mask", "text", "fits"),
    [
        ("*pills*", "Buy PILLS now", True), ("pills", "buy pills", False), (r"buy\snow", "BUY NOW", True),
        ("a?c", "abc", True), ("a?c", "ac", False), (r"*\**", "a*b", True), (r"*\**", "ab", False),
        ("*(x*", "a(xb", True), ("/b[u4]y\\s+now/", "x b4y   now y", True), ("/^no$/", "not", False),
        ("*naïve*", "SO naïve!", True), ("*pills*", "p\x02il\x0304,05ls", True), ("*x*", "\udcff x", True),
    ],
)  # fmt: skip
def test_what_fits(mask: str, text: str, fits: bool) -> None:
    filters = Filters()
    filters.change([entry(mask)], 5)
    assert (filters.find("m", text, 5) is not None) == fits
    assert filters.find("n", text, 5) is None


def test_the_strongest_action_counts_and_lifted_and_expired_filters_do_not() -> None:
    filters = Filters()
    filters.change([entry("*a*", action="report"), entry("*b*", "mn", "ban"), entry("*c*", until=9)], 5)
    found = filters.find("m", "abc", 5)
    assert found is not None and found.action == "ban"
    filters.change([entry("*b*", "mn", lifted=True)], 6)
    found = filters.find("m", "abc", 6)
    assert found is not None and found.action == "block" and not filters.watches("n")
    found = filters.find("m", "abc", 9)
    assert found is not None and found.action == "report"
    filters.change([entry("*a*", lifted=True)], 10)
    assert len(filters) == 0 and filters.find("m", "abc", 10) is None


@pytest.mark.parametrize("mask", ["/(/", "/a{1000}{1000}/", r"/(?=x)/", r"/(a)\1/"])
def test_an_expression_that_re2_does_not_know_is_named(mask: str) -> None:
    assert flaw(mask)
    filters = Filters()
    filters.change([entry(mask), entry("*x*")], 5)  # from a node with another library
    assert filters.find("m", "xx", 5) is not None


def test_good_filters_have_no_flaw() -> None:
    assert not any(map(flaw, ("*(*", "/(a*)*b/", "/", "//", r"\s")))


def test_no_pattern_takes_long() -> None:
    """A backtracking engine would take years: the time for twice the text is about twice the time."""
    filters = Filters()
    filters.change([entry("/(a*)*(a*)*(a*)*b$/"), entry("*a*a*a*a*a*a*a*a*a*z")], 5)
    begin = time.process_time()
    assert filters.find("m", "a" * 8000, 5) is None
    assert time.process_time() - begin < 1.0


def test_styles_do_not_hide_words() -> None:
    assert plain("\x02b\x1du\x0312y\x03 \x04ff0000now\x0f") == "buy now"
