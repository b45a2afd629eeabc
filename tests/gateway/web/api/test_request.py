"""A request to the API: the handler's actions are remembered under the token's name, the reading is not."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.admin.procedures import Problem
from gateway.web.api.request import Request


class Stage:
    """A request whose procedures are answered by `result`, or fail with it."""

    def __init__(self, result: Any) -> None:
        self.did: list[Any] = []
        actions = SimpleNamespace(did=lambda network, *facts: self.did.append(facts))
        core: Any = SimpleNamespace(edge=SimpleNamespace(actions=actions, network=None))

        async def perform(procedure: Any) -> Any:
            if isinstance(result, Exception):
                raise result
            return result

        token: Any = SimpleNamespace(name="root")
        self.request = Request(core, token, {}, SimpleNamespace(next="#b", limit=5), None, perform, "")


def test_a_success_is_remembered_once_with_the_token_s_name() -> None:
    stage, procedure = Stage("bob"), SimpleNamespace()
    assert asyncio.run(stage.request.act("kill", "bob", procedure)) == "bob"  # type: ignore[arg-type]
    assert stage.did == [("root", "kill", "bob")]


def test_a_failure_is_remembered_in_words_and_raised() -> None:
    stage, procedure = Stage(Problem("unknown", "nobody is called bob")), SimpleNamespace()
    with pytest.raises(Problem):
        asyncio.run(stage.request.act("kill", "bob", procedure))  # type: ignore[arg-type]
    assert stage.did == [("root", "kill", "bob", "nobody is called bob")]


def test_a_page_has_the_items_the_next_page_and_the_silent_nodes_and_is_no_action() -> None:
    stage = Stage(SimpleNamespace(rows=[("n1", 1), ("n2", 2)], next="#d", silent=("n3",)))
    page: Any = asyncio.run(stage.request.page("channels", lambda node, row: f"{node} {row}"))
    assert (page.items, page.next, page.silent) == (["n1 1", "n2 2"], "#d", ["n3"])
    assert stage.did == []
