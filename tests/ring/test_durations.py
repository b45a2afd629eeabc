"""The durations of the ring stand in one place, and fit each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ring import durations

ROOT = Path(__file__).parents[2]
PLACES = {"ring/durations.py", "ring/settings.py"}
MODULES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "ring").rglob("*.py"))


def constants(source: str) -> list[str]:
    """The names of a module's constants, and of parameters with a default, that are numbers of seconds."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arguments):
            plain = node.posonlyargs + node.args
            pairs = [*zip(plain[len(plain) - len(node.defaults) :], node.defaults, strict=True)]
            pairs += [(one, value) for one, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value]
            found += [one.arg.upper() for one, value in pairs if isinstance(value, ast.Constant) and value.value]
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant | ast.BinOp):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [one.id for one in targets if isinstance(one, ast.Name)]
    return [name for name in found if name.endswith("_S") and not name.endswith("_PER_S")]


@pytest.mark.parametrize("module", [one for one in MODULES if one not in PLACES])
def test_no_other_module_has_a_duration_of_its_own(module: str) -> None:
    assert constants((ROOT / module).read_text()) == [], "name the duration in ring/durations.py"


def test_a_duration_is_seen() -> None:
    assert constants("def f(a, b_s=2, *, c_s=0.0, d_s=A_S, e_s=5.0): pass") == ["B_S", "E_S"]
    assert constants("A_S = 0.5\n_B_S: Final = 2 * 60.0\nC = 5\nD_PER_S = 7\nE_S = f()") == ["A_S", "_B_S"]


def test_every_duration_is_some_time() -> None:
    named = {name: value for name, value in vars(durations).items() if name.endswith("_S")}
    assert len(named) > 40 and all(isinstance(value, float) and value > 0 for value in named.values())


@pytest.mark.parametrize(
    "shorter",
    [
        ("PING_REPEAT_S", "PING_ROUND_S"),
        ("SUBMIT_REPEAT_S", "SUBMIT_REPEAT_MAX_S"),
        ("QUESTION_AGAIN_S", "QUESTION_REPEAT_S"),
        ("QUESTION_REPEAT_S", "QUESTION_GIVE_UP_S"),
        ("WATCH_REPEAT_S", "WATCH_RENEW_S"),
        ("WATCH_RENEW_S", "WATCH_LEASE_S"),
        ("HISTORY_REPEAT_S", "HISTORY_GIVE_UP_S"),
        ("REPAIR_REPEAT_S", "REPAIR_GIVE_UP_S"),
        ("WRITE_RETRY_S", "WRITE_RETRY_MAX_S"),
        ("PROBE_S", "PROBE_MAX_S"),
        ("RESYNC_S", "RESYNC_MAX_S"),
        ("PREPARE_REPEAT_S", "PREPARE_AGAIN_S"),
        ("FORK_OFFER_S", "FORK_PATIENCE_S"),
        ("FORK_PATIENCE_S", "FORK_GIVE_UP_S"),
        ("HAND_OFF_REPEAT_S", "THAW_S"),
        ("OWED_OFFER_S", "OWED_KEEP_S"),
    ],
)
def test_what_is_repeated_is_repeated_several_times_before_the_end(shorter: tuple[str, str]) -> None:
    first, last = (getattr(durations, name) for name in shorter)
    assert 2 * first < last
