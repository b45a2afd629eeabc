"""Reads a request's query and body by the endpoint's models, or describes a right request. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.irc.message import is_plain
from gateway.web.refusal import BadRequest, Refused

JSON = "application/json"
TEXT = "text/plain"
MAX_PATH = 300


def read_query(model: type[BaseModel], pairs: Iterable[tuple[str, str]]) -> BaseModel:
    """Read the parameters of a query. Raises BadRequest."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise BadRequest(f"the parameter {name[:40]} stands twice: give it once")
        values[name] = value
    return _checked(model, values, "parameter", strict=False)


def read_path(parts: Mapping[str, str]) -> dict[str, str]:
    """Check the parameters in a path. Raises BadRequest."""
    for name, value in parts.items():
        if not is_plain(value) or len(value) > MAX_PATH:
            raise BadRequest(
                f"the {name} in the path has characters that no {name} has, or too many: percent-encode UTF-8"
            )
    return dict(parts)


def read_json(model: type[BaseModel], data: bytes) -> BaseModel:
    """Read a body of JSON. Raises BadRequest."""
    try:
        value = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise BadRequest("the body is not UTF-8: send JSON in UTF-8") from problem
    except (ValueError, RecursionError) as problem:
        raise BadRequest(f"the body is no JSON: send an object with {_names(model)}") from problem
    if not isinstance(value, dict):
        raise BadRequest(f"the body is no JSON object: send one with {_names(model)}")
    return _checked(model, value, "field", strict=True)


def read_body(model: type[BaseModel], data: bytes, content_type: str, *, text: bool) -> BaseModel:
    """Read a body. text: accept plain text as {"text": ...}. Raises Refused."""
    if content_type == TEXT and text:
        try:
            return _checked(model, {"text": data.decode("utf-8").rstrip("\r\n")}, "field", strict=True)
        except UnicodeDecodeError as problem:
            raise BadRequest("the body is not UTF-8: send text in UTF-8") from problem
    if content_type != JSON:
        kinds = f"{JSON} or {TEXT}" if text else JSON
        raise Refused(415, f"the body's Content-Type is {content_type[:60]}: send {kinds}")
    return read_json(model, data)


def _checked(model: type[BaseModel], values: Mapping[str, Any], word: str, *, strict: bool) -> BaseModel:
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as problem:
        raise BadRequest(_in_words(model, problem, word)) from problem


def _in_words(model: type[BaseModel], problem: ValidationError, word: str) -> str:
    """Describe the first mistake in words. The words never repeat the value, which may be a password."""
    first = problem.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])[:60]
    if first["type"] == "extra_forbidden":
        return f"the {word} {name} is not known: there is {_names(model)}"
    if first["type"] == "missing":
        return f"the {word} {name} is missing"
    message = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"the {word} {name} is wrong: it should be {message[0].lower()}{message[1:]}"


def _names(model: type[BaseModel]) -> str:
    return ", ".join(field.alias or name for name, field in model.model_fields.items()) or "none"
