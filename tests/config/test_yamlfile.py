from __future__ import annotations

import pytest

from config.yamlfile import NotYaml, parse_yaml


def test_plain_data_with_the_line_of_every_key() -> None:
    document = parse_yaml("a: 1\nb:\n  - x: true\n    y: 0.5\n  - 'no'\nc: {d: ~, e: yes}\nf: 12:30\ng: 007\n")
    assert document.data == {
        "a": 1,
        "b": [{"x": True, "y": 0.5}, "no"],
        "c": {"d": None, "e": "yes"},
        "f": "12:30",
        "g": 7,
    }
    assert document.faults == []
    lines = {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 0, "x"): 3, ("b", 0, "y"): 4, ("b", 1): 5, ("c", "d"): 6}
    assert document.lines.items() >= lines.items()


@pytest.mark.parametrize(
    ("text", "key", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", ("a",), 3, "stands twice, first on line 1: remove one"),
        ("a:\n  - 1\na:\n  - 2\n", ("a",), 3, "stands twice, first on line 1: put the lines of both under one"),
        ("a: &x 1\nb: *x\n", ("b",), 2, "an alias"),
        ("a: !!python/object/apply:os.system [id]\n", ("a",), 1, "a tag"),
        ('a: "\\ud800"\n', ("a",), 1, "half a character"),
    ],
)
def test_faults_that_leave_the_rest_readable(text: str, key: tuple[str], line: int, said: str) -> None:
    (fault,) = parse_yaml(text).faults
    assert (fault.key, fault.line) == (key, line)
    assert said in fault.text


def test_the_first_of_two_values_counts() -> None:
    assert parse_yaml("a: {b: 1}\na: {c: 2}\n").data == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: c: d\n", 2, "second `key:` on one line"),
        ("a:\n  b: 1\n c: 2\n", 3, "line up"),
        ("a:\n\tb: 1\n", 2, "tab"),
        ("a: [1, 2\n", 2, "not closed"),
        ("a: 'b\n", 2, "within a quoted text"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: \x00\n", 1, "control character"),
        ("? [a]\n: 1\n", 1, "where a key should be"),
        ("k" * 100 + ": 1\n", 1, "found the key 'kkk"),
        ("é: 1\n", 1, r"found the key '\xe9'"),
        ("a: " + "[" * 1000 + "]" * 1000, 1, "nested deeper"),
        ("a: *b\n  c: 1\n", 2, "not valid YAML"),
    ],
)
def test_what_is_no_yaml_says_where(text: str, line: int, said: str) -> None:
    with pytest.raises(NotYaml) as caught:
        parse_yaml(text)
    assert said in caught.value.text
    assert caught.value.line == line


def test_numbers_too_long_to_be_meant_stay_text() -> None:
    assert parse_yaml(f"[{'9' * 5000}, {'1' * 50}.5, 1e999]").data == ["9" * 5000, "1" * 50 + ".5", float("inf")]


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert len(parse_yaml(bomb).faults) == 29 * 9
