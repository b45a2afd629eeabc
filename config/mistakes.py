"""Mistakes in a configuration, in words: carried through pydantic, collected, and printed together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Key = tuple[str | int, ...]
"""The place of a setting: `("listeners", 0, "port")`."""

T = TypeVar("T")

_PRINTED = 200


class Mistake(NamedTuple):
    """A mistake in a file."""

    file: str
    key: str  # dotted, like `listeners[0].port`; empty for the file as a whole
    line: int | None  # counted from 1
    text: str  # the value found, and a right value

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}"
        place = f"{self.key} ({line})" if self.key and line else self.key or line
        return ": ".join(part for part in (self.file, place, self.text) if part)


class ConfigErrors(Exception):
    """All mistakes of a configuration file. `str()` gives a line for each mistake, up to 200."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        lines = [str(mistake) for mistake in self.mistakes[:_PRINTED]]
        if more := len(self.mistakes) - len(lines):
            lines.append(f"and {more} more mistakes")
        super().__init__("\n".join(lines))


def dotted(key: Key) -> str:
    """Write `("listeners", 0, "port")` as `listeners[0].port`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")


def wanted(text: str) -> PydanticCustomError:
    """Make an error for a wrong value. text: describes a right value; the value found is added later."""
    return PydanticCustomError("wanted", "{text}", {"text": text})


def said(text: str) -> PydanticCustomError:
    """Make an error with a complete text: the value found, and a right value."""
    return PydanticCustomError("said", "{text}", {"text": text})


def refusing(parse: Callable[[Any], T]) -> Callable[[Any], T]:
    """Make a validator from `parse`. If `parse` raises ValueError, the error's text describes a right value."""

    def validate(value: Any) -> T:
        try:
            return parse(value)
        except ValueError as error:
            raise wanted(str(error)) from error

    return validate


def clash(found: Iterable[tuple[Key, str]]) -> NoReturn:
    """Raise errors about settings that contradict each other. found: keys inside the validated section, and texts."""
    raise ValidationError.from_exception_data(
        "configuration",
        [
            InitErrorDetails(type=PydanticCustomError("clash", "{text}", {"text": text}), loc=key, input=None)
            for key, text in found
        ],
        hide_input=True,
    )
