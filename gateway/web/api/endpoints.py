"""The table of the API's endpoints. An entry lists the endpoint's parameters, body, answer and needed capability."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel

from gateway.web.api.models import NoQuery

if TYPE_CHECKING:
    from gateway.web.api.request import Request

BASE: Final = "/api/v1"

_PART = re.compile(r"\{\w+\}")

PATH: Final = {
    "name": "The account's or channel's name, percent-encoded: %23erlang.",
    "id": "`id` of a session or webhook.",
    "client": "`client` of one of the session's clients.",
    "token": "A token whose only capability is speak. Everybody with the address may speak: keep the address as secret "
    "as a password.",
}
"""Parameters in paths, with descriptions."""

Handler = Callable[["Request"], Awaitable[BaseModel]]


class Endpoint(NamedTuple):
    """can: the capability that the token needs; "" for every token. status: of a good answer. text: whether the body
    may also be plain text.
    """

    method: str
    path: str
    can: str
    summary: str
    handler: Handler
    answer: type[BaseModel]
    query: type[BaseModel]
    body: type[BaseModel] | None
    status: int
    text: bool

    @property
    def operation(self) -> str:
        return self.handler.__name__


ENDPOINTS: Final[list[Endpoint]] = []


def endpoint(
    method: str,
    path: str,
    summary: str,
    answer: type[BaseModel],
    *,
    can: str = "",
    query: type[BaseModel] = NoQuery,
    body: type[BaseModel] | None = None,
    status: int = 200,
    text: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a handler. path: below BASE."""

    def register(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, path, can, summary, handler, answer, query, body, status, text))
        return handler

    return register


def methods_of(path: str) -> list[str]:
    """List the methods for an address; an unknown address has none."""
    return sorted({one.method for one in ENDPOINTS if re.fullmatch(_PART.sub("[^/]+", BASE + one.path), path)})
