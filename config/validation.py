"""Makes a model from data, or finds all mistakes. pydantic alone reports some mistakes only after others are mended."""

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
    """Return (the model, {}) or (None, texts of mistakes by key). base: relative paths in the data start there."""
    config, errors = _attempt(model, data, base)
    wrong = {error["loc"]: in_words(error, model) for error in errors}
    if errors:
        # pydantic compares settings of a section only if each setting is valid: so validate again without the wrong
        # settings.
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
    """Tell whether the error is only an effect of another error, like a list left short by wrong items."""
    if error["type"] == "too_short":
        return len(error["input"]) >= int(error["ctx"]["min_length"])
    return error["type"] == "default_factory_not_called"


def _whole(error: ErrorDetails) -> Key:
    """Return the key to leave out so that the rest can be validated: the key itself, or the whole list around the key.
    To leave out a single item would shift the indexes of the other items.
    """
    key: Key = error["loc"]
    if error["type"] == "extra_forbidden":
        return key
    return key[: next((index for index, part in enumerate(key) if isinstance(part, int)), len(key))]


def _without(data: dict[str, Any], keys: set[Key]) -> dict[str, Any]:
    data = deepcopy(data)
    for key in sorted(keys, key=len, reverse=True):  # inner keys first
        section: Any = data
        for part in key[:-1]:
            section = section[part]
        section.pop(key[-1], None)
    return data
