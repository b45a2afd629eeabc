"""A client's view of a channel, from the lines sent to the client and nothing else."""

from __future__ import annotations

from functools import lru_cache

from gateway.irc.message import Message, parse

RANKS = {"@": "o", "%": "h", "+": "v"}


class View:
    """One channel in the view of one client."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.members: dict[str, set[str]] = {}  # nick -> rank letters
        self.topic = ""
        self.flags: set[str] = set()
        self.bans: set[str] = set()
        self.inside = False


@lru_cache(maxsize=1024)
def _parsed(line: str) -> Message | None:
    """Return the parsed line. Most lines are read by several clients."""
    return parse(line.encode("utf-8", "surrogateescape"))


class Reader:
    """Reads a client's lines, once each."""

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self.views: dict[str, View] = {}
        self.odd: list[str] = []  # lines without sense to a client

    def read(self, line: str) -> None:
        message = _parsed(line)
        if message is not None:
            handler = _HANDLERS.get(message.command)
            if handler is not None:
                handler(self, message, _nick(message))

    def _join(self, m: Message, who: str) -> None:
        if who == self.nick:
            view = self.views[m.params[0]] = View(m.params[0])
            view.inside = True
        view = self.views[m.params[0]]
        if who in view.members:
            self.odd.append(f"{self.nick}: JOIN of {who}, who is there")
        view.members.setdefault(who, set())

    def _part(self, m: Message, who: str) -> None:
        self._leave(m.params[0], who)

    def _kick(self, m: Message, who: str) -> None:
        self._leave(m.params[0], m.params[1])

    def _leave(self, channel: str, who: str) -> None:
        view = self.views[channel]
        if who == self.nick:
            view.inside = False
        elif view.members.pop(who, None) is None:
            self.odd.append(f"{self.nick}: {who} leaves {channel} and was not there")

    def _quit(self, m: Message, who: str) -> None:
        known = [view.members.pop(who, None) for view in self.views.values() if view.inside]
        if who != self.nick and all(ranks is None for ranks in known):
            self.odd.append(f"{self.nick}: QUIT of {who}, who was not there")

    def _rename(self, m: Message, who: str) -> None:
        new = m.params[0]
        for view in self.views.values():
            if view.inside and who in view.members:
                if new in view.members:
                    self.odd.append(f"{self.nick}: {who} becomes {new}, who is there")
                view.members[new] = view.members.pop(who)
        if who == self.nick:
            self.nick = new

    def _mode(self, m: Message, who: str) -> None:
        view = self.views.get(m.params[0])
        if view is None:
            return
        adding, params = True, iter(m.params[2:])
        for letter in m.params[1]:
            if letter in "+-":
                adding = letter == "+"
            elif letter in "ohv":
                self._rank(view, letter, next(params), adding)
            elif letter == "b":
                mask = next(params)
                view.bans = view.bans | {mask} if adding else view.bans - {mask}
            elif letter in "eIk" or (letter == "l" and adding):
                next(params, None)
            if letter in "imnstCHQRS":
                view.flags = view.flags | {letter} if adding else view.flags - {letter}

    def _rank(self, view: View, letter: str, who: str, adding: bool) -> None:
        ranks = view.members.get(who)
        if ranks is None:
            self.odd.append(f"{self.nick}: MODE {letter} of {who}, who is not in {view.channel}")
            return
        if adding:
            ranks.add(letter)
        else:
            ranks.discard(letter)

    def _topic(self, m: Message, who: str) -> None:
        self.views[m.params[0]].topic = m.params[1]

    def _topic_is(self, m: Message, who: str) -> None:
        self.views[m.params[1]].topic = m.params[2]

    def _names(self, m: Message, who: str) -> None:
        view = self.views.get(m.params[2])
        for name in m.params[3].split() if view is not None else ():
            nick = name.lstrip("@%+")
            view.members[nick] = {RANKS[sign] for sign in name[: len(name) - len(nick)]}

    def _modes_are(self, m: Message, who: str) -> None:
        self.views[m.params[1]].flags = set(m.params[2]) & set("imnstCHQRS")


def _nick(m: Message) -> str:
    return (m.source or "").partition("!")[0]


_HANDLERS = {
    "JOIN": Reader._join,
    "PART": Reader._part,
    "KICK": Reader._kick,
    "QUIT": Reader._quit,
    "NICK": Reader._rename,
    "MODE": Reader._mode,
    "TOPIC": Reader._topic,
    "332": Reader._topic_is,
    "353": Reader._names,
    "324": Reader._modes_are,
}
