"""An account as disks and links carry it, and two such states made one after a partition (P26).

A name has lives: it is registered, dropped, registered anew, perhaps by two people on the two sides of a partition. Of
all lives that are younger than the last drop, the oldest is the account; the others are kept beside it, for only so
does it not matter in which order three sides meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.state.times import latest, newest

CERTIFICATES = 20
NICKS = 20
"""An account has at most so many certificates and grouped nicks."""

TOMBSTONES = 100
"""It remembers so many that were removed; the oldest goes first."""

SOURCES = 10
"""It remembers so many from where somebody has logged in, the latest ones."""

LIVES = 4

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Settings(msgspec.Struct, frozen=True, array_like=True):
    """What a person has chosen; None: nothing, the network's default holds. New settings go to the end."""

    always_on: bool | None = None
    auto_away: bool | None = None
    away_text: Annotated[str, msgspec.Meta(max_length=400)] | None = None
    keep_private: bool | None = None
    playback: Annotated[int, msgspec.Meta(ge=0, le=1_000)] | None = None


FIELDS = {field.name: field.type for field in msgspec.structs.fields(Settings)}


class Life(msgspec.Struct, frozen=True, array_like=True):
    """One registration of a name. All times in Unix ms.

    id: network-unique. name: as registered. alias: the folded name of the account that the name belongs to, as one of
    its nicks or as the fingerprint of its certificate; then nothing else is set.
    """

    NEWER: ClassVar = {"sources": 1}

    created: int
    id: str
    name: str
    credentials: Credentials | None = None
    alias: str = ""
    certificates: dict[str, int] = {}  # fingerprint -> since when
    nicks: dict[str, int] = {}  # folded nick -> since when
    removed: dict[str, int] = {}  # fingerprint or folded nick -> when it was
    settings: Settings = Settings()
    written: dict[str, int] = {}  # "credentials" or a setting -> when it was last written
    seen: int = 0  # the last login, roughly
    sources: dict[str, int] = {}  # from where somebody has logged in -> when, to the day; empty before level 1


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """lives: oldest first; the first one is the account. dropped: when the name was last given up, 0 for never."""

    lives: tuple[Life, ...] = ()
    dropped: int = 0


def merge(a: Stored, b: Stored) -> Stored:
    """Commutative, associative and idempotent: the newest decision of each kind, and a drop beats all before it.

    That holds for up to `LIVES` lives at once; more sides of one partition lose the youngest.
    """
    dropped = max(a.dropped, b.dropped)
    return Stored(_kept((*a.lives, *b.lives), dropped), dropped)


def _kept(lives: Iterable[Life], dropped: int) -> tuple[Life, ...]:
    found: dict[tuple[int, str], Life] = {}
    for life in lives:
        if life.created > dropped:
            key = (life.created, life.id)
            found[key] = _one(found[key], life) if key in found else life
    return tuple(found[key] for key in sorted(found)[:LIVES])


def _one(a: Life, b: Life) -> Life:
    """Two states of one life."""
    removed = newest(latest(a.removed, b.removed), TOMBSTONES)
    last = _last("credentials", a, b)
    settings = {name: getattr(_last(name, a, b).settings, name) for name in FIELDS}
    return Life(
        a.created,
        a.id,
        min(a.name, b.name),
        last.credentials,
        min(a.alias, b.alias),
        _present(a.certificates, b.certificates, removed, CERTIFICATES),
        _present(a.nicks, b.nicks, removed, NICKS),
        removed,
        Settings(**settings),
        latest(a.written, b.written),
        max(a.seen, b.seen),
        newest(latest(a.sources, b.sources), SOURCES),
    )


def _last(name: str, a: Life, b: Life) -> Life:
    """Who wrote this last; of two at once, any, but always the same one."""

    def order(life: Life) -> tuple[int, bytes]:
        value = life.credentials if name == "credentials" else getattr(life.settings, name)
        return life.written.get(name, 0), _encode(value)

    return max(a, b, key=order)


def _present(a: Mapping[str, int], b: Mapping[str, int], removed: Mapping[str, int], count: int) -> dict[str, int]:
    both = {name: at for name, at in latest(a, b).items() if removed.get(name, 0) < at}
    return both if len(both) <= count else dict(sorted(both.items(), key=lambda item: (item[1], item[0]))[:count])
