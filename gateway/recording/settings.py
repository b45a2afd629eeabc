"""Settings in a recording. Cores know most settings by protocol, and a protocol cannot be decoded: a recording holds
structs with the fields of the protocols, and a replayed core is given these structs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from gateway.edge.settings import EdgeSettings, Operator
from gateway.irc.casemapping import Casemap
from gateway.node import NodeSettings
from ring.ids import GroupId
from ring.settings import Settings

HIDDEN: Final = "$argon2" + "x" * 90
_WHOLE: Final = (NodeSettings, EdgeSettings, Settings)


def pack(kind: Hashable, settings: Any) -> bytes:
    """Pack settings of the type `kind`, with fillers in place of password hashes and the network's secret."""
    known = _without_secrets(settings) if isinstance(settings, EdgeSettings) else settings
    return _encoder.encode(_plain(kind, known))


def unpack(kind: Hashable, data: bytes) -> Any:
    """Return the packed settings, of the type `kind`. Raises one of ring.ids.UNREADABLE."""
    return _rebuilt(kind, msgspec.msgpack.decode(data, type=_shape(kind), dec_hook=_decoded))


def pack_node(settings: NodeSettings) -> tuple[bytes, list[tuple[GroupId, float]]]:
    """Return the packed settings of a node, and `keep_own_s`: no key of a packed mapping may be a group."""
    engine = settings.engine._replace(keep_own_s={})
    plain = settings._replace(edge=_without_secrets(settings.edge), engine=engine)
    return pack(NodeSettings, plain), list(settings.engine.keep_own_s.items())


def unpack_node(data: bytes, keep_own: list[tuple[GroupId, float]]) -> NodeSettings:
    """Return the settings packed by `pack_node`. Raises one of ring.ids.UNREADABLE."""
    settings: NodeSettings = unpack(NodeSettings, data)
    return settings._replace(engine=settings.engine._replace(keep_own_s=dict(keep_own)))


def _without_secrets(settings: EdgeSettings) -> EdgeSettings:
    shape: Any = _shape(Operator)
    return replace(
        settings,
        operators=tuple(_hidden(shape, one) for one in settings.operators),
        server_password_hash=HIDDEN if settings.server_password_hash is not None else None,
        secret=b"x" * len(settings.secret),
        cloak_key=b"x" * len(settings.cloak_key),
    )


def _hidden(shape: Any, one: Operator) -> Any:
    """Return the operator without the password's hash. The shape knows whether there is a password."""
    facts = {name: getattr(one, name) for name in get_type_hints(Operator)}
    return shape(**facts | {"password_hash": HIDDEN if one.password_hash is not None else None})


@cache
def _shape(kind: Hashable) -> Any:
    """Return the type in the recording for a setting of the type `kind`, or for settings."""
    known: Any = kind
    if kind in _WHOLE or getattr(kind, "_is_protocol", False):
        fields = [(name, _shape(hint)) for name, hint in get_type_hints(known).items()]
        return msgspec.defstruct(known.__name__, fields, frozen=True)
    inner: Any = tuple(one if one is Ellipsis else _shape(one) for one in get_args(kind))
    if get_origin(known) is Mapping:
        return dict.__class_getitem__(inner)
    return tuple.__class_getitem__(inner) if get_origin(known) is tuple else kind


def _plain(kind: Any, value: Any) -> Any:
    """Return a value of the type `kind` as a value of the type _shape(kind)."""
    if kind in _WHOLE or getattr(kind, "_is_protocol", False):
        fields = get_type_hints(kind).items()
        return _shape(kind)(**{name: _plain(hint, getattr(value, name)) for name, hint in fields})
    if get_origin(kind) is Mapping:
        return {key: _plain(get_args(kind)[1], one) for key, one in value.items()}
    return tuple(_plain(get_args(kind)[0], one) for one in value) if get_origin(kind) is tuple else value


def _rebuilt(kind: Any, value: Any) -> Any:
    """Return `value`, a struct, as an instance of `kind` if `kind` is a class and no protocol."""
    if kind not in _WHOLE:
        return value
    return kind(**{name: _rebuilt(hint, getattr(value, name)) for name, hint in get_type_hints(kind).items()})


def _encoded(value: Any) -> Any:
    if isinstance(value, Casemap):
        return value.name
    raise TypeError(type(value))


def _decoded(wanted: type, value: Any) -> Any:
    if wanted is Casemap:
        return Casemap(value)
    raise TypeError(wanted)


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_encoded, order="deterministic")
