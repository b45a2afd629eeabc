"""A whole node without sockets: the group engine below, the edge above, the table of commands between them."""

from __future__ import annotations

import random
from collections.abc import Container
from typing import NamedTuple

from gateway.commands.operators import NETWORK
from gateway.commands.table import dispatch
from gateway.edge.edge import Edge
from gateway.edge.settings import EdgeSettings
from gateway.state.kinds import kinds
from gateway.state.network.messages import Attend, Raise
from gateway.webhooks.deliveries import Deliveries
from gateway.webhooks.settings import WebhookSettings
from ring.engine import Engine
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord
from ring.settings import Settings

DAY_S = 86_400


class NodeSettings(NamedTuple):
    """What a node is made of, beside its record."""

    edge: EdgeSettings
    engine: Settings = Settings()
    webhooks: WebhookSettings = WebhookSettings()


class NodeCore:
    """The engine and the edge of one node, wired together. The shell and the simulator drive it alike."""

    def __init__(self, record: NodeRecord, settings: NodeSettings, rng: random.Random) -> None:
        self._names: dict[str, str] = {}  # ring key -> node name, of nodes that may be gone
        self.edge = Edge(settings.edge, record, dispatch)
        history = settings.edge.history
        table = kinds(
            settings.edge.limits,
            settings.edge.casemap,
            keep_s=settings.engine.dead_after_s + settings.engine.grace_s,
            history_s=max([history.keep_days, *(one.keep_days for one in history.channels)]) * DAY_S
            if history.enabled
            else 0.0,
        )
        self.engine = Engine(record, settings.engine, table, self.edge, rng)
        self.edge.engine = self.engine
        self.engine.duplex.accept = self.edge.forwarding.accept
        self.engine.levels.keep_in(NETWORK, Raise)
        self.webhooks = Deliveries(self.engine, settings.webhooks, settings.edge)
        self.engine.mastering = self.webhooks.mastering
        self.edge.webhooks = self.webhooks.rows

    def name_of(self, key: str) -> str:
        """The name of a node that is here or was, by its ring key; the ring key if the name is not known."""
        record = self.engine.peers.known(key)
        if record is not None:
            self._names[key] = record.name
        return self._names.get(key, key)

    def roster_changed(self, news: RosterChanged, linked: Container[str]) -> None:
        """The directories have news. linked: ring keys of the nodes that links reach."""
        self.engine.learn([*news.added, *news.changed])
        self._names |= {record.key: record.name for record in news.removed}
        for record in news.removed:
            # A lease that ran out kills no one that a link hears (P18).
            if record.key in news.departed or record.key not in linked:
                self.engine.forget(record.key, record.incarnation, departed=record.key in news.departed)

    def attend(self) -> None:
        """The network is known: follow its own group (P40)."""
        self.engine.met()
        self.engine.submit(NETWORK, Attend(*self.engine.me))

    @property
    def attending(self) -> bool:
        state = self.engine.state(NETWORK)
        return state is not None and self.engine.me in state.subscribers

    @property
    def holds_groups(self) -> bool:
        """Whether somebody could miss what this node has: it masters a group, or is one of those who hold it. Where all
        others leave, too, or are dead, there is nobody to give it to."""
        engine = self.engine
        if not engine.peers.staying():
            return False
        return any(m.copy.state.subscribers or m.watchers for m in engine.replicas.masters.values()) or any(
            f.holds and not engine.roles.followers.is_orphan(f) for f in engine.replicas.followers.values()
        )
