"""The service *playback: works like the ZNC module of the same name. Source: wiki.znc.in/Playback."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from gateway.edge.client.call import Call
from gateway.edge.cursors.history import Story, recall, story
from gateway.irc.masks import compile_mask
from gateway.irc.message import clean
from gateway.irc.times import read_seconds
from gateway.services.table import Request, Service
from ring.ids import GroupId
from ring.storage.store import Line as Kept
from ring.wire.history import Mark, Query

MOST = 500
"""PLAY shows at most this many lines of a channel: the last lines."""
ALL = 5_000
"""PLAY shows at most this many lines of all channels together, as the client must keep up."""

PLAYBACK = Service(
    "*playback",
    "the messages of your channels and conversations.",
    lambda settings: settings.history.enabled,
    "playback",
    "znc.in",
)


@PLAYBACK.command(
    "PLAY <channels or nicks> [from] [to]",
    "send you kept lines: PLAY * 0, or PLAY #a,joe 1700000000.5 (seconds since 1970)",
    words=(1, 3),
)
def play(request: Request) -> None:
    call, (wanted, *given) = request.call, [clean(word) for word in request.words]
    times = [read_seconds(word) for word in given]
    if None in times:
        request.say("Times are seconds since 1970, e.g. 1700000000.5")
    else:
        after, before = (*times, None, None)[:2]
        call.in_turn(lambda: call.after(call.user.unsettled, lambda: _play(request, wanted, after, before)))


@PLAYBACK.command(
    "LIST [channels or nicks]",
    "list channels and nicks with kept lines, with the first and the last time",
    words=(0, 1),
)
def ends(request: Request) -> None:
    wanted = clean(request.words[0]) if request.words else "*"
    call = request.call
    call.in_turn(lambda: call.after(call.user.unsettled, lambda: _list(request, wanted)))


@PLAYBACK.command(
    "CLEAR",
    "nothing: the history belongs to the channel. Operators of a channel erase the history with REDACT #channel *",
    words=(0, 15),
)
def clear(request: Request) -> None:
    request.say(*request.service.commands["CLEAR"].help)


def _stories(call: Call, wanted: str) -> dict[GroupId, Story]:
    """Find the caller's channels and conversations that match the masks. wanted: masks, with commas between."""
    casemap = call.edge.settings.casemap
    masks = [compile_mask(mask, casemap.name) for mask in wanted.split(",")[:100] if mask]
    conversations = {
        group: casemap(conversation.nick or conversation.other)
        for group, conversation in call.edge.conversations.of(call.user).items()
    }
    names = {group: group.name for group in call.user.seats.rooms} | conversations
    wished = [group for group, name in names.items() if any(mask.fullmatch(name) for mask in masks)]
    return {group: found for group in wished if (found := story(call.edge, call.user, group))}


def _play(request: Request, wanted: str, after: int | None, before: int | None) -> None:
    """Play the lines between two times. after, before: Unix ms, both exclusive."""
    query = Query(
        MOST, after=Mark(at=after) if after else None, before=Mark(at=before + 1) if before is not None else None
    )
    Playing(request, query, list(_stories(request.call, wanted).items())).go_on()


class Playing:
    """A running PLAY: shows the lines of a channel or conversation, then goes on to the next."""

    def __init__(self, request: Request, query: Query, stories: list[tuple[GroupId, Story]]) -> None:
        self.request = request
        self.query = query
        self.stories = stories
        self.left = ALL

    def go_on(self) -> None:
        call = self.request.call
        if self.stories and not self.left:
            self.request.say(f"There is more: ask for {self.stories[0][1].title(())} and what comes after it by name.")
        elif self.stories:
            group, found = self.stories.pop(0)
            query = replace(self.query, limit=min(MOST, self.left))
            recall(call.edge, call.user, call.connection.caps, group, query, call.later(partial(self.show, found)))

    def show(self, found: Story, lines: list[Kept] | None) -> None:
        call = self.request.call
        if lines is None:
            self.request.say(f"The messages of {found.title(())} could not be read. Try again later.")
        elif lines:
            self.left -= len(lines)
            caps = call.connection.caps
            call.send_batch(_batch(caps), (found.title(lines),), found.shown(caps, lines))
        self.go_on()


def _batch(caps: frozenset[str]) -> str:
    """Choose the type of the batch: ZNC's type for clients made for ZNC, or else IRCv3's type."""
    return "znc.in/playback" if "znc.in/playback" in caps and "draft/chathistory" not in caps else "chathistory"


def _list(request: Request, wanted: str) -> None:
    call = request.call
    for group, found in _stories(call, wanted).items():
        both, caps = Ends(request, found), call.connection.caps
        recall(call.edge, call.user, caps, group, Query(1, newest=False), call.later(both.take))
        recall(call.edge, call.user, caps, group, Query(1), call.later(both.take))


class Ends:
    """Tells the times of a channel's first and last line, when both lines have arrived."""

    def __init__(self, request: Request, of: Story) -> None:
        self.request = request
        self.of = of
        self.lines: list[Kept] = []
        self.open = 2

    def take(self, lines: list[Kept] | None) -> None:
        self.open -= 1
        self.lines += lines or ()
        if not self.open and self.lines:
            self.lines.sort(key=lambda line: line.seq)
            first, last = self.lines[0].at / 1000, self.lines[-1].at / 1000
            self.request.say(f"{self.of.title(self.lines)} {first:.3f} {last:.3f}")
