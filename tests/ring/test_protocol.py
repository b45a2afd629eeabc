"""The page of rules, the code and the tests agree: each rule has a place in the code and a test, and is cited there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from contrib.house.measure import ROOT
from contrib.house.rules import CITING, CODE, PAGE, Place, Rule, citations, cited_in, names_in, read_rules
from tests.ring.replication.test_transcripts import SITUATIONS
from tests.sim.test_breaks import BREAKS, Break

TEXT = (ROOT / PAGE).read_text()
RULES = read_rules(TEXT)
CITED_BY_CODE = set(citations(ROOT, *CODE))


@cache
def names_of(path: str) -> set[str]:
    file = ROOT / path
    return names_in(file.read_text()) if file.is_file() else set()


def missing(places: tuple[Place, ...]) -> list[Place]:
    return [place for place in places if place.name not in names_of(place.path)]


def test_the_rules_are_numbered_without_a_gap() -> None:
    assert sorted(rule.number for rule in RULES) == list(range(1, len(RULES) + 1))


def test_every_rule_that_is_cited_exists() -> None:
    numbers = {rule.number for rule in RULES}
    unknown = [f"{path}: P{number}" for path, number in citations(ROOT, *CITING) if number not in numbers]
    assert not unknown
    assert numbers.issuperset(cited_in(TEXT))


@pytest.mark.parametrize("rule", RULES, ids=[f"P{rule.number}" for rule in RULES])
def test_a_rule_has_a_place_in_the_code_that_cites_the_rule_and_a_test(rule: Rule) -> None:
    assert rule.kept, "the page names no code that keeps the rule"
    assert rule.shown, "the page names no test that shows the rule"
    assert not missing(rule.kept)
    assert not missing(rule.shown)
    assert all(place.path.split("/")[0] in CODE for place in rule.kept)
    assert any((Path(place.path), rule.number) in CITED_BY_CODE for place in rule.kept), "no such code cites the rule"


@pytest.mark.parametrize("rule", RULES, ids=[f"P{rule.number}" for rule in RULES])
def test_what_shows_a_rule_runs(rule: Rule) -> None:
    others = {
        *(Place("tests/sim/test_breaks.py", broken.do.__name__) for broken in BREAKS),
        *(Place("tests/ring/replication/test_transcripts.py", situation.__name__) for situation in SITUATIONS),
    }
    for place in rule.shown:
        assert place.path.startswith("tests/")
        assert place.name.startswith("test_") or place in others


@pytest.mark.parametrize("broken", BREAKS, ids=[broken.do.__name__ for broken in BREAKS])
def test_a_break_names_the_rules_that_name_the_break(broken: Break) -> None:
    named = [rule.number for rule in RULES if broken.do.__name__ in {place.name for place in rule.shown}]
    assert named == sorted(cited_in(broken.do.__doc__ or ""))
    assert named


PAGE_OF_TWO = """
Text of P9.

- **P1** A rule
  of two lines.
  Kept by `a/b.py` `One`, `One.two`; `a/c.py` `three`.
  Shown by `tests/test_b.py` `test_one`.
- **P2** A rule without places.

## Kept by nobody

  Kept by `a/b.py` `One`.
  Shown by `tests/test_b.py` `test_one`.
"""


def test_the_page_is_read() -> None:
    one, two = read_rules(PAGE_OF_TWO)
    assert one.kept == (Place("a/b.py", "One"), Place("a/b.py", "One.two"), Place("a/c.py", "three"))
    assert one.shown == (Place("tests/test_b.py", "test_one"),)
    assert two == Rule(2, (), ())


def test_names_of_a_module_are_those_of_its_classes_functions_and_constants() -> None:
    source = "A = 1\nB: int\nclass C:\n  D: int = 1\n  async def e(self):\n    def f(): ...\ndef g(): ..."
    assert names_in(source) == {"A", "B", "C", "C.D", "C.e", "g"}
