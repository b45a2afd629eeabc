from __future__ import annotations

import fnmatch
import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.irc.casemapping import Casemap
from gateway.irc.masks import MaskSet, is_understood, match, match_source, meaning, normalise_mask, sources

ASCII = Casemap("ascii")
RFC1459 = Casemap("rfc1459")
MASKS = st.text(st.sampled_from("ab*?\\[.!@"), max_size=12)
TEXTS = st.text(st.sampled_from("ab*?\\[.!@\nA"), max_size=12)
PREFIXES = st.from_regex(r"[aAb\\[]{1,3}![ab]{1,2}@[aAb.]{1,3}", fullmatch=True)
FULL_MASKS = st.from_regex(r"[aAb*?\\]{1,3}![ab*]{1,2}@[aAb.*]{1,3}", fullmatch=True)


def naive(mask: str, text: str) -> bool:
    tokens = re.findall(r"\\[*?]|.", mask, re.DOTALL)

    @cache
    def fits(i: int, j: int) -> bool:
        if i == len(tokens):
            return j == len(text)
        if tokens[i] == "*":
            return fits(i + 1, j) or (j < len(text) and fits(i, j + 1))
        return (
            j < len(text) and tokens[i] in ("?", text[j], "\\" + text[j]) and tokens[i] != "\\\\" and fits(i + 1, j + 1)
        )

    return fits(0, 0)


@given(MASKS, TEXTS)
def test_masks_match_as_the_definition_says(mask: str, text: str) -> None:
    assert match(mask, text, ASCII) == naive(mask.lower(), text.lower())


@given(st.text(st.sampled_from("ab*?.!@"), max_size=10), st.text(st.sampled_from("ab.!@"), max_size=10))
def test_masks_without_escapes_match_as_shell_globs(mask: str, text: str) -> None:
    assert match(mask, text, ASCII) == fnmatch.fnmatchcase(text, mask)


@pytest.mark.parametrize(
    ("mask", "text", "fits"),
    [
        ("JOE!*@*", "joe!j@h", True),
        ("joe[]!*@*", "JOE{}!j@h", True),
        ("a\\b!*@*", "A|B!u@h", True),
        ("\\*!*@*", "joe!j@h", False),
        ("\\*", "*", True),
        ("*", "", True),
        ("", "", True),
        ("", "a", False),
        ("*.example", "a.example\n", False),
        ("\udcff*", "\udcffx", True),
    ],
)
def test_matching(mask: str, text: str, fits: bool) -> None:
    assert match(mask, text, RFC1459) is fits


def test_a_mask_of_many_stars_does_not_run_away() -> None:
    assert not match("*a" * 200 + "b", "a" * 500, ASCII)  # backtracking would outlive the test


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("joe", "joe!*@*"),
        ("u@h", "*!u@h"),
        ("n!u", "n!u@*"),
        ("n!u@h", "n!u@h"),
        ("@h", "*!*@h"),
        ("n!", "n!*@*"),
        ("n!@", "n!*@*"),
        ("", "*!*@*"),
        ("***joe**", "*joe*!*@*"),
        ("*.example", "*!*@*.example"),
        ("::1", "*!*@::1"),
        (":1", "*!*@::1"),
        (":/64", "*!*@::/64"),
        ("n!u@h@x", "n!u@h@x"),
    ],
)
def test_masks_are_made_whole(text: str, mask: str) -> None:
    assert normalise_mask(text) == mask
    assert normalise_mask(mask) == mask


@pytest.mark.parametrize(
    ("mask", "source", "fits"),
    [
        ("*!*@127.0.0.0/8", "a!b@127.1.2.3", True),
        ("*!*@127.0.0.0/8", "a!b@128.0.0.1", False),
        ("*!*@127.0.0.0/8", "a!b@host.example", False),
        ("*!*@::/64", "a!b@0::1", True),
        ("*!*@::/64", "a!b@0:0:0:1::1", False),
        ("*!*@::1", "a!b@0::1", True),
        ("*!*@2001:DB8:0::1", "a!b@2001:db8::1", True),
        ("*!*@::ffff:10.0.0.1", "a!b@10.0.0.1", True),
        ("*!*@10.0.0.0/8", "a!b@::ffff:10.0.0.1", True),
        ("*!*@::/0", "a!b@10.0.0.1", False),
        ("A!*@10.0.0.0/8", "a!b@10.0.0.1", True),
        ("x!*@10.0.0.0/8", "a!b@10.0.0.1", False),
        ("*@10.0.0.0/8", "b@10.0.0.1", True),
        ("10.0.0.0/8", "b@10.0.0.1", False),
        ("*!*@10.0.0.*", "a!b@10.0.0.1", True),
    ],
)
def test_addresses_are_compared_as_addresses(mask: str, source: str, fits: bool) -> None:
    assert match_source(mask, source, RFC1459) is fits
    if "!" in mask:
        held = MaskSet(RFC1459, ["other!*@*", mask])
        assert held.matches(source) is fits
        held.discard(mask)
        assert not held.matches(source)


