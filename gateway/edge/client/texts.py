"""Lines of the server that differ only in the reader's nick, rendered once for each version of the settings.

A template has for each line the bytes before the nick and the bytes after the nick. A line of the server has no tags,
so all capability variants share the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.edge.settings import EdgeSettings
from gateway.irc import numerics as n
from gateway.irc.format import format_line
from gateway.irc.isupport import isupport
from gateway.irc.limits import BODY_BYTES
from gateway.irc.message import encode
from gateway.irc.mode_table import myinfo
from gateway.irc.times import server_time

Reply = tuple[str, ...]
"""A numeric and its parameters after the nick."""

_NICK = "x"


class Template:
    """Some replies. The nick is the first parameter of each reply."""

    __slots__ = ("_parts", "_room", "replies")

    def __init__(self, server: str, replies: Iterable[Reply]) -> None:
        self.replies: Sequence[Reply] = tuple(replies)
        self._parts: list[tuple[bytes, bytes]] = []
        longest = 0
        for numeric, *params in self.replies:
            line = format_line(server, numeric, (_NICK, *params))
            before = len(format_line(server, numeric, ())) - len(b"\r\n") + 1
            self._parts.append((line[:before], line[before + len(_NICK) :]))
            longest = max(longest, len(line))
        self._room = BODY_BYTES + len(b"\r\n") - longest + len(_NICK)

    def render(self, nick: str) -> list[bytes] | None:
        """Return the lines for the nick; None if a line would be too long, so that the line has to be cut."""
        name = encode(nick)
        if len(name) > self._room:
            return None
        return [before + name + after for before, after in self._parts]


class Texts:
    """The templates of one version of the settings. greeting: 002 to 004. features: 005. motd: without a motd, no
    replies."""

    __slots__ = ("features", "greeting", "motd", "settings")

    def __init__(self, settings: EdgeSettings, node: str) -> None:
        """node: name of this node."""
        self.settings = settings
        features = list(_features(settings))
        greeting: list[Reply] = [
            (n.RPL_YOURHOST, f"Your host is {node}, running version {settings.version}"),
            (n.RPL_CREATED, f"This server was created {server_time(settings.created * 1000)}"),
            (n.RPL_MYINFO, settings.network.server_name, settings.version, *myinfo()),
        ]
        self.greeting = Template(settings.network.server_name, greeting)
        self.features = Template(settings.network.server_name, features)
        self.motd = Template(settings.network.server_name, _motd(settings))


def _features(settings: EdgeSettings) -> Iterable[Reply]:
    history = settings.history.query_max if settings.history.enabled else 0
    network = settings.network
    for tokens in isupport(
        settings.limits,
        network.name,
        settings.casemap.name,
        history=history,
        silences=settings.clients.silence_max,
        accepts=settings.clients.accept_max,
        utf8_only=network.utf8_only,
        icon=network.icon,
    ):
        yield (n.RPL_ISUPPORT, *tokens, n.TEXT[n.RPL_ISUPPORT])


def _motd(settings: EdgeSettings) -> Iterable[Reply]:
    if not settings.motd:
        return
    yield (n.RPL_MOTDSTART, f"- {settings.network.server_name} Message of the day - ")
    for line in settings.motd:
        yield (n.RPL_MOTD, f"- {line}")
    yield (n.RPL_ENDOFMOTD, n.TEXT[n.RPL_ENDOFMOTD])
