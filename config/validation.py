"""Data to a model, or everything that is wrong with it, also what pydantic alone would tell only after the rest."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.messages import in_words
from config.mistakes import Key, dotted
from config.section import Section

C = TypeVar("C", bound=Section)


def validate(model: type[C], data: dict[str, Any], base: Path) -> tuple[C | None, dict[Key, str]]:
    """(the model, {}) or (None, what is wrong at which key). base: the directory that paths are relative to."""
    config, errors = _attempt(model, data, base)
    wrong = {error["loc"]: in_words(error, model) for error in errors}
    if errors:
        # pydantic compares the settings of a section only once each is right. So once more without the wrong ones.
        dropped = {_whole(error) for error in errors}
        _, errors = _attempt(model, _without(data, dropped), base)
        for error in errors:
            text = in_words(error, model)
            if error["type"] == "clash" and not any(key == error["loc"] or dotted(key) in text for key in dropped):
                wrong[error["loc"]] = text
    return config, wrong


def _attempt(model: type[C], data: dict[str, Any], base: Path) -> tuple[C | None, list[ErrorDetails]]:
    try:
        return model.model_validate(data, context={"base": base}), []
    except ValidationError as failure:
        return None, [error for error in failure.errors(include_url=False) if not _follows(error)]


def _follows(error: ErrorDetails) -> bool:
    """Whether the error only follows from another: a list that is short of items because they are wrong."""
    if error["type"] == "too_short":
        return len(error["input"]) >= int(error["ctx"]["min_length"])
    return error["type"] == "default_factory_not_called"


def _whole(error: ErrorDetails) -> Key:
    """What to leave out so that the rest stands: the key, or the list it is in; others keep their index so."""
    key: Key = error["loc"]
    if error["type"] == "extra_forbidden":
        return key
    return key[: next((index for index, part in enumerate(key) if isinstance(part, int)), len(key))]


def _without(data: dict[str, Any], keys: set[Key]) -> dict[str, Any]:
    data = deepcopy(data)
    for key in sorted(keys, key=len, reverse=True):  # what is inside before what it is inside of
        section: Any = data
        for part in key[:-1]:
            section = section[part]
        section.pop(key[-1], None)
    return data
