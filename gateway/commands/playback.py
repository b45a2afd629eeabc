"""What is said to *playback, as to the ZNC module of that name. Source: wiki.znc.in/Playback."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from gateway.edge.call import Call
from gateway.edge.history import recall, shown, visible
from gateway.edge.lines import Line
from gateway.groups.channel import Channel
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
    "PLAY <channels> [from] [to]: what was said, e.g. PLAY * 0, or PLAY #a,#b 1700000000.5 (seconds since 1970)",
    "LIST [channels]: of which channels there is something to play, and from when to when",
    "CLEAR: history is the channel's; its operators erase it with REDACT #channel *",
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


def _channels(call: Call, wanted: str) -> dict[GroupId, Channel]:
    """The caller's channels that one of the masks means."""
    casemap = call.edge.settings.casemap
    masks = [compile_mask(mask, casemap.name) for mask in wanted.split(",")[:100] if mask]
    channels = {group: channel for group in call.user.rooms if (channel := visible(call.edge, call.user, group))}
    return {group: found for group, found in channels.items() if any(mask.fullmatch(group.name) for mask in masks)}


def _play(call: Call, wanted: str, after: int | None, before: int | None) -> None:
    """Times in Unix ms, exclusive."""
    query = Query(
        MOST, after=Mark(at=after) if after else None, before=Mark(at=before + 1) if before is not None else None
    )
    names = {group: channel.name for group, channel in _channels(call, wanted).items()}
    Playing(call, query, list(names.items())).go_on()


class Playing:
    """One channel after the other."""

    def __init__(self, call: Call, query: Query, channels: list[tuple[GroupId, str]]) -> None:
        self.call = call
        self.query = query
        self.channels = channels
        self.left = ALL

    def go_on(self) -> None:
        call = self.call
        if self.channels and not self.left:
            _say(call, f"There is more: ask for {self.channels[0][1]} and what comes after it by name.")
        elif self.channels:
            group, name = self.channels.pop(0)
            query = replace(self.query, limit=min(MOST, self.left))
            recall(call.edge, call.connection, group, query, call.later(partial(self.show, name)))

    def show(self, name: str, lines: list[Kept] | None) -> None:
        call = self.call
        if lines is None:
            _say(call, f"What was said in {name} could not be retrieved. Try again later.")
        elif lines:
            self.left -= len(lines)
            call.send_batch("chathistory", (name,), shown(call.edge, call.connection.caps, name, lines))
        self.go_on()


def _list(call: Call, wanted: str) -> None:
    for group, channel in _channels(call, wanted).items():
        ends = Ends(call, channel.name)
        recall(call.edge, call.connection, group, Query(1, newest=False), call.later(ends.take))
        recall(call.edge, call.connection, group, Query(1), call.later(ends.take))


class Ends:
    """The first and the last line of a channel, once both are there."""

    def __init__(self, call: Call, name: str) -> None:
        self.call = call
        self.name = name
        self.times: list[int] = []
        self.open = 2

    def take(self, lines: list[Kept] | None) -> None:
        self.open -= 1
        self.times += [line.at for line in lines or ()]
        if not self.open and self.times:
            _say(self.call, f"{self.name} {server_time(min(self.times))} {server_time(max(self.times))}")
