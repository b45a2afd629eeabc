"""Reads the history of a channel or a conversation for a participant: which lines the user may see, and how shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from gateway.edge.client import rendering
from gateway.edge.client.capabilities import SELVES
from gateway.edge.client.lines import Line
from gateway.edge.users import hosts
from gateway.state.channel.channel import Channel
from gateway.state.channel.history import EVENTS, TAGS
from gateway.state.channel.messages import Event
from gateway.state.channel.reading import readable_since
from gateway.state.conversation.messages import Event as ConversationEvent
from gateway.state.conversation.messages import Said as DirectMessage
from gateway.state.idempotency import IdempotencyKey, Speaker
from gateway.state.session.messages import KnownConversation
from ring.ids import UNREADABLE, GroupId
from ring.replication.application import EventId
from ring.storage.store import Line as Kept
from ring.wire.history import Query

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

_READ = {
    "channel": msgspec.msgpack.Decoder(Event).decode,
    "conversation": msgspec.msgpack.Decoder(ConversationEvent).decode,
}


class Story(Protocol):
    """Read the parts of a group's history that a given user may see. caps: capabilities of the receiving connection."""

    def title(self, lines: Sequence[Kept]) -> str:
        """Return the name under which the user knows the group."""
        ...

    def narrowed(self, query: Query, caps: frozenset[str]) -> Query:
        """Narrow the query to lines which the user may see, and a client with these capabilities can show."""
        ...

    def shown(self, caps: frozenset[str], lines: Iterable[Kept]) -> list[Line]:
        """Render kept lines as at the time of the events."""
        ...


class ChannelStory:
    def __init__(self, edge: EdgePort, user: User, channel: Channel) -> None:
        self.edge = edge
        self.user = user
        self.channel = channel

    def title(self, lines: Sequence[Kept]) -> str:
        return self.channel.name

    def narrowed(self, query: Query, caps: frozenset[str]) -> Query:
        uid, now_ms = self.user.uid, int(self.edge.now * 1000)
        events = EVENTS if "draft/event-playback" in caps else ""
        tags = TAGS if "message-tags" in caps else ""
        since, wanted = readable_since(self.channel, uid, now_ms), events + tags + self.channel.members[uid].prefixes
        return msgspec.structs.replace(query, wanted=wanted, since=max(since, query.since))

    def shown(self, caps: frozenset[str], lines: Iterable[Kept]) -> list[Line]:
        extended, most = "extended-join" in caps, self.edge.settings.limits.modes
        found: list[Line] = []
        for line in lines:
            stamp = EventId(line.msgid, line.at)
            found += rendering.replayed(read_event(line), self.channel.name, stamp, extended=extended, most=most)
        return [hosts.past(self.edge, line) for line in found]


class ConversationStory:
    def __init__(self, edge: EdgePort, user: User, conversation: KnownConversation) -> None:
        self.edge = edge
        self.user = user
        self.conversation = conversation

    def title(self, lines: Sequence[Kept]) -> str:
        """Return the last nick of the other party."""
        message = read_event(lines[-1]) if lines else None
        if not isinstance(message, DirectMessage):
            return self.conversation.nick or self.conversation.other
        return message.to if message.account == self.user.session.account else message.source.partition("!")[0]

    def narrowed(self, query: Query, caps: frozenset[str]) -> Query:
        return msgspec.structs.replace(query, wanted=TAGS if "message-tags" in caps else "")

    def shown(self, caps: frozenset[str], lines: Iterable[Kept]) -> list[Line]:
        """Render the messages, without own messages if the client would take these for the other's."""
        both = (
            not caps.isdisjoint(SELVES | {"draft/chathistory"}) or self.conversation.other == self.user.session.account
        )
        found: list[Line] = []
        for line in lines:
            event = read_event(line)
            own = isinstance(event, DirectMessage) and event.account == self.user.session.account
            if isinstance(event, DirectMessage) and (both or not own):
                nick = event.to if own else self.user.person.nick
                found.append(rendering.direct_message(event, nick, EventId(line.msgid, line.at)))
        return [hosts.past(self.edge, line) for line in found]


def visible(edge: EdgePort, user: User, group: GroupId) -> Channel | None:
    """Return the channel if the user is a member, and so may see the history."""
    state = edge.network.state(group)
    return state if isinstance(state, Channel) and user.uid in state.members else None


def story(edge: EdgePort, user: User, group: GroupId) -> Story | None:
    """Return the group's history if the user may see the history."""
    if group.kind == "conversation":
        conversation = edge.conversations.of(user).get(group)
        return ConversationStory(edge, user, conversation) if conversation is not None else None
    channel = visible(edge, user, group)
    return ChannelStory(edge, user, channel) if channel is not None else None


def recall(
    edge: EdgePort,
    user: User,
    caps: frozenset[str],
    group: GroupId,
    query: Query,
    done: Callable[[list[Kept] | None], Any],
) -> None:
    """Query the history. done(None): nobody answered in time, or the query names an unknown message."""
    found = story(edge, user, group)
    if found is None:
        done(None)
    else:
        edge.network.recall(group, found.narrowed(query, caps), done)


def said_by(line: Kept) -> Speaker | None:
    """Return the connection which has said the line, where more than one edge might have said the line."""
    idempotency_key: IdempotencyKey | None = getattr(read_event(line), "idempotency_key", None)
    return idempotency_key.speaker if idempotency_key is not None else None


def read_event(line: Kept) -> Any:
    """Decode the kept event; None if the event is unreadable."""
    try:
        return _READ[line.group.kind](line.event)
    except UNREADABLE:
        return None
