"""Judges lines of clients by shuns, by the spam filter, and by DEFCON (P55). Without any of these, no line is judged.

Theory of operation. `NetworkBans.watches` is False while nothing has to be judged, and then a line costs a single look
at the flag. Otherwise a line is parsed here, before the command is carried out: a stopped line is dropped. A muted
person is told nothing; a person whose words are stopped by a filter or by DEFCON is told so. Operators are never
stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.edge.bans.filters import Filters
from gateway.edge.client.call import Call
from gateway.edge.ports import EdgePort
from gateway.irc.defcon_table import NO_WORDS, PEACE
from gateway.irc.message import Message, parse
from gateway.irc.names import is_service
from gateway.state.bans.messages import Entry

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.users.user import User

Punish = Callable[["User", Entry], None]

_MAY_SAY: Final = frozenset(("PING", "PONG", "QUIT", "PART"))
"""Commands of a muted person that are carried out."""

_TEXTS: Final = {"PRIVMSG": 1, "NOTICE": 1, "TOPIC": 1, "PART": 1, "KICK": 2, "QUIT": 0, "AWAY": 0}
"""Commands with a text that filters of messages see, and the place of the text."""

_NAMES: Final = {"NICK": "n", "SETNAME": "r"}

_WORDS: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG", "TOPIC", "INVITE", "KNOCK"))
"""Commands that DEFCON stops for people without an account."""

_TALK: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG"))


class LineWatch:
    """muted: by uid, the shun of each muted user. punish(user, filter): carries out an action "kill" or "ban"."""

    def __init__(self, edge: EdgePort, punish: Punish) -> None:
        self._edge = edge
        self._punish = punish
        self.muted: dict[str, Entry] = {}
        self.filters = Filters()
        self.defcon: Entry | None = None

    @property
    def is_needed(self) -> bool:
        return bool(self.muted or len(self.filters) or self.level <= NO_WORDS)

    @property
    def level(self) -> int:
        """Return the present level of DEFCON."""
        entry = self.defcon
        return int(entry.action) if entry is not None and entry.is_active(self._edge.network.now_ms) else PEACE

    def stops(self, connection: Connection, line: bytes) -> bool:
        """Judge a line of a client. Returns whether the line is dropped."""
        user, message = connection.user, parse(line)
        if user is None or message is None:
            return False
        at, verb = self._edge.network.now_ms, message.command
        shun = self.muted.get(user.uid)
        if shun is not None and shun.is_active(at):
            return verb not in _MAY_SAY
        if user.identity.oper is not None or (verb in _TALK and _is_to_services(message)):
            return False
        if verb in _WORDS and user.person.account is None and self.level <= NO_WORDS:
            self._say(connection, message, f"Only people with an account may speak now (DEFCON {self.level}).")
            return True
        return bool(len(self.filters)) and self._filters(connection, user, message, at)

    def _filters(self, connection: Connection, user: User, message: Message, at: int) -> bool:
        place = _TEXTS.get(message.command)
        part = _NAMES.get(message.command) if place is None else "m"
        if part is None or len(message.params) <= (place or 0):
            return False
        entry = self.filters.find(part, message.params[place or 0], at)
        if entry is None:
            return False
        self.tell(f"{user.person.nick}!{user.person.user}@{user.person.origin}", message.command, entry)
        if entry.action in ("kill", "ban"):
            self._punish(user, entry)
        elif entry.action == "block":
            why = f": {entry.reason}" if entry.reason else "."
            self._say(connection, message, f"The spam filter of the network has stopped your {message.command}{why}")
        return entry.action != "report"

    def tell(self, source: str, what: str, entry: Entry) -> None:
        """Tell operators that a text fell under a filter."""
        self._edge.network.note("filtered", mask=entry.mask, action=entry.action, command=what)
        self._edge.oversight.tell("b", f"Spam filter {entry.mask} ({entry.action}) met by {what} of {source}")

    def _say(self, connection: Connection, message: Message, text: str) -> None:
        call = Call(self._edge, connection, message)
        call.begin()
        if message.command != "NOTICE":
            call.notice(text)
        call.release()


def _is_to_services(message: Message) -> bool:
    targets = message.params[0].split(",") if message.params else []
    return bool(targets) and all(is_service(target) for target in targets)
