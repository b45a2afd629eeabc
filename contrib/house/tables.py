"""Writes the tables of the documents that the program knows best: python -m contrib.house.tables (make docs).

A document holds such a table between the comments `<!-- table: NAME -->` and `<!-- end of table -->`. The test
tests/contrib/house/test_tables.py fails if a table differs from what the program says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from config import DirectoryConfig, NodeConfig
from config.section import Section, fact, section_of
from config.units import format_duration, format_size
from contrib.house.documents import documents
from contrib.house.measure import ROOT
from gateway.commands import helping
from gateway.edge.client.capabilities import CAPS
from gateway.irc.defcon_table import LEVELS, stopped
from gateway.irc.mode_table import CHANNEL_TABLE, USER_TABLE, Mode
from gateway.irc.operator_table import CAPABILITIES, SNOMASKS
from gateway.services.chanserv import CHANSERV
from gateway.services.circlet import CIRCLET
from gateway.services.hostserv import HOSTSERV
from gateway.services.nickserv import NICKSERV
from gateway.services.playback import PLAYBACK
from gateway.services.table import Service

_TABLE = re.compile(r"(<!-- table: (.+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)

# Markdown -------------------------------------------------------------------------------------------------------------


def code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def plain(text: str) -> str:
    """Escape what Markdown takes for a mark, except in code between backticks."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*<\\])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


# What people may type -------------------------------------------------------------------------------------------------


WHEN_SET = {"l": " number", "f": " #channel", "L": " #channel", "j": " joins:seconds", "F": " limits:seconds"}
"""The parameters of modes that are set with a parameter, by the letter."""


def modes(of: Sequence[Mode], *, ranked: bool) -> str:
    """ranked: with a column that says whether half-operators may change the mode."""
    head = ["mode", "means", *(["half-operators may change the mode"] if ranked else [])]
    marks = {"list": " mask", "always": " key", "when_set": "", "rank": " nick", "flag": ""}
    rows = [
        [
            code(f"+{mode.letter}{WHEN_SET.get(mode.letter, marks[mode.kind])}"),
            mode.meaning + (f" Clients show `{mode.sign}` before the nick." if mode.sign else ""),
            *([("yes" if mode.halfop else "no")] if ranked else []),
        ]
        for mode in of
    ]
    return table(head, rows)


def commands() -> str:
    """The commands of IRC, with the texts of HELP."""
    also = {name: [other for other, same in helping.SAME.items() if same == name] for name in helping.TEXTS}
    rows = (
        [", ".join(map(code, (name, *also[name]))), " ".join(map(plain, text))] for name, text in helping.TEXTS.items()
    )
    return table(["command", "what HELP says"], rows)


def service(of: Service) -> str:
    rows = (
        [code(command.syntax), plain(" ".join(line.rstrip(".") + "." for line in command.help))]
        for command in of.commands.values()
    )
    return table([f"said to {plain(of.name)}", "does"], rows)


def capabilities() -> str:
    return f"{', '.join(map(code, CAPS))}.\n"


def facts(head: Sequence[str], of: Mapping[str, str]) -> str:
    """A row for each word and its meaning."""
    return table(head, ([code(word), plain(meaning)] for word, meaning in of.items()))


# Settings -------------------------------------------------------------------------------------------------------------


def settings(model: type[Section]) -> str:
    head = ["setting", "means", "may be"]
    return table(
        head, ([code(key), plain(field.description or ""), plain(allowed(field))] for key, field in leaves(model))
    )


def leaves(model: type[Section], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The settings of a section and of the sections inside: (dotted key, field). `[]` marks items of a list."""
    for name, field in model.model_fields.items():
        inner = section_of(field)
        if inner is None:
            yield f"{prefix}{name}", field
        else:
            is_list = get_origin(field.annotation) is tuple
            yield from leaves(inner, f"{prefix}{name}{'[]' if is_list else ''}.")


def allowed(field: FieldInfo) -> str:
    """The values that a setting may have, as far as bounds and choices tell it."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if get_origin(kind) is Literal:
            return ", ".join(map(code, get_args(kind)))
        if kind is bool:
            return "`true`, `false`"
    bounds = {name: value for part in field.metadata for name in ("ge", "gt", "le") if (value := _bound(part, name))}
    shown = {name: _in_unit(value, fact(field, "unit")) for name, value in bounds.items()}
    low = shown["ge"] if "ge" in shown else f"more than {shown['gt']}" if "gt" in shown else ""
    return f"{low} to {shown['le']}" if low and "le" in shown else low


def _bound(part: Any, name: str) -> float | str | None:
    value = getattr(part, name, None)
    return "0" if value == 0 else value


def _in_unit(value: Any, unit: str | None) -> str:
    if unit == "seconds":
        return format_duration(float(value))
    return format_size(int(value)) if unit == "bytes" else str(value)


TABLES: dict[str, Callable[[], str]] = {
    "channel modes": lambda: modes(CHANNEL_TABLE, ranked=True),
    "user modes": lambda: modes(USER_TABLE, ranked=False),
    "commands": commands,
    "NickServ": lambda: service(NICKSERV),
    "HostServ": lambda: service(HOSTSERV),
    "ChanServ": lambda: service(CHANSERV),
    "*circlet": lambda: service(CIRCLET),
    "*playback": lambda: service(PLAYBACK),
    "capabilities": capabilities,
    "DEFCON": lambda: facts(["level", "stops"], {str(level): stopped(level) for level in LEVELS}),
    "snomasks": lambda: facts(["letter", "tells of"], SNOMASKS),
    "operator capabilities": lambda: facts(["capability", "the operator may"], CAPABILITIES),
    "settings of a node": lambda: settings(NodeConfig),
    "settings of a directory": lambda: settings(DirectoryConfig),
}

# Documents ------------------------------------------------------------------------------------------------------------


def with_tables(text: str) -> str:
    """The document with its tables as the program has them. Raises KeyError for a table that nobody makes."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def tables_in(text: str) -> list[str]:
    return [found[2] for found in _TABLE.finditer(text)]


def main() -> None:
    for path in documents(ROOT):
        text = path.read_text()
        path.write_text(with_tables(text))


if __name__ == "__main__":
    main()
