"""The metrics and labels in a PromQL expression: as much of the language as our queries use.

An expression unknown to the reader raises an error, so nothing goes unchecked. Source: Prometheus, "Querying basics".
"""

from __future__ import annotations

import re
from typing import NamedTuple

FUNCTIONS = {"avg", "clamp_max", "histogram_quantile", "increase", "max", "min", "rate", "sum", "time", "topk"}
GROUPINGS = {"by", "without", "on", "ignoring"}
OPERATORS = {"and", "or", "unless"}

TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>[A-Za-z_:][A-Za-z0-9_:]*)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<range>\[(?:\d+[smhd]|\$__rate_interval)\])
      | (?P<matchers>\{[^{}]*\})
      | (?P<operator>==|!=|>=|<=|[-+*/<>(),])
    )""",
    re.VERBOSE,
)
MATCHER = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:=~|!~|!=|=)\s*("[^"]*")\s*(?:,|$)')


class Unknown(ValueError):
    """The expression has a part outside the language above."""


class Names(NamedTuple):
    """metrics: name -> the labels in the metric's matchers. labels: the labels of by, on and the like."""

    metrics: dict[str, set[str]]
    labels: set[str]


def names(expression: str) -> Names:
    found = Names({}, set())
    tokens = list(_tokens(expression))
    brackets = [text for kind, text in tokens if kind == "operator"]
    if brackets.count("(") != brackets.count(")"):
        raise Unknown(f"brackets: {expression}")
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        at += 1
        after = tokens[at][1] if at < len(tokens) else ""
        if kind == "matchers":
            raise Unknown(f"{text} belongs to no metric: {expression}")
        if kind != "name" or text in OPERATORS:
            continue
        if text in GROUPINGS:
            end = tokens.index(("operator", ")"), at)
            found.labels.update(word for kind, word in tokens[at:end] if kind == "name")
            at = end + 1
        elif after in ("(", "by", "without"):
            if text not in FUNCTIONS:
                raise Unknown(f"function {text}: {expression}")
        else:
            labels = found.metrics.setdefault(text, set())
            if after.startswith("{"):
                labels.update(_matched(after, expression))
                at += 1
    return found


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(expression.rstrip())
    while at < end:
        match = TOKEN.match(expression, at)
        if match is None:
            raise Unknown(f"{expression[at:]!r} in {expression}")
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _matched(matchers: str, expression: str) -> list[str]:
    inside, at, labels = matchers[1:-1].strip(), 0, []
    while at < len(inside):
        match = MATCHER.match(inside, at)
        if match is None:
            raise Unknown(f"{inside[at:]!r} in {expression}")
        labels.append(match[1])
        at = match.end()
    return labels
