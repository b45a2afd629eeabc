"""Computes the settings of cores that follow from several sections of the configuration, or from the machine."""

from __future__ import annotations

from hashlib import blake2b

from config import NodeConfig
from config.keyfile import read_key
from gateway.edge.settings import ChannelHistory, EdgeSettings
from gateway.io.version import VERSION
from gateway.irc.casemapping import Casemap
from gateway.irc.times import DAY_S
from ring.features import LEVEL
from ring.ids import GroupId
from ring.links.hello import Terms
from ring.roster import NodeRecord, RingTerms
from ring.settings import Settings


def edge_settings(
    config: NodeConfig, created: float, secret: bytes, room: int = 0, cloak_key: bytes = b""
) -> EdgeSettings:
    """created: Unix seconds of the start. secret: the network's secret (`made_up_secret`). room: the number of clients
    that the descriptors suffice for; 0 if unknown. cloak_key: as `cloak_key` reads the key.
    """
    clients, casemap = config.clients, Casemap(config.network.casemapping)
    return EdgeSettings(
        network=config.network,
        clients=clients,
        flood=clients.flood,
        limits=config.limits,
        accounts=config.accounts,
        history=config.history,
        sessions=config.sessions,
        bans=config.bans,
        metadata=config.metadata,
        admin=config.admin,
        audit=config.audit,
        operators=config.operators,
        operator_classes=config.operator_classes,
        server_password_hash=config.server_password_hash,
        motd=config.motd_lines(),
        casemap=casemap,
        channels=own_histories(config),
        reserved=frozenset(map(casemap, config.accounts.reserved_names)),
        total=min(clients.total or room, room) if room else clients.total,
        version=f"circlet-{VERSION}",
        created=int(created),
        secret=secret,
        cloaks=config.cloaks,
        cloak_key=cloak_key,
    )


def cloak_key(config: NodeConfig) -> bytes:
    """Read the key of the cloaks; b"" without cloaks. Raises KeyFileError."""
    return read_key(config.cloaks.key_file) if config.cloaks.key_file is not None else b""


def own_histories(config: NodeConfig) -> dict[str, ChannelHistory]:
    """Return the channels with a retention of their own, by folded name."""
    fold = Casemap(config.network.casemapping)
    return {fold(one.name): one for one in config.history.channels}


def made_up_secret(key: bytes) -> bytes:
    """Derive a secret that all nodes share and no node tells. key: the network key."""
    return blake2b(key=key, person=b"no such account").digest()


def engine_settings(config: NodeConfig) -> Settings:
    return Settings(
        heartbeat_s=config.links.heartbeat_s,
        ring=config.ring,
        dead_after_s=config.links.dead_after_s,
        grace_s=config.grace_s,
        settle_max_s=config.clients.settle_max_s,
        hand_off_after_s=config.hand_off_after_s,
        check_every_s=config.check_every_s,
        keep_s=config.history.keep_days * DAY_S,
        keep_own_s={GroupId("channel", name): one.keep_days * DAY_S for name, one in own_histories(config).items()},
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
