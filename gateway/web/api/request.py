"""A request to the API, as handlers get the request: judged and parsed, with a way to run procedures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, cast

from gateway.admin.procedures import Problem, Procedure
from gateway.node import NodeCore
from gateway.web.api.access import Token

T = TypeVar("T")

Perform = Callable[[Procedure[Any]], Awaitable[Any]]
"""Raises Problem."""


class Request(NamedTuple):
    """path: the parameters in the path. query, body: instances of the endpoint's models. key: of Idempotency-Key."""

    core: NodeCore
    token: Token
    path: dict[str, str]
    query: Any
    body: Any
    perform: Perform
    key: str

    async def ask(self, procedure: Procedure[T]) -> T:
        """Run the procedure and return its result. Raises Problem."""
        return cast(T, await self.perform(procedure))

    async def act(self, what: str, on: str, procedure: Procedure[T]) -> T:
        """As `ask`, for procedures that change something: success and failure are logged and remembered."""
        edge = self.core.edge
        try:
            result = await self.ask(procedure)
        except Problem as problem:
            edge.actions.did(edge.engine, self.token.name, what, on, problem.text)
            raise
        edge.actions.did(edge.engine, self.token.name, what, on)
        return result
