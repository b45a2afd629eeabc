"""Services, and the table of commands of each service. People speak to a service as to a person.

Nobody can have a service's nick. A service answers with notices to the speaking connection. Messages to a service are
neither echoed nor kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.settings import EdgeSettings
from gateway.irc.format import truncate_text
from gateway.irc.message import clean
from gateway.state.people import Person

NOT_LOGGED_IN = "You are not logged in. Log in with SASL, or with /msg NickServ IDENTIFY [account] <password>."

NO_OPERATOR = "That is for operators of the network."
NOT_IN_CLASS = "Your class of operators does not have the capability"


class Command(NamedTuple):
    """syntax: begins with the command's name. help: the first line is a summary. words: the least and the most number
    of words after the name. login: only for people who are logged in. capability: only for operators whose class has
    this capability (gateway/irc/operator_table.py); "": for everybody."""

    handler: Callable[[Request], None]
    syntax: str
    help: tuple[str, ...]
    words: tuple[int, int]
    login: bool
    capability: str


class Service:
    """A service. host: the host of the service's source, "" for the server's name. offered: whether this network has
    the service."""

    def __init__(
        self, name: str, about: str, offered: Callable[[EdgeSettings], bool], user: str, host: str = ""
    ) -> None:
        self.name = name
        self.about = about
        self.offered = offered
        self.user = user
        self.host = host
        self.commands: dict[str, Command] = {}
        SERVICES[name.lower()] = self

    def command(
        self, syntax: str, *text: str, words: tuple[int, int] = (0, 0), login: bool = False, capability: str = ""
    ) -> Callable[[Callable[[Request], None]], Callable[[Request], None]]:
        """Register a handler under the first word of the syntax."""

        def register(handler: Callable[[Request], None]) -> Callable[[Request], None]:
            self.commands[syntax.split(" ")[0]] = Command(handler, syntax, text, words, login, capability)
            return handler

        return register

    def source(self, settings: EdgeSettings) -> str:
        return self.person(settings).source

    def person(self, settings: EdgeSettings) -> Person:
        """The service as a person, for WHO, WHOIS, USERHOST, ISON and MONITOR. A service is on no node and in no
        channel."""
        return Person("", 0, self.name, self.user, self.host or settings.network.server_name, self.about, "", 0)


SERVICES: dict[str, Service] = {}
"""Name in lower case -> service. Every casemapping folds the letters of these names to lower case."""


class Request:
    """A command of a person to a service. words: the words after the command's name, as received. Bytes outside UTF-8
    are surrogates; a password must not have surrogates."""

    __slots__ = ("call", "service", "words")

    def __init__(self, service: Service, call: Call, words: list[str]) -> None:
        self.service = service
        self.call = call
        self.words = words

    def say(self, *lines: str) -> None:
        source = self.service.source(self.call.edge.settings)
        for line in lines:
            self.call.send(Line(source, "NOTICE", (self.call.nick, line)))


def service(call: Call, name: str) -> Service | None:
    """Find a service by name; None if this network does not have the service."""
    found = SERVICES.get(name.lower())
    return found if found is not None and found.offered(call.edge.settings) else None


def tell(called: Service, call: Call, text: str) -> None:
    """Say something to a service. text: as received. Commands run in turn: each command sees the effects of the command
    before, and a login is done once the account's preferences are known."""
    user, sessions = call.user, call.edge.sessions

    def begin() -> None:
        ready = call.later(lambda _: _carry_out(called, call, text))
        sessions.once_begun(user, lambda: ready(None))

    call.alone(begin)


def _carry_out(called: Service, call: Call, text: str) -> None:
    verb, *words = [word for word in text.split(" ") if word] or ["HELP"]
    request, name = Request(called, call, words), clean(verb).upper()
    command = called.commands.get(name)
    if name == "HELP":
        _help(request)
    elif verb.startswith("\x01"):  # clients send CTCP without being asked
        request.say(f"{called.name} understands no CTCP. HELP lists its commands.")
    elif command is None:
        request.say(f"Unknown command {_shown(name)}. HELP lists the commands of {called.name}.")
    elif command.login and call.connection.login is None:
        request.say(NOT_LOGGED_IN)
    elif command.capability and not call.user.identity.may(command.capability):
        request.say(NO_OPERATOR if call.user.identity.oper is None else f"{NOT_IN_CLASS} {command.capability}.")
    elif not command.words[0] <= len(words) <= command.words[1]:
        request.say(f"Syntax: {command.syntax}", *command.help)
    else:
        command.handler(request)


def _shown(word: str) -> str:
    """Make a person's word fit to be shown to the person: printable and short."""
    return truncate_text("".join(letter if letter.isprintable() else "?" for letter in word), 32)


def _help(request: Request) -> None:
    called = request.service
    name = clean(request.words[0]).upper() if request.words else ""
    command = called.commands.get(name)
    if command is not None:
        request.say(f"Syntax: {command.syntax}", *command.help)
    elif name == "HELP":
        request.say("Syntax: HELP [command]", "list the commands, or explain a command")
    elif name:
        request.say(f"There is no help on {_shown(name)}. HELP lists the commands of {called.name}.")
    else:
        request.say(f"{called.name}: {called.about}")
        request.say(*(f"{command.syntax}: {command.help[0]}" for command in called.commands.values()))
        request.say("HELP <command> explains a command.")
