"""An account's snapshot on disks and links, and the merge of two snapshots after a partition (P26).

A name has lives: each registration is a life. A name may be registered, dropped and registered anew, and during a
partition, two people may register the same name. Of all lives younger than the last drop, the oldest life is the
account. The snapshot keeps the other lives, too, so that three sides may merge in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.state import metadata
from gateway.state.metadata import Kept
from gateway.state.times import latest, newest

CERTIFICATES = 20
NICKS = 20
"""The most certificates and the most grouped nicks of an account."""

CHANNELS = 1_000
"""The most channels of an account, whatever a network allows (`accounts.channels_max`)."""

TOMBSTONES = 100
"""The most removed certificates, nicks and channels that an account remembers. The oldest go first."""

SOURCES = 10
"""The most sources of logins that an account remembers: the latest sources."""

SILENCES = 100
"""The most masks of SILENCE, whatever the settings say."""

ACCEPTS = 200
"""The most names of ACCEPT, whatever the settings say."""

LIVES = 4

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Settings(msgspec.Struct, frozen=True, array_like=True):
    """A person's choices; None: no choice, so the network's default applies. New settings go to the end."""

    always_on: bool | None = None
    auto_away: bool | None = None
    away_text: Annotated[str, msgspec.Meta(max_length=400)] | None = None
    keep_private: bool | None = None
    playback: Annotated[int, msgspec.Meta(ge=0, le=1_000)] | None = None


FIELDS = {field.name: field.type for field in msgspec.structs.fields(Settings)}


class Vhost(msgspec.Struct, frozen=True, array_like=True):
    """The host that people are shown for the account. active: "" for none. wanted: requested and not yet judged; ""
    for none. at: of the last change, Unix ms. by: the operator who judged last. text: why a request was refused."""

    active: str = ""
    wanted: str = ""
    at: int = 0
    by: str = ""
    text: str = ""


class Suspension(msgspec.Struct, frozen=True, array_like=True):
    """An operator has suspended the account: nobody logs in. until: Unix ms, 0 for ever. by: the operator's name."""

    until: int
    reason: str
    by: str

    def holds(self, at: int) -> bool:
        return not self.until or at < self.until


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """Whom the account's person hears in private: masks of SILENCE, and names of ACCEPT. After a partition the later
    change of both lists counts."""

    silence: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()


class Life(msgspec.Struct, frozen=True, array_like=True):
    """A registration of a name. All times in Unix ms.

    id: network-unique. name: as registered. alias: the folded name of an account, if the name is a nick of the account
    or the fingerprint of the account's certificate. An alias has no credentials, nicks, certificates and settings.
    """

    NEWER: ClassVar = {"sources": 1, "channels": 2, "vhost": 3, "suspension": 3, "metadata": 3, "heard": 3}

    created: int
    id: str
    name: str
    credentials: Credentials | None = None
    alias: str = ""
    certificates: dict[str, int] = {}  # fingerprint -> since when
    nicks: dict[str, int] = {}  # folded nick -> since when
    removed: dict[str, int] = {}  # fingerprint, folded nick, or folded channel -> time of the removal
    settings: Settings = Settings()
    written: dict[str, int] = {}  # "credentials", "suspension", "heard" or a setting -> time of the last change
    seen: int = 0  # time of the last login, to the hour
    sources: dict[str, int] = {}  # source of a login -> time of the last login, to the day; empty before level 1
    channels: dict[str, int] = {}  # folded name of a registered channel -> since when
    vhost: Vhost = Vhost()
    suspension: Suspension | None = None
    metadata: Kept = {}
    heard: Heard = Heard()


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """lives: oldest first; the first life is the account. dropped: when the name was last given up, 0 for never. ended:
    id of a registration that was dropped for good -> time of the drop."""

    NEWER: ClassVar = {"ended": 3}

    lives: tuple[Life, ...] = ()
    dropped: int = 0
    ended: dict[str, int] = {}


def merge(a: Stored, b: Stored) -> Stored:
    """Merge two states: the newest decision of each kind counts, and a drop deletes all earlier lives.

    Commutative, associative and idempotent for up to `LIVES` lives at once. If a partition has more sides, the youngest
    lives are lost.
    """
    dropped = max(a.dropped, b.dropped)
    ended = newest(latest(a.ended, b.ended), TOMBSTONES)
    return Stored(_kept((*a.lives, *b.lives), dropped), dropped, ended)


def _kept(lives: Iterable[Life], dropped: int) -> tuple[Life, ...]:
    found: dict[tuple[int, str], Life] = {}
    for life in lives:
        if life.created > dropped:
            key = (life.created, life.id)
            found[key] = _one(found[key], life) if key in found else life
    return tuple(found[key] for key in sorted(found)[:LIVES])


def _one(a: Life, b: Life) -> Life:
    """Merge two states of the same life."""
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
        _present(a.channels, b.channels, removed, CHANNELS),
        max(a.vhost, b.vhost, key=lambda vhost: (vhost.at, _encode(vhost))),
        _last("suspension", a, b).suspension,
        metadata.merge(a.metadata, b.metadata),
        _last("heard", a, b).heard,
    )


def _last(name: str, a: Life, b: Life) -> Life:
    """Choose the state with the last change of the field. If both changed at the same time, every node makes the same
    choice."""

    def order(life: Life) -> tuple[int, bytes]:
        value = getattr(life if name in ("credentials", "suspension", "heard") else life.settings, name)
        return life.written.get(name, 0), _encode(value)

    return max(a, b, key=order)


def _present(a: Mapping[str, int], b: Mapping[str, int], removed: Mapping[str, int], count: int) -> dict[str, int]:
    both = {name: at for name, at in latest(a, b).items() if removed.get(name, 0) < at}
    return both if len(both) <= count else dict(sorted(both.items(), key=lambda item: (item[1], item[0]))[:count])
