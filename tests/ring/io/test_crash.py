"""Which exceptions end the process, and which exceptions are the network's or a library's own affair."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from ring.io.crash import BUG, CrashOnly, crash_only, is_ours


class Log:
    def __init__(self) -> None:
        self.events: list[str] = []

    def error(self, event: str, **facts: Any) -> None:
        self.events.append(event)

    info = error


def test_what_the_loop_leaves_unhandled_ends_the_process_if_it_is_ours() -> None:
    log, codes = Log(), list[int]()
    crash = CrashOnly(log, codes.append)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        crash.watch(loop)

        def ours() -> None:
            compile_of_ours("raise_it()", {})

        loop.call_soon(ours)
        await asyncio.sleep(0)
        loop.call_exception_handler({"message": "a library's own", "exception": RuntimeError("closed")})
        loop.call_exception_handler({"message": "accept", "exception": OSError(24, "Too many open files")})
        loop.call_exception_handler({"message": "nothing else"})

    def compile_of_ours(code: str, names: dict[str, Any]) -> None:
        exec(code, {"__name__": "ring.somewhere", "raise_it": _raise, **names})

    asyncio.run(run())
    assert codes == [BUG]
    assert log.events == ["bug", "loop_trouble", "loop_trouble", "loop_trouble"]


def test_a_run_ends_with_its_code_or_as_a_bug() -> None:
    log, codes = Log(), list[int]()
    crash = CrashOnly(log, codes.append)

    async def ends_well() -> int:
        return 3

    async def errs() -> int:
        _raise()
        return 0

    assert asyncio.run(crash.exit_code(ends_well())) == 3 and codes == []
    assert asyncio.run(crash.exit_code(errs())) == BUG and codes == [BUG] and log.events == ["bug"]


def _raise() -> None:
    raise KeyError("a mistake")


def test_a_guarded_turn_ends_the_process_whatever_it_raises() -> None:
    codes = list[int]()

    class Turns:
        crash = CrashOnly(Log(), codes.append)

        @crash_only
        def turn(self, problem: Exception | None) -> str:
            if problem is not None:
                raise problem
            return "done"

    assert Turns().turn(None) == "done"
    for problem in (OSError(), ValueError()):
        with pytest.raises(type(problem)):
            Turns().turn(problem)
    assert codes == [BUG, BUG]


def test_the_arguments_and_the_name_of_a_guarded_turn_are_told() -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    class Words(Log):
        def error(self, event: str, **facts: Any) -> None:
            told.append((event, facts))

    class Turns:
        crash = CrashOnly(Words(), lambda code: None)

        @crash_only
        def divide(self, number: int, *, by: int) -> float:
            return number / by

    assert Turns().divide(6, by=3) == 2
    with pytest.raises(ZeroDivisionError):
        Turns().divide(6, by=0)
    ((event, facts),) = told
    assert event == "bug" and facts["exit_code"] == BUG and facts["where"].endswith("Turns.divide")
    assert isinstance(facts["exc_info"], ZeroDivisionError)


@pytest.mark.parametrize(
    ("module", "ours"),
    [("ring.io.links", True), ("circlet.gateway.edge", True), ("config", True), ("ringing.bells", False), ("", False)],
)
def test_a_traceback_is_ours_where_a_frame_of_the_program_is_in_it(module: str, ours: bool) -> None:
    """A library may call the program, and the program a library: one frame decides."""
    names: dict[str, Any] = {"__name__": module, "raise_it": _raise}
    _raise.__globals__["__name__"], before = "tests.somewhere", _raise.__globals__["__name__"]
    try:
        exec("raise_it()", names)
    except KeyError:
        assert is_ours(sys.exc_info()[2]) is ours
    finally:
        _raise.__globals__["__name__"] = before
    assert not is_ours(None)
