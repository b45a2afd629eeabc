"""A request to the API, judged and parsed, with a way to run procedures. Handlers get such requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, cast

from gateway.admin import lists
from gateway.admin.procedures import Problem, Procedure
from gateway.edge.rpc.operator_asks import What
from gateway.node import NodeCore
from gateway.web.api.access import Token
from gateway.web.api.models import List

T = TypeVar("T")
M = TypeVar("M")

Perform = Callable[[Procedure[Any]], Awaitable[Any]]
"""Runs a procedure. Raises Problem."""


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
        """Run the procedure and return the result. Raises Problem."""
        return cast(T, await self.perform(procedure))

    async def page(self, what: What, item: Callable[[str, Any], M], node: str | None = None) -> List[M]:
        """Return a page of a list of all nodes (PageQuery). item: makes JSON of a node's name and a row."""
        listed = await self.ask(lists.page(self.core.edge, what, self.query.next, self.query.limit, node))
        items = [item(name, row) for name, row in listed.rows]
        return List[M](items=items, next=listed.next, silent=list(listed.silent))

    async def act(self, what: str, on: str, procedure: Procedure[T]) -> T:
        """Run a procedure that changes something, like `ask`. Success and failure are logged and remembered."""
        edge = self.core.edge
        try:
            result = await self.ask(procedure)
        except Problem as problem:
            edge.actions.did(edge.network, self.token.name, what, on, problem.text)
            raise
        edge.actions.did(edge.network, self.token.name, what, on)
        return result
