"""REDACT: the author or an operator deletes a message, and everybody is told."""

from __future__ import annotations

import re

import pytest

from tests.gateway.commands.stage import people, settle, source
from tests.gateway.commands.talking import CAPS, parsed, said, talk
from tests.sim.net import Client, Net

NONE = "There is no such message, or the message is too old"


FORBIDDEN = "You are not authorised to delete this message"


def history(client: Client, line: str) -> list[str]:
    """What CHATHISTORY answers, without the batch around it."""
    answer = client.ask(f"CHATHISTORY {line}")
    begin, end = re.fullmatch(r"(?:@\S+ )?BATCH \+(\w+) chathistory (\S+)", answer[0]), answer[-1]
    assert begin is not None, answer
    assert end.endswith(f"BATCH -{begin[1]}")
    assert all(f"batch={begin[1]};" in line or f"batch={begin[1]} " in line for line in answer[1:-1])
    return answer[1:-1]


def test_who_said_it_and_operators_delete_messages(net: Net) -> None:
    able = f"{CAPS} draft/message-redaction"
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c", caps=able)
    (dan,) = people(net, "dan", channel="#c", caps=CAPS)
    for text in ("one", "two", "three"):
        bob.ask(f"PRIVMSG #c :{text}")
    settle(ann, bob, cat, dan)
    one, two, _ = (parsed(line).tags["msgid"] for line in history(ann, "LATEST #c * 9"))  # type: ignore[index]
    assert cat.ask(f"REDACT #c {one}") == [f"FAIL REDACT REDACT_FORBIDDEN #c {one} :{FORBIDDEN}"]
    (shown,) = bob.ask(f"REDACT #c {one} :a slip")
    assert shown.endswith(f" {source('bob')} REDACT #c {one} :a slip")
    assert parsed(shown).tags is not None and {"msgid", "time"} <= {*(parsed(shown).tags or {})}
    ann.ask(f"REDACT #c {two}")
    settle(bob, cat, dan)
    assert [line.split(" ", 1)[1] for line in cat.got if " REDACT #" in line] == [
        f"{source('bob')} REDACT #c {one} :a slip",
        f"{source('ann')} REDACT #c {two}",
    ]
    assert not [line for line in dan.got if "REDACT" in line]
    for person in (ann, bob, cat, dan):
        assert said(history(person, "LATEST #c * 9")) == ["three"]
    assert said(history(ann, f"AFTER #c msgid={one} 9")) == ["three"]  # it still names a place
    assert ann.ask(f"REDACT #c {two}")[0].startswith(f"FAIL REDACT UNKNOWN_MSGID #c {two} :")
    dan.ask("PRIVMSG #c :four")
    four = parsed(history(dan, "LATEST #c * 1")[0]).tags["msgid"]  # type: ignore[index]
    assert dan.ask(f"REDACT #c {four}") == ["NOTICE dan :The message in #c is deleted."]  # it cannot be shown a REDACT


def test_operators_erase_all_that_was_said(net: Net) -> None:
    ann, bob = talk(net, 4, f"{CAPS} draft/message-redaction")
    assert bob.ask("REDACT #c *") == [f"FAIL REDACT REDACT_FORBIDDEN #c * :{FORBIDDEN}"]
    notice = "NOTICE #C :ann has erased what was said here until now."
    assert [line.split(" ", 1)[1].removeprefix(":irc.circlet.local ") for line in ann.ask("REDACT #c *")] == [notice]
    assert any(line.endswith(notice) for line in bob.sync())
    bob.ask("PRIVMSG #c :new")
    for person in (ann, bob):
        assert said(history(person, "LATEST #c * 9")) == ["new"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("REDACT #c", "461 ann REDACT :Not enough parameters"),
        ("REDACT bob x", "FAIL REDACT INVALID_TARGET bob :You cannot delete messages from there"),
        ("REDACT #none x", "FAIL REDACT INVALID_TARGET #none :You cannot delete messages from there"),
        ("REDACT #c x", f"FAIL REDACT UNKNOWN_MSGID #c x :{NONE}"),
        ("REDACT #c :", f"FAIL REDACT UNKNOWN_MSGID #c * :{NONE}"),
        ("REDACT #c :a b", f"FAIL REDACT UNKNOWN_MSGID #c a_b :{NONE}"),
        (
            f"REDACT #c {'x' * 300}",
            f"FAIL REDACT UNKNOWN_MSGID #c {'x' * 64} :{NONE}",
        ),
    ],
)
def test_what_cannot_be_deleted(net: Net, line: str, answer: str) -> None:
    ann, _ = talk(net, 1)
    assert ann.ask(line) == [answer]
