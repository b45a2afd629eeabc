"""Renders events of channels and conversations as lines, in the same way for present members and later readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.edge.client.lines import Line, TextLine
from gateway.irc.message import decode
from gateway.irc.modes import ModeChange, render_changes
from gateway.state.channel.emptying_messages import Emptied
from gateway.state.channel.messages import (
    SERVICE,
    Flooded,
    HasQuit,
    Joined,
    Kicked,
    ModesSet,
    Parted,
    Redacted,
    Said,
    TopicSet,
    Updated,
)
from gateway.state.channel.snapshot import PutOut
from gateway.state.conversation.messages import Said as DirectMessage
from gateway.state.people import Author, Person
from gateway.state.session.messages import Kick
from ring.replication.application import EventId


def said(event: Said, author: Author, channel: str, stamp: EventId) -> Line:
    target, (msgid, at) = event.status + channel, stamp
    if event.verb == "TAGMSG":
        return Line(author, event.verb, (target,), at=at, msgid=msgid, tags=event.tags, bot=event.bot)
    return TextLine(author, event.verb, target, event.text, at=at, msgid=msgid, tags=event.tags, bot=event.bot)


def direct_message(event: DirectMessage, target: str, stamp: EventId) -> Line:
    """Render a private message of a conversation. target: the nick of the addressee, as the reader knows the nick."""
    params = (target,) if event.verb == "TAGMSG" else (target, decode(event.text))
    author = Author(event.source, event.name)
    return Line(author, event.verb, params, at=stamp.at, msgid=stamp.msgid, tags=event.tags, bot=event.bot)


def joined(person: Person, channel: str, stamp: EventId, *, extended: bool) -> Line:
    """Render a JOIN. extended: with account and real name. Source: IRCv3 extended-join."""
    params = (channel, person.account or "*", person.real) if extended else (channel,)
    return Line(person.author, "JOIN", params, at=stamp.at, msgid=stamp.msgid)


def parted(event: Parted, author: Author, channel: str, stamp: EventId) -> Line:
    params = (channel,) if event.reason is None else (channel, event.reason)
    return Line(author, "PART", params, at=stamp.at, msgid=stamp.msgid)


def kicked(event: Kicked, author: Author, nick: str, channel: str, stamp: EventId) -> Line:
    return Line(author, "KICK", (channel, nick, event.reason), at=stamp.at, msgid=stamp.msgid)


def put_out(kick: PutOut | Kick, nick: str, channel: str) -> Line:
    """Render a kick without the event: only the group's state tells of the kick."""
    return Line(Author(kick.source, kick.account), "KICK", (channel, nick, kick.reason), at=kick.at)


def topic_set(event: TopicSet, author: Author, channel: str, stamp: EventId) -> Line:
    return Line(author, "TOPIC", (channel, event.topic), at=stamp.at, msgid=stamp.msgid)


def modes_set(changes: Iterable[ModeChange], author: Author, channel: str, stamp: EventId, most: int) -> list[Line]:
    """Render a change of modes. most: parameters a line."""
    return [
        Line(author, "MODE", (channel, *params), at=stamp.at, msgid=stamp.msgid)
        for params in render_changes(list(changes), most)
    ]


def redacted(event: Redacted, author: Author, channel: str, stamp: EventId) -> Line:
    """Render a redaction. Source: IRCv3 message redaction."""
    params = (channel, event.msgid) if event.reason is None else (channel, event.msgid, event.reason)
    return Line(author, "REDACT", params, at=stamp.at, msgid=stamp.msgid)


def kicks_of(event: Emptied) -> list[Kicked]:
    """List the kicks that people read when a channel is emptied at once."""
    return [Kicked("", event.source, uid, nick, event.reason, None, event.account) for uid, nick in event.gone]


def parts_of(event: Flooded) -> list[ModesSet | Kicked]:
    """Divide the channel's act into the events that people know."""
    modes = [ModesSet("", SERVICE, event.changes)] if event.changes else []
    return [*modes, *([event.kicked] if event.kicked is not None else [])]


def replayed(event: Any, channel: str, stamp: EventId, *, extended: bool, most: int) -> list[Line]:
    """Render a kept event with the names of the time of the event. extended, most: as above."""
    if isinstance(event, Said):
        return [said(event, Author(event.source, event.account), channel, stamp)]
    if isinstance(event, Joined):
        return [joined(event.person, channel, stamp, extended=extended)]
    if isinstance(event, Parted):
        return [parted(event, Author(event.source, event.account), channel, stamp)]
    if isinstance(event, Kicked):
        return [kicked(event, Author(event.source, event.account), event.nick, channel, stamp)]
    if isinstance(event, Emptied):
        return [kicked(one, Author(one.source, one.account), one.nick, channel, stamp) for one in kicks_of(event)]
    if isinstance(event, TopicSet):
        return [topic_set(event, Author(event.source, event.account), channel, stamp)]
    if isinstance(event, ModesSet):
        changes = [ModeChange(change.adding, change.letter, change.param) for change in event.changes]
        return modes_set(changes, Author(event.source, event.account), channel, stamp, most)
    if isinstance(event, Flooded):
        parts = [replayed(part, channel, stamp, extended=extended, most=most) for part in parts_of(event)]
        return [line for lines in parts for line in lines]
    if isinstance(event, HasQuit):
        return [Line(author, "QUIT", (event.reason,), at=stamp.at, msgid=stamp.msgid) for _, author in event.authors()]
    if isinstance(event, Updated):
        before, now = event.before, event.person
        return [Line(before.author, "NICK", (now.nick,), at=stamp.at, msgid=stamp.msgid)]
    return []
