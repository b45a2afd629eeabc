"""Each command has a conversation: a client says the command, and the test looks at the outcome."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.commands.table import COMMANDS
from gateway.services.table import SERVICES

GATEWAY = Path(__file__).parents[1]
FOLDERS = ("commands", "edge", "services")
NO_CONVERSATIONS = {"test_bad_input.py", Path(__file__).name}
"""Files in which all commands are said alike."""

ALIASES = {"HELPOP": "HELP", "NS": "NICKSERV", "CS": "CHANSERV", "HS": "HOSTSERV"}


def lines(source: str) -> Iterator[str]:
    """Return the string constants of a file, and the first parts of f-strings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def commands_in(source: str) -> set[str]:
    found = (re.match(r"[A-Z]{3,}|[CHN]S\b", line) for line in lines(source))
    return {match[0] for match in found if match and match[0] in COMMANDS}


def test_every_command_is_said_in_a_conversation() -> None:
    said = {
        name
        for folder in FOLDERS
        for path in (GATEWAY / folder).rglob("test_*.py")
        if path.name not in NO_CONVERSATIONS
        for name in commands_in(path.read_text())
    }
    assert {ALIASES.get(name, name) for name in COMMANDS} <= said, "write a conversation in tests/gateway/commands"


def verbs_in(source: str) -> set[str]:
    """Return the words that may be commands to a service: alone, after NS, or in a PRIVMSG."""
    found = (re.match(r"(?:[NCH]S |PRIVMSG \S+ :)?([A-Za-z-]{2,})(?: |$)", line) for line in lines(source))
    return {match[1].upper() for match in found if match}


def test_every_command_of_a_service_is_said_in_a_conversation() -> None:
    said = {verb for path in (GATEWAY / "services").glob("test_*.py") for verb in verbs_in(path.read_text())}
    for service in SERVICES.values():
        assert {*service.commands} <= said, f"write a conversation with {service.name} in tests/gateway/services"


def test_what_counts_as_said() -> None:
    assert verbs_in("a('NS GROUP'); b('cert ADD'); c('PRIVMSG *circlet :set x'); d('GROUPS?')") == {
        "GROUP",
        "CERT",
        "SET",
    }

    assert commands_in("a('JOIN #c'); b(f'KICK {x}'); c('say JOIN'); d('JOINED x'); e(b'PING x')") == {
        "JOIN",
        "KICK",
        "PING",
    }
