"""Wires a whole node without sockets: the group engine below, the edge above, the table of commands between."""

from __future__ import annotations

import random
from collections.abc import Container
from typing import NamedTuple

from gateway.commands.operators import NETWORK
from gateway.commands.table import dispatch
from gateway.edge.edge import Edge
from gateway.edge.settings import EdgeSettings
from gateway.irc.times import DAY_S
from gateway.state.kinds import kinds
from gateway.state.network.messages import Attend, Raise
from gateway.webhooks.deliveries import Deliveries
from gateway.webhooks.settings import WebhookSettings
from ring.engine import Engine
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord
from ring.settings import Settings


class NodeSettings(NamedTuple):
    """The settings of a node, apart from the node's record."""

    edge: EdgeSettings
    engine: Settings
    webhooks: WebhookSettings


class NodeCore:
    """The engine and the edge of one node. The shell and the simulator drive a core in the same way."""

    def __init__(self, record: NodeRecord, settings: NodeSettings, rng: random.Random) -> None:
        self._names: dict[str, str] = {}  # ring key -> name, including nodes that have gone
        self.edge = Edge(settings.edge, record, dispatch)
        history = settings.edge.history
        table = kinds(
            settings.edge.limits,
            settings.edge.casemap,
            keep_s=settings.engine.dead_after_s + settings.engine.grace_s,
            history_s=max([history.keep_days, *(one.keep_days for one in settings.edge.channels.values())]) * DAY_S
            if history.enabled
            else 0.0,
            acts=settings.edge.audit.keep,
        )
        self.engine = Engine(record, settings.engine, table, self.edge.application, rng)
        self.edge.network = self.engine
        self.engine.duplex.accept = self.edge.accept
        self.engine.levels.keep_in(NETWORK, Raise)
        self.webhooks = Deliveries(self.engine, settings.webhooks, settings.edge)
        self.engine.mastering = self.webhooks.mastering
        self.edge.outside.webhooks = self.webhooks.rows

    def name_of(self, key: str) -> str:
        """Return the name of a present or former node by ring key; return the ring key if the name is unknown."""
        record = self.engine.peers.known(key)
        if record is not None:
            self._names[key] = record.name
        return self._names.get(key, key)

    def roster_changed(self, news: RosterChanged, linked: Container[str]) -> None:
        """Take news from the directories. linked: ring keys of the nodes with a link to this node."""
        self.engine.learn([*news.added, *news.changed])
        self._names |= {record.key: record.name for record in news.removed}
        for record in news.removed:
            # A node with a living link stays, even if its lease has run out (P18).
            if record.key in news.departed or record.key not in linked:
                self.engine.forget(record.key, record.incarnation, departed=record.key in news.departed)

    def attend(self) -> None:
        """Follow the network's own group (P40), once the network is known."""
        self.engine.met()
        self.engine.submit(NETWORK, Attend(*self.engine.me))
        self.edge.bans.follow()

    @property
    def attending(self) -> bool:
        state = self.engine.state(NETWORK)
        return state is not None and self.engine.me in state.subscribers and self.edge.bans.is_ready

    @property
    def is_busy(self) -> bool:
        """Tell whether the next tick is to come in TICK_S; if not, a tick in `Settings.rest_s` will do."""
        return self.engine.is_busy or self.edge.is_busy

    @property
    def holds_groups(self) -> bool:
        """Tell whether the network would miss replicas on this node: this node masters a used group, or backs one up.
        If no other node stays, return False, because there is no node to give the groups to.
        """
        engine = self.engine
        if not engine.peers.staying():
            return False
        return any(m.replica.state.subscribers or m.watchers for m in engine.replicas.masters.values()) or any(
            f.is_backup and not engine.roles.followers.is_orphan(f) for f in engine.replicas.followers.values()
        )
