"""People and channels for the tests of the state machines."""

from __future__ import annotations

from typing import Any

import msgspec

from config.people import Limits
from gateway.irc.casemapping import Casemap
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Join, ModeChange, ModesDone, Say, SetModes
from gateway.state.channel.state import Rules
from gateway.state.people import Person, Refusal
from ring.replication.state_machine import Decision

CASEMAP = Casemap("rfc1459")
RULES = Rules(Limits(list_max=5), CASEMAP, keep_s=60.0)
FIRST_EDGE, SECOND_EDGE = ("10.0.0.1", 7), ("10.0.0.2", 3)


def person(uid: str, nick: str = "", edge: tuple[str, int] = FIRST_EDGE, **facts: Any) -> Person:
    nick = nick or f"nick{uid}"
    return Person(uid, facts.pop("version", 1), nick, "user", f"{nick.lower()}.example", "Real", *edge, **facts)


ANN, BOB, CAT, DAN = person("1", "Ann"), person("2", "Bob", SECOND_EDGE), person("3", "Cat"), person("4", "Dan")


class Stage:
    """A channel that is its own master: every decision is applied, and its event remembered."""

    def __init__(self, *members: Person) -> None:
        self.channel = Channel("#c", RULES)
        self.at = 1_000
        self.event: Any = None  # of the last command
        for one in members:
            self.do(Join(one, name="#C"))

    def do(self, command: Any) -> Any:
        """Returns the outcome."""
        self.at += 1
        decision: Decision = self.channel.decide(command, self.at)
        self.event = decision.event
        if decision.event is not None:
            self.channel.apply(decision.event, self.at)
        return decision.outcome

    def mode(self, by: Person, *changes: ModeChange, override: bool = False) -> tuple[Refusal, ...]:
        outcome = self.do(SetModes(by.uid, by.source, changes, override))
        if isinstance(outcome, Refusal):
            return (outcome,)
        return outcome.refusals if isinstance(outcome, ModesDone) else ()

    def say(self, by: Person, text: bytes = b"hi", status: str = "", outside: bool = False) -> Any:
        return self.do(Say(by.uid, by.source, "PRIVMSG", text, status, None, by if outside else None))

    def prefixes(self, who: Person) -> str:
        return self.channel.members[who.uid].prefixes


def plus(letter: str, param: str | None = None, uid: str | None = None) -> ModeChange:
    return ModeChange(True, letter, param, uid)


def minus(letter: str, param: str | None = None, uid: str | None = None) -> ModeChange:
    return ModeChange(False, letter, param, uid)


def packed(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))
