"""Makes the API's description as OpenAPI 3.1 from the table of endpoints and the models. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.web.api.endpoints import BASE, ENDPOINTS, PATH, Endpoint
from gateway.web.api.models import Error

REF: Final = "#/components/schemas/{model}"

ABOUT: Final = """\
Lets operators and programs look at the whole network, and act on the network, by way of any node.

Every request but this document's needs a token: `Authorization: Bearer TOKEN`, made with `circlet token new`.
Lists come in pages: give `next` of a page to have the page after it. Errors are JSON with a text that says what would
be right."""

REFUSALS: Final = {
    400: "The request is wrong: the text says what would be right.",
    401: "There is no token, or not a known one.",
    403: "The token lacks the capability.",
    404: "There is no such thing.",
    409: "The network refuses: the text says why.",
    413: "The body is too long.",
    415: "The body is of another type.",
    422: "The Idempotency-Key was used for another message.",
    429: "Too many requests: wait for the seconds in Retry-After.",
    503: "The network did not answer in time, or a node of an older version holds the network back.",
}


@cache
def document(version: str) -> dict[str, Any]:
    models = {model for one in ENDPOINTS for model in (one.answer, one.body) if model is not None} | {Error}
    ordered = sorted(models, key=lambda model: model.__name__)
    both = [(model, "serialization" if _is_answer(model) else "validation") for model in ordered]
    refs, schemas = models_json_schema(both, ref_template=REF)  # type: ignore[arg-type]
    named = {model: refs[model, mode] for model, mode in both}  # type: ignore[index]
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(BASE + one.path, {})[one.method.lower()] = _operation(one, named)
    paths[f"{BASE}/openapi.json"] = {"get": _own_operation()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Circlet: API of operators", "version": version, "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _is_answer(model: type[BaseModel]) -> bool:
    return model is Error or any(one.answer is model for one in ENDPOINTS)


def statuses(one: Endpoint) -> list[int]:
    """List the statuses with which an endpoint may refuse."""
    found = [400, 401, 429, 503]
    if one.can:
        found += [403, 404, 409]
    if one.body is not None:
        found += [413, 415]
    if one.text:
        found.append(422)
    return sorted(set(found))


def _operation(one: Endpoint, named: dict[type[BaseModel], Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": one.operation,
        "summary": one.summary,
        "description": f"Needs the capability `{one.can}`." if one.can else "Any token will do.",
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.query), *_key_parameter(one)],
        "responses": {
            str(one.status): {"description": "Done.", "content": {"application/json": {"schema": named[one.answer]}}},
            **{str(status): _refusal(status) for status in statuses(one)},
        },
    }
    if "{token}" in one.path:
        made["security"] = []
    if one.body is not None:
        content: dict[str, Any] = {"application/json": {"schema": named[one.body]}}
        if one.text:
            content["text/plain"] = {"schema": {"type": "string"}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _refusal(status: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": REFUSALS[status],
        "content": {"application/json": {"schema": {"$ref": REF.format(model=Error.__name__)}}},
    }
    if status == 429:
        made["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return made


def _path_parameters(path: str) -> Iterable[dict[str, Any]]:
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            schema: dict[str, Any] = {"type": "integer", "minimum": 1} if name == "client" else {"type": "string"}
            yield {"name": name, "in": "path", "required": True, "description": PATH[name], "schema": schema}


def _query_parameters(query: type[BaseModel]) -> Iterable[dict[str, Any]]:
    for name, schema in query.model_json_schema().get("properties", {}).items():
        text = schema.pop("description")
        yield {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _key_parameter(one: Endpoint) -> Iterable[dict[str, Any]]:
    if one.text:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "A word of your own for this message: with the same word the message is said once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }


def _own_operation() -> dict[str, Any]:
    return {
        "operationId": "show_openapi",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {}}}}},
    }
