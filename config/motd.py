"""Reads and checks the message of the day, from the configuration or from a separate file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from config.mistakes import said
from config.values import FilePath

_MAX = 64 << 10  # bytes
_FORBIDDEN = "\0\r"  # not allowed in a line of IRC


def read_motd(path: Path) -> str:
    """Read the text in `path`, with Unix line ends. Raises OSError, or ValueError with words for a person."""
    with path.open("rb") as file:
        raw = file.read(_MAX + 1)
    try:
        return _check(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        if len(raw) <= _MAX:
            raise ValueError("not UTF-8 text") from error
        raise ValueError(f"longer than {_MAX} bytes") from error


def _check(text: str) -> str:
    if len(text.encode()) > _MAX:
        raise ValueError(f"longer than {_MAX} bytes")
    if any(character in text for character in _FORBIDDEN):
        raise ValueError("a NUL or a lone carriage return in it, which no IRC line may hold")
    return text


def _text(text: str) -> str:
    try:
        return _check(text)
    except ValueError as error:
        raise said(f"cannot be sent: {error}") from error


def _file(path: Path, info: ValidationInfo) -> Path:
    if info.context:
        try:
            read_motd(path)
        except (OSError, ValueError) as error:
            raise said(f"{path} cannot be sent: {error}") from error
    return path


MotdText = Annotated[str, AfterValidator(_text)]
MotdPath = Annotated[FilePath, AfterValidator(_file)]
