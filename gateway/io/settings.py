"""Translates the configuration to the settings of the cores."""

from __future__ import annotations

from hashlib import blake2b

from config import NodeConfig
from gateway.edge.settings import (
    AccountSettings,
    ChannelHistory,
    EdgeSettings,
    HistorySettings,
    Operator,
    SessionSettings,
)
from gateway.io.version import VERSION
from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
from gateway.node import DAY_S
from gateway.webhooks.settings import WebhookSettings
from ring.features import LEVEL
from ring.ids import GroupId
from ring.links.hello import Terms
from ring.links.link import LinkSettings
from ring.membership.peers import RingSettings
from ring.roster import NodeRecord, RingTerms
from ring.settings import Settings


def limits(config: NodeConfig) -> Limits:
    return Limits(**config.limits.model_dump())


def edge_settings(config: NodeConfig, created: float, secret: bytes, room: int = 0) -> EdgeSettings:
    """created: Unix seconds of the start. secret: the network's secret (`made_up_secret`). room: the number of clients
    that the descriptors suffice for; 0 if unknown.
    """
    clients, flood = config.clients, config.clients.flood
    motd = config.motd_lines()
    return EdgeSettings(
        server_name=config.network.server_name,
        network_name=config.network.name,
        description=config.network.description,
        version=f"circlet-{VERSION}",
        created=int(created),
        motd=tuple(motd) if motd is not None else None,
        admin=(config.admin.location1, config.admin.location2, config.admin.email),
        limits=limits(config),
        casemap=Casemap(config.network.casemapping),
        operators=tuple(Operator(o.name, o.password_hash, tuple(o.hosts)) for o in config.operators),
        server_password_hash=config.server_password_hash,
        burst=flood.burst,
        rate=flood.rate,
        channels_per_minute=flood.channels_per_minute,
        queued=flood.queued,
        sendq=clients.sendq,
        register_timeout_s=clients.register_timeout_s,
        ping_every_s=clients.ping_every_s,
        ping_timeout_s=clients.ping_timeout_s,
        total=min(clients.total or room, room) if room else clients.total,
        per_address=clients.per_address,
        connects_per_minute=clients.connects_per_minute,
        ipv6_prefix=clients.ipv6_prefix,
        history=history_settings(config),
        sessions=SessionSettings(**config.sessions.model_dump()),
        accounts=AccountSettings(**config.accounts.model_dump(exclude={"reserved_names"})),
        reserved=frozenset(map(Casemap(config.network.casemapping), config.accounts.reserved_names)),
        secret=secret,
    )


def history_settings(config: NodeConfig) -> HistorySettings:
    fold = Casemap(config.network.casemapping)
    channels = (ChannelHistory(fold(one.name), one.keep_days, one.keep_lines) for one in config.history.channels)
    return HistorySettings(**config.history.model_dump(exclude={"channels", "max_size"}), channels=tuple(channels))


def webhook_settings(config: NodeConfig) -> WebhookSettings:
    return WebhookSettings(**config.webhooks.model_dump())


def made_up_secret(key: bytes) -> bytes:
    """Derive a secret that all nodes share and no node tells. key: the network key."""
    return blake2b(key=key, person=b"no such account").digest()


def engine_settings(config: NodeConfig) -> Settings:
    return Settings(
        heartbeat_s=config.links.heartbeat_s,
        ring=RingSettings(config.ring.distance, config.ring.points, config.ring.copies),
        dead_after_s=config.links.dead_after_s,
        grace_s=config.grace_s,
        settle_max_s=config.clients.settle_max_s,
        hand_off_after_s=config.hand_off_after_s,
        check_every_s=config.check_every_s,
        keep_s=config.history.keep_days * DAY_S,
        keep_own_s={GroupId("channel", c.name): c.keep_days * DAY_S for c in history_settings(config).channels},
    )


def terms(config: NodeConfig) -> Terms:
    """Return the settings that every node must have alike (P5)."""
    return Terms(
        config.network.name,
        config.network.server_name,
        config.ring.distance,
        config.ring.points,
        config.ring.copies,
        config.network.casemapping,
        config.limits.model_dump(),
    )


def link_settings(config: NodeConfig) -> LinkSettings:
    links = config.links
    return LinkSettings(
        links.heartbeat_s,
        links.dead_after_s,
        links.idle_close_s,
        links.queue,
        links.frame_max,
        links.redial_min_s,
        links.redial_max_s,
    )


def node_record(config: NodeConfig, incarnation: int, now: float) -> NodeRecord:
    return NodeRecord(
        key=config.node.ring_key or config.node.ip,
        incarnation=incarnation,
        name=config.node.name,
        ip=config.node.ip,
        link_port=config.links.port,
        irc=str(config.irc_address) if config.irc_address is not None else "",
        version=VERSION,
        started=int(now),
        level=LEVEL if config.node.feature_level is None else config.node.feature_level,
        ring=ring_terms(config),
        http=config.http_url,
    )


def ring_terms(config: NodeConfig) -> RingTerms:
    ring = config.ring
    return RingTerms(ring.distance, ring.points, ring.copies, config.network.casemapping)
