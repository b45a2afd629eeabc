"""The shell of the operators' API: judges HTTP requests, has the node's core carry the requests out, and answers.

The shell holds no rules: access.py judges tokens, and the core carries out each endpoint's procedure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from aiohttp import web

from gateway.admin.procedures import Problem, Procedure, Why, run
from gateway.web.api import changes, hooks, reads, webhooks
from gateway.web.api.access import Access, Rates, Token, require
from gateway.web.api.endpoints import BASE, ENDPOINTS, Endpoint, methods_of
from gateway.web.api.openapi import document
from gateway.web.api.reading import read_body, read_path, read_query
from gateway.web.api.request import Request
from gateway.web.refusal import Refused
from gateway.web.source import Source
from gateway.web.visitors import Visitors

__all__ = ["Api", "changes", "hooks", "reads", "webhooks"]  # the last four register their endpoints

STATUS: Final[dict[Why, int]] = {
    "invalid": 400,
    "unknown": 404,
    "refused": 409,
    "reused": 422,
    "unanswered": 503,
    "too_old": 503,
    "bug": 500,
}

PATIENCE_S: Final = 60.0
"""A limit beyond the time of every procedure: ends a procedure that a mistake of the program leaves open."""

REPORT_EVERY_S: Final = 60.0


class Api:
    """The routes of the API on a node."""

    def __init__(self, source: Source, visitors: Visitors, tokens: Iterable[Token], rates: Rates, log: Any) -> None:
        self._source = source
        self._visitors = visitors
        self._log = log
        self._access = Access(tokens, rates)
        self._failed = 0  # requests with a wrong token since the last report in the log
        self._reporting: asyncio.TimerHandle | None = None

    def configure(self, tokens: Iterable[Token], rates: Rates) -> None:
        self._access.configure(tokens, rates)

    def routes(self) -> list[web.RouteDef]:
        made = [web.route(one.method, BASE + one.path, self._handler(one)) for one in ENDPOINTS]
        return [*made, web.get(f"{BASE}/openapi.json", self._openapi), web.route("*", "/api/{rest:.*}", self._nothing)]

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.json_response(document(self._source.core.edge.record.version))

    async def _nothing(self, request: web.Request) -> web.Response:
        allowed = methods_of(request.path)
        if allowed:
            text = f"{request.method} is not answered there: use {' or '.join(allowed)}"
            raise Refused(405, text, {"Allow": ", ".join(allowed)})
        raise Refused(404, f"there is no such address: {BASE}/openapi.json lists all addresses")

    def _handler(self, one: Endpoint) -> Callable[[web.Request], Any]:
        async def handle(http: web.Request) -> web.Response:
            address, now = self._visitors.client(http).address, self._source.core.engine.now
            visit = self._access.visit(address, now)
            try:
                if not self._visitors.may_open(http):
                    raise Refused(403, "pages of this origin may not use the API here: add the origin to http.origins")
                token = self._token(http, address, now)
                require(token, one.can)
                use = self._access.use(token, now)
                try:
                    return await self._answer(one, http, token)
                finally:
                    use.release()
            finally:
                visit.release()

        return handle

    def _token(self, http: web.Request, address: str, now: float) -> Token:
        in_path = http.match_info.get("token")
        try:
            if in_path is not None:
                return self._access.known(in_path, address, now)
            return self._access.bearer(http.headers.get("Authorization"), address, now)
        except Refused:
            if in_path is not None or "Authorization" in http.headers:
                self._note_failure(address)
            raise

    async def _answer(self, one: Endpoint, http: web.Request, token: Token) -> web.Response:
        path = read_path({name: text for name, text in http.match_info.items() if name != "token"})
        query = read_query(one.query, http.query.items())
        body = None
        if one.body is not None:
            body = read_body(one.body, await http.read(), http.content_type, text=one.text)
        key = http.headers.get("Idempotency-Key", "")
        request = Request(self._source.core, token, path, query, body, self._perform, key)
        try:
            answer = await one.handler(request)
        except Problem as problem:
            raise Refused(STATUS[problem.why], problem.text) from problem
        return web.Response(text=answer.model_dump_json(), content_type="application/json", status=one.status)

    async def _perform(self, procedure: Procedure[Any]) -> Any:
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(result: Any) -> None:
            if not found.done():
                found.set_result(result)

        self._source.act(lambda: run(self._source.core.edge, procedure, done))
        try:
            result = await asyncio.wait_for(found, PATIENCE_S)
        except TimeoutError as problem:
            raise Problem("unanswered", "the network did not answer in time: try again") from problem
        if isinstance(result, Problem):
            raise result
        return result

    def _note_failure(self, address: str) -> None:
        """Log a wrong token at once, and further ones as a number once a minute: guesses must not fill the disk."""
        self._failed += 1
        if self._reporting is None:
            self._report(address)

    def _report(self, address: str) -> None:
        self._reporting = None
        if self._failed:
            self._log.warning("token_refused", address=address, requests=self._failed)
            self._failed = 0
            self._reporting = asyncio.get_running_loop().call_later(REPORT_EVERY_S, self._report, address)
