"""The events of channels as lines: one way for those who are there, and for those who read them later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.edge.lines import Line
from gateway.groups.channel_messages import (
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
from gateway.groups.channel_stored import PutOut
from gateway.groups.conversation_messages import Said as Letter
from gateway.groups.people import Person
from gateway.groups.session_messages import Kick
from gateway.irc.message import decode
from gateway.irc.modes import ModeChange, render_changes
from ring.groups.host import Stamp


def said(event: Said, source: str, channel: str, stamp: Stamp) -> Line:
    target = event.status + channel
    params = (target,) if event.verb == "TAGMSG" else (target, decode(event.text))
    return Line(
        source,
        event.verb,
        params,
        at=stamp.at,
        msgid=stamp.msgid,
        account=event.account,
        tags=event.tags,
        bot=event.bot,
    )


def letter(event: Letter, target: str, stamp: Stamp) -> Line:
    """A private message of a conversation. target: the nick that it is to, as its reader knows it."""
    params = (target,) if event.verb == "TAGMSG" else (target, decode(event.text))
    return Line(
        event.source,
        event.verb,
        params,
        at=stamp.at,
        msgid=stamp.msgid,
        account=event.name,
        tags=event.tags,
        bot=event.bot,
    )


def joined(person: Person, channel: str, stamp: Stamp, *, extended: bool) -> Line:
    """extended: with account and real name. Source: IRCv3 extended-join."""
    params = (channel, person.account or "*", person.real) if extended else (channel,)
    return Line(person.source, "JOIN", params, at=stamp.at, msgid=stamp.msgid, account=person.account)


def parted(event: Parted, source: str, channel: str, stamp: Stamp) -> Line:
    params = (channel,) if event.reason is None else (channel, event.reason)
    return Line(source, "PART", params, at=stamp.at, msgid=stamp.msgid)


def kicked(event: Kicked, source: str, nick: str, channel: str, stamp: Stamp) -> Line:
    return Line(source, "KICK", (channel, nick, event.reason), at=stamp.at, msgid=stamp.msgid)


def put_out(kick: PutOut | Kick, nick: str, channel: str) -> Line:
    """A kick that is known by the state that it has left only."""
    return Line(kick.source, "KICK", (channel, nick, kick.reason), at=kick.at)


def topic_set(event: TopicSet, source: str, channel: str, stamp: Stamp) -> Line:
    return Line(source, "TOPIC", (channel, event.topic), at=stamp.at, msgid=stamp.msgid)


def modes_set(changes: Iterable[ModeChange], source: str, channel: str, stamp: Stamp, most: int) -> list[Line]:
    """most: parameters a line."""
    return [
        Line(source, "MODE", (channel, *params), at=stamp.at, msgid=stamp.msgid)
        for params in render_changes(list(changes), most)
    ]


def redacted(event: Redacted, source: str, channel: str, stamp: Stamp) -> Line:
    """Source: IRCv3 message redaction."""
    params = (channel, event.msgid) if event.reason is None else (channel, event.msgid, event.reason)
    return Line(source, "REDACT", params, at=stamp.at, msgid=stamp.msgid)


def replayed(event: Any, channel: str, stamp: Stamp, *, extended: bool, most: int) -> list[Line]:
    """A kept event as it was when it happened. extended, most: as above."""
    if isinstance(event, Said):
        return [said(event, event.source, channel, stamp)]
    if isinstance(event, Joined):
        return [joined(event.person, channel, stamp, extended=extended)]
    if isinstance(event, Parted):
        return [parted(event, event.source, channel, stamp)]
    if isinstance(event, Kicked):
        return [kicked(event, event.source, event.nick, channel, stamp)]
    if isinstance(event, TopicSet):
        return [topic_set(event, event.source, channel, stamp)]
    if isinstance(event, ModesSet):
        changes = [ModeChange(change.adding, change.letter, change.param) for change in event.changes]
        return modes_set(changes, event.source, channel, stamp, most)
    if isinstance(event, HasQuit):
        return [Line(source, "QUIT", (event.reason,), at=stamp.at, msgid=stamp.msgid) for _, source in event.gone]
    if isinstance(event, Updated):
        before, now = event.before, event.person
        return [Line(before.source, "NICK", (now.nick,), at=stamp.at, msgid=stamp.msgid, account=before.account)]
    return []
