"""Reads a file into a model, and collects all mistakes of the file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from config.directory import DirectoryConfig
from config.messages import shown
from config.mistakes import ConfigErrors, Key, Mistake, dotted
from config.node import NodeConfig
from config.validation import validate
from config.yamlfile import Document, NotYaml, parse_yaml

MAX_BYTES = 128 << 10  # far more than every setting and a hundred operators need

C = TypeVar("C", NodeConfig, DirectoryConfig)


def load(path: str | Path) -> NodeConfig | DirectoryConfig:
    """Load the file in `path`. A file with a `directory:` section is a directory's; any other file is a node's.

    Relative paths in the file start at the file's folder. Key, certificate and motd files are checked, too. Raises
    ConfigErrors with every mistake of the file.
    """
    path = Path(path)
    document, data = _read(path)
    if "directory" in data:
        return _validate(path, document, data, DirectoryConfig)
    return _validate(path, document, data, NodeConfig)


def load_node(path: str | Path) -> NodeConfig:
    """Load the file of a node, as `load` does. Refuse the file of a directory."""
    path = Path(path)
    document, data = _read(path)
    if "directory" in data and "node" not in data:
        raise _refusal(path, "is the file of a directory: run `circlet directory` with it, or give the file of a node")
    return _validate(path, document, data, NodeConfig)


def load_directory(path: str | Path) -> DirectoryConfig:
    """Load the file of a directory, as `load` does. Refuse the file of a node."""
    path = Path(path)
    document, data = _read(path)
    if "node" in data and "directory" not in data:
        raise _refusal(path, "is the file of a node: run `circlet node` with it, or give the file of a directory")
    return _validate(path, document, data, DirectoryConfig)


def _read(path: Path) -> tuple[Document, dict[str, object]]:
    try:
        document = parse_yaml(_text(path))
    except NotYaml as error:
        raise _refusal(path, error.text, error.line) from error
    if document.data is None and not document.faults:
        raise _refusal(path, "is empty: `circlet init` writes files to start from")
    if not isinstance(document.data, dict):
        raise _refusal(path, f"found {shown(document.data)}: a file is a mapping of `key: value` lines")
    return document, document.data


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise _refusal(path, "is not a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _refusal(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(raw) > MAX_BYTES:
        raise _refusal(path, f"is longer than {MAX_BYTES} bytes: a configuration is much shorter")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refusal(path, f"found the byte 0x{raw[error.start]:02x}: the file must be UTF-8", line) from error


def _validate(path: Path, document: Document, data: dict[str, object], model: type[C]) -> C:
    config, wrong = validate(model, data, path.absolute().parent)
    found = {key: (_line(document, key), text) for key, text in wrong.items()}
    found |= {fault.key: (fault.line, fault.text) for fault in document.faults}
    if config is None or found:
        mistakes = (Mistake(str(path), dotted(key), line, text) for key, (line, text) in found.items())
        raise ConfigErrors(sorted(mistakes, key=lambda mistake: mistake.line or 0))
    return config


def _line(document: Document, key: Key) -> int | None:
    """Return the line of `key`, or of the nearest enclosing section in the file."""
    while key and key not in document.lines:
        key = key[:-1]
    return document.lines[key] if key else None


def _refusal(path: Path, text: str, line: int | None = None) -> ConfigErrors:
    return ConfigErrors([Mistake(str(path), "", line, text)])
