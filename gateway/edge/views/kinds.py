"""Holds a view for each kind of group with news for people of this node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.edge.client.call import Call
from gateway.edge.client.connection import Connection
from gateway.edge.client.lines import Line
from gateway.edge.cursors import read_markers
from gateway.edge.cursors.hold_back import withhold
from gateway.edge.direct.conversations import Conversations
from gateway.edge.oversight.oversight import Oversight
from gateway.edge.ports import EdgePort
from gateway.edge.sessions import detach
from gateway.edge.sessions.sessions import Sessions
from gateway.edge.users import nick_ownership
from gateway.edge.views import channel, channel_snapshot, nick
from gateway.edge.views.view import View
from gateway.irc.masks import match
from gateway.state.bans.bans import Bans
from gateway.state.bans.messages import Changed
from gateway.state.bans.messages import Merged as BansMerged
from gateway.state.network.messages import Announced
from gateway.state.nick.messages import Released
from gateway.state.people import Author
from gateway.state.session.messages import Conversing, DetachedSet, Marked, Merged
from ring.ids import GroupId
from ring.replication.application import EventId
from ring.replication.state_machine import State

EVERYBODY = "$$"
"""Begin of the target of a notice to everybody, before the mask of servers.

Source: RFC 2812, 3.3.1, target masks; servers prefix them with "$"."""

News = Sequence[tuple[Any, EventId]]


class ChannelView(View):
    """Shows lines to members here (views/channel.py)."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        channel.applied(self._edge, group, state, event, event_id, call)

    def talked(self, group: GroupId, state: State, event: Any, event_id: EventId, speaker: Connection) -> None:
        channel.talked(self._edge, group, state, event, event_id, speaker)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        channel_snapshot.replaced(self._edge, group, old, state, missed, lost)

    def dropped(self, group: GroupId) -> None:
        channel_snapshot.dropped(self._edge, group)

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        withhold(self._edge, group, parted=parted)


class NickView(View):
    """Shows messages to the holder, and the holder's new profile to other people (views/nick.py)."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        nick.applied(self._edge, group, event, event_id, call)
        if isinstance(event, Released) and event.evicted:
            nick_ownership.check(self._edge, group)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        for event, event_id in missed:
            nick.applied(self._edge, group, event, event_id, None)
        nick_ownership.check(self._edge, group)

    def dropped(self, group: GroupId) -> None:
        nick_ownership.check(self._edge, group)


class ConversationView(View):
    """Shows private messages to clients of the two accounts (direct/conversations.py)."""

    def __init__(self, edge: EdgePort, conversations: Conversations) -> None:
        self._edge = edge
        self._conversations = conversations

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        self._conversations.applied(group, state, event, event_id, call)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        self._conversations.replaced(group, state, missed, lost)

    def dropped(self, group: GroupId) -> None:
        self._conversations.dropped(group)

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        withhold(self._edge, group, parted=parted)


class SessionView(View):
    """Tells the session's user here where the session is, and which facts other nodes have noted for the session."""

    def __init__(self, edge: EdgePort, sessions: Sessions, conversations: Conversations) -> None:
        self._edge = edge
        self._sessions = sessions
        self._conversations = conversations

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        account = group.name
        self._sessions.check(account)
        user = self._sessions.users.get(account)
        if isinstance(event, Conversing):
            self._conversations.opened(account, event)
        elif isinstance(event, Marked) and user is not None:
            read_markers.applied(self._edge, user, event, call)
        elif isinstance(event, DetachedSet | Merged) and user is not None:
            detach.check(self._edge, user)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        self._sessions.check(group.name)
        user = self._sessions.users.get(group.name)
        if user is not None and not user.quitting:
            self._conversations.enter(user)
            detach.check(self._edge, user)

    def dropped(self, group: GroupId) -> None:
        self._sessions.check(group.name)


class AuditView(View):
    """Shows acts of operators, and events of all nodes, to operators who want notices."""

    def __init__(self, oversight: Oversight) -> None:
        self._oversight = oversight

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        self._oversight.applied(event)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        if old is not None:  # else the node has just begun to follow: what was before is in the audit
            for event, _ in missed:
                self._oversight.applied(event)


class NetworkView(View):
    """Shows announcements of operators to everybody or to operators."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        if isinstance(event, Announced):
            self._announce(event)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        for event, _ in missed:
            if isinstance(event, Announced):
                self._announce(event)

    def _announce(self, event: Announced) -> None:
        if event.audience == "all":
            settings, name = self._edge.settings, self._edge.record.name
            if not any(match(event.mask, one, settings.casemap) for one in (settings.network.server_name, name)):
                return
            target, at = f"{EVERYBODY}{event.mask}", self._edge.network.now_ms
            everybody = Line(Author(event.source, event.account), event.verb, (target, event.text), at=at)
            for user in self._edge.users.values():
                user.send(everybody)
            return
        line = Line(Author(event.source, event.account), "WALLOPS", (event.text,))
        for user in self._edge.users.values():
            if user.identity.wallops:
                user.send(line)


class BansView(View):
    """Carries out new bans on the people of this node (bans/network_bans.py)."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge

    def applied(self, group: GroupId, state: State, event: Any, event_id: EventId, call: Call | None) -> None:
        if isinstance(event, Changed):
            self._edge.bans.changed([event.entry])
        elif isinstance(event, BansMerged):
            self._edge.bans.changed(event.entries)

    def replaced(self, group: GroupId, old: State | None, state: State, missed: News, lost: int) -> None:
        if isinstance(state, Bans):
            self._edge.bans.changed(state.entries.values())
