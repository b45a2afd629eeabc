"""Passes the notes of the group engine (ring/replication/application.py) to the view of the group's kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.edge.client.asides import Asides
from gateway.edge.client.call import Call, Token
from gateway.edge.client.slots import Slot
from gateway.edge.client.talk import Talk
from gateway.edge.ports import EdgePort
from gateway.edge.rpc import asks
from gateway.edge.users import monitor
from gateway.edge.views.nick import show_to_watchers
from gateway.edge.views.view import View
from ring.ids import GroupId, Incarnation
from ring.replication.application import FAILED, EventId, Halted, Unsupported
from ring.replication.state_machine import State

HEARD = ("channel", "conversation")
"""Kinds of groups in which people hear each other."""

_NOBODY = View()


class EdgeApplication:
    """The notes of the engine for one edge. views: by kind of group; a kind without a view is shown to nobody."""

    def __init__(self, edge: EdgePort, asides: Asides, views: Mapping[str, View]) -> None:
        self._edge = edge
        self._asides = asides
        self._views = views

    def _view(self, group: GroupId) -> View:
        return self._views.get(group.kind, _NOBODY)

    def applied(self, group: GroupId, state: State, event: Any, stamp: EventId, token: object) -> None:
        if type(token) is Talk:  # sooner than isinstance, which asks the ABC
            if token.part is None:
                self._talked(group, state, event, stamp, token)
                return
            token = token.part
        if self._asides.groups:
            self._asides.release(group, token.call.connection if isinstance(token, Token) else None)
        call: Call | None = None
        if isinstance(token, Token):  # lines about the client's own command stand in the command's turn
            call, place = token.call, token.place or token
            before = call.enter(place)
        if group.kind in HEARD:
            self._edge.told[group] = None
            if call is not None:
                self._edge.traffic.shown[group.kind].append(call.since)
        self._view(group).applied(group, state, event, stamp, call)
        if call is not None:
            call.leave(before)
            if place.items and not isinstance(place.items[-1], Slot):  # and waits
                self._asides.add(group, call)

    def _talked(self, group: GroupId, state: State, event: Any, event_id: EventId, talk: Talk) -> None:
        """Show a message to a channel that came on the short way, and has no slots for answers."""
        edge = self._edge
        if self._asides.groups:
            self._asides.release(group, talk.connection)
        edge.told[group] = None
        edge.traffic.shown[group.kind].append(talk.since)
        self._view(group).talked(group, state, event, event_id, talk.connection)

    def interrupted(self, group: GroupId, *, parted: bool) -> None:
        self._view(group).interrupted(group, parted=parted)

    def replaced(
        self, group: GroupId, old: State | None, state: State, missed: Sequence[tuple[Any, EventId]], lost: int
    ) -> None:
        if self._asides.groups and old is not state:  # else a waiting client has just come: no news since
            self._asides.release(group, None)
        if group.kind in HEARD:
            self._edge.told[group] = None
        self._view(group).replaced(group, old, state, missed, lost)

    def dropped(self, group: GroupId) -> None:
        self._view(group).dropped(group)

    def answered(self, group: GroupId, token: object, outcome: Any, stamp: EventId | None) -> None:
        failure: Unsupported | Halted | None = None
        if isinstance(outcome, Unsupported | Halted):
            failure, outcome = outcome, FAILED
        if type(token) is Talk:  # sooner than isinstance, which asks the ABC
            if token.part is None:
                token.settled(outcome, stamp, failure)
                return
            token = token.part
        if isinstance(token, Token):
            call = token.call
            call.stamp, call.failure = stamp, failure
            if group.kind not in HEARD and outcome is not FAILED:
                self._edge.traffic.committed(group.kind, self._edge.network.now - call.since)
            token(outcome)
        elif callable(token):
            token(outcome)

    def flush(self) -> None:
        """End the turn: mark and send the turn's output for clients."""
        self._edge.clients.turns.begin()
        outputs = self._edge.clients.outputs
        if outputs.dirty:
            self._edge.forwarding.flush()
            self._edge.sessions.cursors.written(outputs.dirty, self._edge.told)
        self._edge.told.clear()

    def viewed(self, group: GroupId, view: Any) -> None:
        changed = monitor.viewed(self._edge, group, view)
        if changed is not None:
            show_to_watchers(self._edge, group, *changed)

    def asked(self, node: Incarnation, body: Any) -> Any:
        return self._edge.asked(node, body)

    def read_ask(self, raw: msgspec.Raw) -> Any:
        return asks.read_ask(raw)

    def read_reply(self, raw: msgspec.Raw) -> Any:
        return asks.read_reply(raw)
