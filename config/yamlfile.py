"""Reads YAML into plain data with the line of every key, and refuses all YAML that a configuration never needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from config.mistakes import Key

_DEPTH = 10  # twice the depth of the deepest setting

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    text: value for word, value in (("true", True), ("false", False)) for text in (word, word.title(), word.upper())
}

_PLAINLY = {
    "mapping values are not allowed here": "a second `key:` on one line: check the indentation, or quote the text",
    "expected <block end>, but found": "this does not line up with the lines above it: check the indentation",
    "could not find expected ':'": "a key without `:` after it",
    "found character '\\t'": "a tab: indent with spaces",
    "found unexpected end of stream": "the file ends within a quoted text",
    "expected ',' or ']'": "a list that is not closed: `]` is missing",
    "expected ',' or '}'": "a mapping that is not closed: `}` is missing",
    "expected a single document": "a second document (`---`): one file holds one configuration",
}


class Fault(NamedTuple):
    """A mistake in the text itself."""

    key: Key
    line: int | None
    text: str


class Document(NamedTuple):
    """The content of a file. lines: has each key in the text; items of a list have their index as a key."""

    data: object
    lines: dict[Key, int]
    faults: list[Fault]


class NotYaml(Exception):
    """The text is not readable as YAML."""

    def __init__(self, line: int | None, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


def parse_yaml(text: str) -> Document:
    """Parse a text with a single document: dicts, lists, str, int, float, bool and None (YAML 1.2 core schema).

    Aliases, tags, endless nesting and repeated keys are refused. Raises NotYaml.
    """
    try:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        builder = _Builder(events)
        return Document(builder.document(), builder.lines, builder.faults)
    except ReaderError as error:
        raise NotYaml(text.count("\n", 0, error.position) + 1, "a control character that no text needs") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise NotYaml(line, f"not valid YAML: {_plainly(error)}") from error
    except NotYaml:
        raise
    except Exception as error:  # on absurd input a few of the parser's own mistakes come through
        raise NotYaml(None, "not valid YAML") from error


def _plainly(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "it cannot be read")
    return next((words for start, words in _PLAINLY.items() if problem.startswith(start)), problem)


class _Builder:
    """Builds data from the parser's events, not from ruamel's own tree, because that tree expands aliases."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.lines: dict[Key, int] = {}
        self.faults: list[Fault] = []

    def document(self) -> object:
        data: object = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise NotYaml(event.start_mark.line + 1, _PLAINLY["expected a single document"])
            elif isinstance(event, NodeEvent):
                data = self.node(event, ())
        return data

    def node(self, event: Any, key: Key) -> object:
        line = event.start_mark.line + 1
        self.lines.setdefault(key, line)
        if isinstance(event, AliasEvent):
            self.fault(key, line, "found an alias (`*name`): write the value out")
            return None
        if event.tag is not None:
            self.fault(key, line, "found a tag (`!name`): write the value without it")
        if isinstance(event, ScalarEvent):
            return self.scalar(event, key, line)
        if len(key) >= _DEPTH:
            raise NotYaml(line, "nested deeper than any setting is")
        return self.sequence(key) if isinstance(event, SequenceStartEvent) else self.mapping(key)

    def sequence(self, key: Key) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.node(event, (*key, len(items))))
        return items

    def mapping(self, key: Key) -> dict[str, object]:
        section: dict[str, object] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, ScalarEvent):
                raise NotYaml(line, "found a list or a mapping where a key should be")
            name = event.value
            inner = (*key, name)
            if not re.fullmatch(r"[ -~]{1,64}", name):
                raise NotYaml(line, f"found the key {ascii(name)[:40]}: a key is a plain word")
            if name in section:
                value = next(self.events)
                remedy = "remove one" if isinstance(value, ScalarEvent) else "put the lines of both under one"
                self.fault(inner, line, f"stands twice, first on line {self.lines[inner]}: {remedy}")
                self.node(value, inner)
                continue
            self.lines[inner] = line
            section[name] = self.node(next(self.events), inner)
        return section

    def scalar(self, event: ScalarEvent, key: Key, line: int) -> object:
        text = str(event.value)
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            self.fault(key, line, "found half a character (\\ud800 to \\udfff): write the character itself")
            return None
        return _plain(text) if event.style is None else text

    def fault(self, key: Key, line: int, text: str) -> None:
        self.faults.append(Fault(key, line, text))


def _plain(text: str) -> object:
    """Read an unquoted scalar by the YAML 1.2 core schema. A number with too many digits stays text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if len(text) <= 40 and _FLOAT.fullmatch(text):
        return float(text)
    return text
