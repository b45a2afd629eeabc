"""What is said to *playback, as to the ZNC module of that name. Source: wiki.znc.in/Playback."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from gateway.edge.call import Call
from gateway.edge.history import Story, recall, story
from gateway.edge.lines import Line
from gateway.irc.masks import compile_mask
from gateway.irc.times import read_seconds, server_time
from ring.ids import GroupId
from ring.store import Line as Kept
from ring.wire import Mark, Query

NAME = "*playback"
SOURCE = "*playback!playback@znc.in"
MOST = 500
"""PLAY shows at most this many lines of a channel, the last ones, and"""
ALL = 5_000
"""so many at all: a client has to keep up with it."""

HELP = (
    "PLAY <channels or nicks> [from] [to]: e.g. PLAY * 0, or PLAY #a,joe 1700000000.5 (seconds since 1970)",
    "LIST [channels or nicks]: of which there is something to play, and from when to when",
    "CLEAR: a channel's history is the channel's; its operators erase it with REDACT #channel *",
)


def tell(call: Call, text: str) -> None:
    words = text.split()
    verb = words[0].upper() if words else ""
    if verb == "PLAY" and 2 <= len(words) <= 4:
        times = [read_seconds(word) for word in words[2:]]
        if None in times:
            _say(call, "Times are seconds since 1970, e.g. 1700000000.5")
        else:
            after, before = (*times, None, None)[:2]
            call.after(call.user.unsettled, lambda: _play(call, words[1], after, before))
    elif verb == "LIST" and len(words) <= 2:
        call.after(call.user.unsettled, lambda: _list(call, words[1] if len(words) > 1 else "*"))
    elif verb == "CLEAR":
        _say(call, HELP[2])
    else:
        for line in HELP:
            _say(call, line)


def _say(call: Call, text: str) -> None:
    call.send(Line(SOURCE, "NOTICE", (call.nick, text)))


def _stories(call: Call, wanted: str) -> dict[GroupId, Story]:
    """The caller's channels and conversations that one of the masks means."""
    casemap = call.edge.settings.casemap
    masks = [compile_mask(mask, casemap.name) for mask in wanted.split(",")[:100] if mask]
    talks = {group: talk.other for group, talk in call.edge.talks.of(call.user).items()}
    names = {group: group.name for group in call.user.rooms} | talks
    wished = [group for group, name in names.items() if any(mask.fullmatch(name) for mask in masks)]
    return {group: found for group in wished if (found := story(call.edge, call.user, group))}


def _play(call: Call, wanted: str, after: int | None, before: int | None) -> None:
    """Times in Unix ms, exclusive."""
    query = Query(
        MOST, after=Mark(at=after) if after else None, before=Mark(at=before + 1) if before is not None else None
    )
    Playing(call, query, list(_stories(call, wanted).items())).go_on()


class Playing:
    """One channel or conversation after the other."""

    def __init__(self, call: Call, query: Query, stories: list[tuple[GroupId, Story]]) -> None:
        self.call = call
        self.query = query
        self.stories = stories
        self.left = ALL

    def go_on(self) -> None:
        call = self.call
        if self.stories and not self.left:
            _say(call, f"There is more: ask for {self.stories[0][1].title(())} and what comes after it by name.")
        elif self.stories:
            group, found = self.stories.pop(0)
            query = replace(self.query, limit=min(MOST, self.left))
            recall(call.edge, call.user, call.connection.caps, group, query, call.later(partial(self.show, found)))

    def show(self, found: Story, lines: list[Kept] | None) -> None:
        call = self.call
        if lines is None:
            _say(call, f"What was said in {found.title(())} could not be retrieved. Try again later.")
        elif lines:
            self.left -= len(lines)
            call.send_batch("chathistory", (found.title(lines),), found.shown(call.connection.caps, lines))
        self.go_on()


def _list(call: Call, wanted: str) -> None:
    for group, found in _stories(call, wanted).items():
        ends, caps = Ends(call, found), call.connection.caps
        recall(call.edge, call.user, caps, group, Query(1, newest=False), call.later(ends.take))
        recall(call.edge, call.user, caps, group, Query(1), call.later(ends.take))


class Ends:
    """The first and the last line of a channel, once both are there."""

    def __init__(self, call: Call, of: Story) -> None:
        self.call = call
        self.of = of
        self.lines: list[Kept] = []
        self.open = 2

    def take(self, lines: list[Kept] | None) -> None:
        self.open -= 1
        self.lines += lines or ()
        if not self.open and self.lines:
            self.lines.sort(key=lambda line: line.seq)
            first, last = server_time(self.lines[0].at), server_time(self.lines[-1].at)
            _say(self.call, f"{self.of.title(self.lines)} {first} {last}")
