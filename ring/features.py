"""Define the network's feature levels: an integer per build, and the features of each level.

A network acts at the lowest level of the known nodes. A command, event, field or kind of group of a level is used only
while the network acts at this level or above (P42).

A struct that a level brought says so in the class: `SINCE: ClassVar = 1`. A field that was appended to a struct later
stands in `NEWER: ClassVar = {"field": 1}`, and has a default with the struct's earlier meaning. The engine does the
rest: `unsupported` refuses such a command, question or message below the level, `fitting` gives a newer field of a
command, and of the event that follows, the default, and `at_level` leaves newer fields out of the encoded bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

import msgspec

LEVELS: Final[tuple[str, ...]] = (
    "the build before feature levels: a node record without the field",
    "feature levels: in records and hellos, and committed in the network's group (Raise, Raised). "
    "Texts of people keep their bytes that are not UTF-8. "
    "Stopped (50), and the outcome of a command that could not be judged. "
    "Where a device was (CameAsk, Came, Device.nodes, Report.nodes). "
    "Accounts remember from where somebody has logged in (LoggedIn.sources, SeenFrom); Join.makes. "
    "Events name the account of whoever acts (account, accounts). "
    "Records.thin, and registering while fewer than `copies` nodes are missing (P37). "
    "Private messages of an account and a guest are kept (Tell.guests, Say.to_uid, Talk.nick). "
    "The holder's node is asked whether a nick is being let go (LettingGoAsk, LettingGo). "
    "Nodes tell each other of nicks claimed from people of dead nodes (ReclaimedAsk). "
    "Watchers acknowledge what they are told (Seen). "
    "Directories say whom they refused (35, 36), and records the ring's settings (ring)",
    "A node's record says where its pages are (NodeRecord.http). "
    "Operators' programs read lists of all nodes and end sessions (PageAsk, EndAsk), settings are heeded (ChosenAsk), "
    'and channels are read in pages (Look of "page:", ChannelView.total). '
    "Machines speak in channels, once for each key (Speak, Spoken, Stored.keys), and operators to everybody (Announce)"
    ". A guest with a TLS certificate comes back as the same user (Person.certificate, SeatsAsk, Seats). "
    "A channel names the version of a seat that stays on a session's former node (Update.moves, Outdated). "
    "Private messages between guests go from edge to edge (streams that begin with Opening). "
    "A session's group knows when it first had a session (Stored.base). "
    "Counts of people are summed along a tree over the ring (SumAsk, Sums). "
    "LIST and WHO are answered in pages (ListAsk, FindAsk: after, limit), "
    "and channels are indexed for LIST (IndexAsk, Indexed, ListAsk.part). "
    "Channels are registered, and accounts have access to channels by the ids of their registrations (Register, "
    "Registered, SetAccess and the other structs beside these; Stored.registrations; Person.life; "
    "Kick.life, Invite.life, SetModes.life)",
    "what protects people and channels: cloaks, extended bans, more modes, bans of the network, the audit of operators",
)
"""The features of each level, by the level's number."""

LEVEL: Final = len(LEVELS) - 1
"""The level of this build."""

OLDEST: Final = 0
"""The oldest level at which this build can act. This build does not link with nodes of an older level."""


def unsupported(value: Any, level: int) -> bool:
    """Tell whether a command, question or message needs a higher feature level than this level."""
    since: int = getattr(type(value), "SINCE", 0)
    return since > level


def fitting(value: Any, level: int) -> Any:
    """Return the command, event or outcome with the default in every field newer than the level, at any depth."""
    if level >= LEVEL:
        return value
    if isinstance(value, msgspec.Struct):
        return _struct_fitting(value, level)
    if isinstance(value, dict):
        parts = {key: fitting(part, level) for key, part in value.items()}
        return parts if any(parts[key] is not value[key] for key in parts) else value
    if isinstance(value, list | tuple):
        fit = [fitting(part, level) for part in value]
        if all(new is old for new, old in zip(fit, value, strict=True)):
            return value
        return fit if isinstance(value, list) else type(value)._make(fit) if hasattr(value, "_make") else tuple(fit)
    return value


def _struct_fitting(value: msgspec.Struct, level: int) -> Any:
    newer = _newer_defaults(type(value), level)
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        old = getattr(value, name)
        new = newer[name]() if name in newer else fitting(old, level)
        if new is not old and new != old:
            changes[name] = new
    return msgspec.structs.replace(value, **changes) if changes else value


@cache
def _newer_defaults(cls: type[msgspec.Struct], level: int) -> dict[str, Callable[[], Any]]:
    """Return, for each field newer than the level, the function that makes the default."""
    since = getattr(cls, "NEWER", {})
    fields = [field for field in msgspec.structs.fields(cls) if since.get(field.name, 0) > level]
    return {field.name: _default(field) for field in fields}


_PLAIN: Final = frozenset({str, int, float, bool, bytes, type(None), msgspec.Raw})


def at_level(value: Any, acting: int, build: int = LEVEL) -> Any:
    """Return a value to encode instead, so that the bytes are the bytes of a build of an older level.

    acting: the level at which the network acts. build: the level of this node, for structs with `BY_BUILD`, above all a
    node's record: the record tells the level of the node's build while the network acts at a lower level. Time O(size
    of the value) below LEVEL; nothing at LEVEL.
    """
    if type(value) in _PLAIN or (acting >= LEVEL and build >= LEVEL):
        return value
    if isinstance(value, msgspec.Struct):
        return _struct_at_level(value, acting, build)
    if isinstance(value, list | tuple):
        return [at_level(part, acting, build) for part in value]
    if isinstance(value, dict):
        return {key: at_level(part, acting, build) for key, part in value.items()}
    return value


def _struct_at_level(value: msgspec.Struct, acting: int, build: int) -> Any:
    cls = type(value)
    level = build if getattr(cls, "BY_BUILD", False) else acting
    names, tag, as_array = _written(cls, level)
    parts = [at_level(getattr(value, name), acting, build) for name in names]
    if as_array:
        return parts if tag is None else [tag, *parts]
    return ({} if tag is None else {cls.__struct_config__.tag_field: tag}) | dict(zip(names, parts, strict=True))


@cache
def _written(cls: type[msgspec.Struct], level: int) -> tuple[tuple[str, ...], int | str | None, bool]:
    """Return the fields that a build of the level writes, the struct's tag, and whether the struct is an array."""
    config, newer = cls.__struct_config__, getattr(cls, "NEWER", {})
    names = [name for name in cls.__struct_fields__ if newer.get(name, 0) <= level]
    if config.array_like:  # positions count: all fields after the first newer field are newer, too
        newest = [index for index, name in enumerate(cls.__struct_fields__) if newer.get(name, 0) > level]
        names = list(cls.__struct_fields__[: newest[0]]) if newest else names
    return tuple(names), config.tag, config.array_like


def _default(field: msgspec.structs.FieldInfo) -> Callable[[], Any]:
    if field.default is msgspec.NODEFAULT:
        return cast(Callable[[], Any], field.default_factory)
    return lambda: field.default
