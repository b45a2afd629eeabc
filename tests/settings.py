"""Settings for tests: the defaults of the configuration, with changes. The bounds of the configuration do not count."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

from config.accounts import Accounts
from config.bans import Bans
from config.cloaks import Cloaks
from config.common import Network, Ring
from config.history import History
from config.metadata import Metadata
from config.operators import Audit, Operator, OperatorClass
from config.people import Admin, Clients, Flood, Limits
from config.section import Section
from config.sessions import Sessions
from config.webhooks import Webhooks
from gateway.edge.settings import EdgeSettings
from gateway.irc.casemapping import Casemap
from gateway.node import NodeSettings
from ring.settings import Settings

S = TypeVar("S", bound=Section)

PARTS = {"network": Network, "clients": Clients, "flood": Flood}
"""The sections whose settings `edge_settings` and `edge_with` take by their own names."""


def section(model: type[S], **changes: Any) -> S:
    """A section of the configuration in which every setting has a default."""
    return model().model_copy(update=changes)


def operator(name: str, password_hash: str | None, *hosts: str, **more: Any) -> Operator:
    return Operator.model_construct(name=name, password_hash=password_hash, hosts=hosts or ("*@*",), **more)


def operator_class(name: str, *capabilities: str) -> OperatorClass:
    return OperatorClass.model_construct(name=name, capabilities=capabilities)


def edge_settings(**changes: Any) -> EdgeSettings:
    """The settings of an edge. changes: fields of EdgeSettings, and settings of PARTS, like burst=10_000."""
    network = Network.model_construct(
        name="Circlet", server_name="irc.circlet.local", key_file=Path("key"), casemapping="rfc1459", description="",
        utf8_only=False, icon=""
    )  # fmt: skip
    made = EdgeSettings(
        network=network,
        clients=Clients(),
        flood=Flood(channels_per_minute=0, targets_per_minute=0),  # scripted people do as they like
        limits=Limits(),
        accounts=Accounts(),
        history=History(),
        sessions=Sessions(),
        bans=Bans(),
        metadata=Metadata(),
        admin=Admin(),
        audit=Audit(),
        operators=(),
        operator_classes=(),
        server_password_hash=None,
        motd=(),
        casemap=Casemap("rfc1459"),
        channels={},
        reserved=frozenset(),
        total=Clients().total,
        version="circlet-0.1.0",
        created=0,
        secret=b"",
        cloaks=Cloaks(),
        cloak_key=b"",
    )
    return edge_with(made, **changes)


def edge_with(settings: EdgeSettings, **changes: Any) -> EdgeSettings:
    """The settings with changes, as `edge_settings` takes these."""
    own = {field.name for field in dataclasses.fields(EdgeSettings)}
    fields = {name: value for name, value in changes.items() if name in own}
    for part, model in PARTS.items():
        update = {name: changes[name] for name in changes.keys() - own if name in model.model_fields}
        if update:
            fields[part] = getattr(settings, part).model_copy(update=update)
    assert changes.keys() <= own.union(*(model.model_fields for model in PARTS.values())), changes
    return dataclasses.replace(settings, **fields)


def ring_settings(**changes: Any) -> Settings:
    """The settings of the ring. changes: fields of Settings."""
    made = Settings(
        ring=Ring(),
        dead_after_s=5.0,
        grace_s=30.0,
        heartbeat_s=1.0,
        settle_max_s=10.0,
        hand_off_after_s=1.0,
        check_every_s=5.0,
        keep_s=0.0,
        keep_own_s={},
    )
    return made._replace(**changes)


def node_settings(**changes: Any) -> NodeSettings:
    """The settings of a node. changes: fields of NodeSettings."""
    return NodeSettings(edge_settings(), ring_settings(), Webhooks())._replace(**changes)
