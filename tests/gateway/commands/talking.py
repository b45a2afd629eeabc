"""A channel with some talk, and the history of it as a client reads it."""

from __future__ import annotations

from gateway.irc.message import Message, parse
from tests.gateway.commands.stage import people, settle
from tests.sim.net import Client, Net

CAPS = "batch server-time message-tags account-tag draft/chathistory"


def parsed(line: str) -> Message:
    message = parse(line.encode())
    assert message is not None
    return message


def said(lines: list[str]) -> list[str]:
    return [parsed(line).params[-1] for line in lines]


def talk(net: Net, count: int = 10, caps: str = CAPS) -> tuple[Client, Client]:
    """Ann and Bob, and what they said by turns: 0, 1, 2, ..."""
    ann, bob = people(net, "ann", "bob", channel="#C", caps=caps)
    for number in range(count):
        (ann, bob)[number % 2].ask(f"PRIVMSG #c :{number}")
    settle(ann, bob)
    return ann, bob
