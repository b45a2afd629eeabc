"""All deliveries of a node: a courier for each subscription, and the requests under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.edge.settings import EdgeSettings
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Said
from gateway.state.channel.webhook_messages import Subscription
from gateway.webhooks.addresses import Allow, read_url, shown
from gateway.webhooks.courier import Courier
from gateway.webhooks.message import KEY, SIGNATURE, body, key_of, sign
from gateway.webhooks.settings import WebhookSettings
from ring.engine import Engine
from ring.ids import GroupId
from ring.replication.replica import Replica
from ring.storage.store import Line
from ring.wire.log import raw

CHANNEL: Final = "channel"
OK: Final = range(200, 300)


class Post(NamedTuple):
    """A request for the shell to make. The shell then calls `answered` or `failed` once, with this number."""

    number: int
    url: str
    headers: dict[str, str]
    content: bytes
    time_limit_s: float


class Deliveries:
    """wants: requests for the shell, which empties the list after each turn."""

    def __init__(self, engine: Engine, settings: WebhookSettings, edge: EdgeSettings) -> None:
        self.engine = engine
        self.edge = edge
        self.couriers: dict[GroupId, dict[str, Courier]] = {}
        self.wants: list[Post] = []
        self._queue: deque[Courier] = deque()
        self._posting: dict[int, Courier] = {}
        self._next = 0
        self.configure(settings, edge)

    def configure(self, settings: WebhookSettings, edge: EdgeSettings) -> None:
        """Take new settings. Waiting couriers try again, since an address may be allowed now."""
        self.settings, self.edge = settings, edge
        self.allow = Allow(settings.allow, self.engine.peers.me.name)
        for couriers in self.couriers.values():
            for courier in couriers.values():
                courier.retry()

    # Which ----------------------------------------------------------------------------------------------------------

    def mastering(self, group: GroupId) -> None:
        """Check the group's subscriptions, which may have changed. This node masters the group."""
        replica = self.engine.replica_served(group) if group.kind == CHANNEL else None
        if replica is not None and (group in self.couriers or _subscriptions(replica)):
            self._arrange(group, replica)

    def _arrange(self, group: GroupId, replica: Replica | None) -> dict[str, Courier]:
        """Make and close couriers, so that each subscription of the group has a courier. replica: None unless this node
        serves the group.
        """
        couriers = self.couriers.setdefault(group, {})
        wanted = _subscriptions(replica)
        for name in [name for name in couriers if name not in wanted]:
            couriers.pop(name).close()
        for name, subscription in wanted.items():
            if name not in couriers:
                couriers[name] = Courier(self, group, subscription)
        if not couriers and (replica is not None or group not in self.engine.replicas.masters):
            del self.couriers[group]
        return couriers

    def tick(self) -> None:
        for group in list(self.couriers):
            replica = self.engine.replica_served(group)
            couriers, wanted = self._arrange(group, replica), _subscriptions(replica)
            for name, courier in list(couriers.items()):
                if replica is not None:
                    courier.tick(wanted[name], replica.seq)
        self._grant()

    def rows(self) -> dict[str, WebhookRow]:
        """List the webhooks that this node delivers, by id."""
        return {name: self._row(one) for couriers in self.couriers.values() for name, one in couriers.items()}

    def _row(self, courier: Courier) -> WebhookRow:
        known, failing = courier.known, courier.failures > 0
        return WebhookRow(
            known.id,
            self._title(courier.group),
            shown(known.url),
            known.by,
            known.at,
            courier.delivered,
            int(courier.delivered_at * 1000),
            courier.backlog or len(courier.page),
            courier.dropped,
            courier.error,
            int(courier.failing_since * 1000) if failing else 0,
            int(courier.retry_at * 1000) if failing else 0,
        )

    def _title(self, group: GroupId) -> str:
        replica = self.engine.replica_served(group)
        return replica.state.name if replica is not None and isinstance(replica.state, Channel) else group.name

    # Requests -------------------------------------------------------------------------------------------------------

    def enqueue(self, courier: Courier) -> None:
        self._queue.append(courier)
        self._grant()

    def _grant(self) -> None:
        """Let couriers post: a single request at a time for each courier, `at_once` requests for all."""
        while self._queue and len(self._posting) < self.settings.at_once:
            courier = self._queue.popleft()
            if not courier.closed:
                courier.post()

    def send(self, courier: Courier, line: Line, gap: int) -> None:
        engine, subscription = self.engine, courier.known
        if why := self.allow.why_not(read_url(subscription.url)):
            courier.refused(why)
            return
        said = engine.kinds[CHANNEL].read_event(raw(line.event))
        assert isinstance(said, Said)
        content = body(self.edge.network.name, self._title(courier.group), subscription.id, line, said, gap)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self.edge.version.replace("-", "/", 1),
            KEY: key_of(line, said),
            SIGNATURE: sign(subscription.secret, int(engine.now), content),
        }
        self._next += 1
        self._posting[self._next] = courier
        self.wants.append(Post(self._next, subscription.url, headers, content, self.settings.time_limit_s))

    def answered(self, number: int, status: int, retry_after_s: float = 0.0) -> None:
        """Take the receiver's answer, with a status of HTTP."""
        self._ended(
            number, lambda courier: courier.answered() if status in OK else _unwelcome(courier, status, retry_after_s)
        )

    def failed(self, number: int, reason: str, *, refused: bool = False) -> None:
        """Take a failure without an answer. reason: in words. refused: the configuration does not allow the address."""
        self._ended(number, lambda courier: courier.refused(reason) if refused else courier.failed(reason))

    def _ended(self, number: int, then: Any) -> None:
        courier = self._posting.pop(number)
        then(courier)
        self._grant()


def _subscriptions(replica: Replica | None) -> Mapping[str, Subscription]:
    state = replica.state if replica is not None else None
    return state.webhooks.subscriptions if isinstance(state, Channel) else {}


def _unwelcome(courier: Courier, status: int, retry_after_s: float) -> None:
    moved = ", a redirect, which is not followed: subscribe the address where that leads" if 300 <= status < 400 else ""
    courier.failed(f"the receiver answers {status}{moved}", retry_after_s)
