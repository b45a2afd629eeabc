"""Whatever a file holds: a configuration, or ConfigErrors of one plain line for each mistake."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config import ConfigErrors, load

EXAMPLES = Path(__file__).parents[2] / "config"
VALUES = [
    "",
    "~",
    "-1",
    "0",
    "1.5",
    "1e999",
    "yes",
    "true",
    "[]",
    "{}",
    "[[]]",
    "{a: b}",
    "'",
    '"',
    "*a",
    "&a b",
    "!x 1",
]
VALUES += [
    '"\\ud800"',
    '"\\0"',
    "|",
    ">-",
    "x" * 5000,
    "9" * 5000,
    ".inf",
    ".nan",
    "2020-01-01",
    "%",
    "@",
    "`",
    "é",
    "\x07",
]
VALUES += [
    "? b",
    "<<: *a",
    "[{}, null, 1]",
    "../../..",
    "/dev/zero",
    "/",
    "127.0.0.1",
    "::",
    "fe80::1%lo",
    "5s",
    "1KiB",
]
PIECES = st.sampled_from(
    [*VALUES, "node", "network", "listeners", ":", ": ", "- ", "\n", "  ", "\t", "#", "---\n", ","]
)


def outcome(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    try:
        load(path)
    except ConfigErrors as errors:
        assert errors.mistakes
        for mistake in errors.mistakes:
            assert mistake.text
            line = str(mistake)
            assert line.removeprefix(str(path)).isprintable()
            assert len(line) < 1000
            given = raw.decode("utf-8", "replace")  # what was found is quoted
            for jargon in ("Input should", "validation", "pydantic", "type=", "Error", "Traceback"):
                assert jargon not in line or jargon in given


anything = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@anything
@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
@example(b"%YAML 9.9\n---\na: 1\n")
@example(b"%TAG ! tag:x,2000:\n%TAG ! y\n---\n!a 1\n")
@example(b"\xef\xbb\xbfa: 1\n")
@example(b'a: "\\x"\n')
@example(b"!<> a: b")
def test_any_bytes(folder: Path, raw: bytes) -> None:
    outcome(folder / "node.yaml", raw)


@anything
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_pieces_of_yaml(folder: Path, text: str) -> None:
    outcome(folder / "node.yaml", text.encode())


@pytest.mark.parametrize("name", ["node.example.yaml", "directory.example.yaml"])
@pytest.mark.parametrize("seed", range(40))
def test_an_example_with_some_values_replaced(folder: Path, name: str, seed: int) -> None:
    chance = random.Random(seed)
    lines = (EXAMPLES / name).read_text().splitlines()
    for _ in range(chance.randrange(1, 6)):
        index = chance.randrange(len(lines))
        key, colon, _ = lines[index].partition(":")
        lines[index] = f"{key}{colon} {chance.choice(VALUES)}"
        if chance.random() < 0.2:
            lines.insert(index, chance.choice(lines))
    outcome(folder / "node.yaml", "\n".join(lines).encode())


@pytest.mark.parametrize("raw", [b"[" * 200_000, b"- " * 100_000, b"a: {" * 50_000, b"? " * 100_000])
def test_nesting_without_end(folder: Path, raw: bytes) -> None:
    outcome(folder / "node.yaml", raw)