@pytest.mark.parametrize(
    "mask",
    [
        "joe",
        "~joe",
        "*.example",
        "user/joe",
        "2001:db8:*",
        "*:1",
        "::1",
        "::/0",
        "10.0.0.0/8",
        "10.*",
        "u@h",
        "é@é.example",
    ],
)
def test_masks_that_may_fit_somebody(mask: str) -> None:
    assert is_understood(normalise_mask(mask))


@pytest.mark.parametrize(
    "mask",
    ["m:x", "~q:x", "$a:x", "$a", "a:*", "c:d", "::g", "10.0.0.0/33", "10.0.0.0/", "#c", "a:b!*@*", "*!$x@*", "1:2"],
)
def test_masks_that_fit_nobody(mask: str) -> None:
    assert not is_understood(normalise_mask(mask))


@given(st.text(max_size=20))
def test_any_mask_is_read(text: str) -> None:
    mask = normalise_mask(text)
    assert is_understood(mask) in (True, False) and meaning(mask, RFC1459) == meaning(mask, RFC1459)
    assert MaskSet(RFC1459, [mask]).matches("joe!u@10.0.0.1") == match_source(mask, "joe!u@10.0.0.1", RFC1459)


@given(st.lists(FULL_MASKS, max_size=6), st.lists(FULL_MASKS, max_size=3), PREFIXES, st.sampled_from([ASCII, RFC1459]))
def test_a_set_matches_as_its_masks_do(masks: list[str], gone: list[str], prefix: str, casemap: Casemap) -> None:
    held = MaskSet(casemap, masks)
    assert held.matches(prefix) == any(match(mask, prefix, casemap) for mask in held)
    assert held.matches(prefix) == any(match(mask, prefix, casemap) for mask in masks)
    for mask in gone + masks[:2]:
        held.discard(mask)
        assert mask not in held
    assert held.matches(prefix) == any(match(mask, prefix, casemap) for mask in held)


def test_a_set_knows_a_mask_in_any_case_and_gives_it_back_as_it_was_set() -> None:
    held = MaskSet(RFC1459)
    assert held.add("Joe[!*@*")
    assert not held.add("joe{!*@*")
    assert held.add("*!*@Host.example")
    assert list(held) == ["Joe[!*@*", "*!*@Host.example"]
    assert held.matches("JOE{!j@h")
    assert held.discard("JOE[!*@*") == "Joe[!*@*"
    assert held.discard("joe{!*@*") is None
    assert not held.matches("JOE{!j@h")
    assert held.matches("x!y@HOST.example")
    assert len(held) == 1


def test_an_address_in_two_spellings_stays_until_both_are_gone() -> None:
    held = MaskSet(RFC1459, ["*!*@::1", "*!*@0::1", "*!*@10.0.0.1"])
    assert held.matches("a!b@0::1") and held.matches("a!b@10.0.0.1") and not held.matches("a!b@0::2")
    held.discard("*!*@::1")
    assert held.matches("a!b@0::1")
    held.discard("*!*@0::1")
    assert not held.matches("a!b@0::1") and held.matches("a!b@10.0.0.1")


def test_answers_kept_by_a_set_are_bounded() -> None:
    held = MaskSet(ASCII, ["*bad*!*@*"])
    for number in range(3000):
        assert held.matches(f"bad{number}!u@h")
    assert len(held._answers) <= 1024


def test_the_sources_of_a_person_with_several_hosts() -> None:
    assert sources("a!b@c") == ["a!b@c"]
    assert sources("a!b@c d e ") == ["a!b@c", "a!b@d", "a!b@e"]
    masks = MaskSet(Casemap("rfc1459"), ("*!*@d", "*!*@10.0.0.0/8"))
    assert masks.matches("a!b@c d") and masks.matches("a!b@c x 10.1.2.3 ") and not masks.matches("a!b@c x  ")
