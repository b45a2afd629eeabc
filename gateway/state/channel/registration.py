"""The registration of a channel in the channel's state: founder, access of accounts, and the merge of two sides.

Access is by the id of an account's registration (`Life.id` of an account), and not by the account's name: an account
that is renamed keeps the access, and an account that takes a dropped name inherits nothing. A name beside an id is the
account's name at the time of writing, for people to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final, NamedTuple, TypeVar

import msgspec

TOMBSTONES: Final = 500
"""The most removed accesses that a registration remembers. The oldest go first."""

MOST_ACCESSES: Final = 200
MOST_AKICKS: Final = 100
"""The most accounts with access, and the most akicks, by default: the network may set others (`accounts`)."""

REGISTRATIONS: Final = 4
"""The most registrations in a state, of which the oldest counts: each side of a partition may register a channel."""

FLAGS: Final = "APHORVfhiorstv"
"""Letters of access. P, O, H, V: the account is protected, operator, half-operator, or has a voice on entering. o, h,
v: the account may give and take the rank. f: may change access. s: settings. R: may recover and clear the channel. r:
may kick and ban. i: may invite. t: may change the topic. A: may read the list of accesses."""

KICKERS: Final = "rR"
"""Any of these flags lets an account kick and ban by ChanServ."""

INVITERS: Final = "iR"
"""Any of these flags lets an account invite by ChanServ, and read the channel's key."""

RECOVERERS: Final = "R"
"""This flag lets an account change all modes by ChanServ: clear and recover the channel."""

FOUNDER_RANKS: Final = "qo"

SETTINGS: Final = ("topiclock", "private", "entrymsg", "mlock", "history", "readers")
"""topiclock: only accounts with the flag t change the topic. private: LIST hides the channel. entrymsg: text for who
enters. mlock: modes that nobody changes, such as +nt-i. history: days after which messages are forgotten. readers:
of READERS."""

READERS: Final = ("", "join", "access")
"""Who may read messages from before the own JOIN: everybody in the channel, nobody, or accounts with access."""

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """An account: id of its registration ("" for nobody), name, and time of the writing (Unix ms)."""

    SINCE: ClassVar = 2

    life: str
    name: str
    at: int


class Access(msgspec.Struct, frozen=True, array_like=True):
    """The access of an account. flags: sorted letters of FLAGS; "" is a tombstone: the access was removed.

    name: of the account. by: the name of the account or operator that wrote the access. at: time of writing, Unix ms.
    """

    SINCE: ClassVar = 2

    flags: str
    name: str
    by: str
    at: int


class Setting(msgspec.Struct, frozen=True, array_like=True):
    """A setting of a channel. value: "" for the default. at: time of the writing, Unix ms."""

    SINCE: ClassVar = 2

    value: str
    at: int


class Akick(msgspec.Struct, frozen=True, array_like=True):
    """People who match the mask are kept out. until: Unix ms, 0 for ever. gone: a tombstone. at: time of writing."""

    SINCE: ClassVar = 2

    mask: str
    reason: str
    by: str
    at: int
    until: int = 0
    gone: bool = False


class Forbidden(msgspec.Struct, frozen=True, array_like=True):
    """Nobody may enter or register the channel. by: the operator. at: time of the writing, Unix ms. gone: a
    tombstone."""

    SINCE: ClassVar = 3

    reason: str
    by: str
    at: int
    gone: bool = False


class Registration(msgspec.Struct, frozen=True, array_like=True):
    """id: network-unique. at: time of the registration, Unix ms. access: by the id of an account's registration. seen:
    when an account with access was last in the channel, to a minute; 0: not known, as before level 3."""

    SINCE: ClassVar = 2
    NEWER: ClassVar = {"seen": 3}

    id: str
    at: int
    founder: Holder
    successor: Holder = Holder("", "", 0)
    access: dict[str, Access] = {}
    settings: dict[str, Setting] = {}  # by a name of SETTINGS
    akicks: dict[str, Akick] = {}  # by folded mask
    seen: int = 0  # Unix ms

    def setting(self, name: str) -> str:
        known = self.settings.get(name)
        return known.value if known is not None else ""

    def akick(self, matches: Callable[[str], bool], at: int) -> Akick | None:
        """Find an akick in force at this time whose mask matches."""
        for one in self.akicks.values():
            if not one.gone and (not one.until or at < one.until) and matches(one.mask):
                return one
        return None

    @property
    def key(self) -> tuple[int, str]:
        """The older of two registrations counts."""
        return self.at, self.id

    def flags(self, life: str) -> str:
        """List the flags of an account; "" for no access. The founder has all flags."""
        if not life:
            return ""
        if life == self.founder.life:
            return FLAGS
        known = self.access.get(life)
        return known.flags if known is not None else ""

    def ranks(self, life: str) -> str:
        """List the ranks that the account has on entering, highest first."""
        return FOUNDER_RANKS if life and life == self.founder.life else ranks_of(self.flags(life))

    @property
    def used_at(self) -> int:
        """When the channel was last of use to an account with access (Unix ms): the account was in the channel, or has
        changed the registration."""
        found = [self.at, self.seen, self.founder.at, self.successor.at]
        found += [one.at for one in self.access.values()]
        found += [one.at for one in self.settings.values()]
        found += [one.at for one in self.akicks.values()]
        return max(found)

    @property
    def present(self) -> dict[str, Access]:
        """The accesses without tombstones."""
        return {life: one for life, one in self.access.items() if one.flags}


class Registry(NamedTuple):
    """What a channel's state knows of registrations. kept: the oldest first, the first is the channel's. dropped: time
    of the last drop, Unix ms: earlier registrations are void. base: the key of the first registration of the channel
    since somebody made the channel; (0, "") for none. A channel with a base is older than any channel without (P26).
    forbidden: whether operators of the network forbid the channel; None: never."""

    kept: tuple[Registration, ...] = ()
    dropped: int = 0
    base: tuple[int, str] = (0, "")
    forbidden: Forbidden | None = None

    @property
    def is_forbidden(self) -> bool:
        return self.forbidden is not None and not self.forbidden.gone


def ranks_of(flags: str) -> str:
    """List the ranks that the flags give on entering, highest first."""
    found = "ao" if "P" in flags else "o" if "O" in flags else ""
    return found + ("h" if "H" in flags else "") + ("v" if "V" in flags else "")


def merge_registries(a: Registry, b: Registry) -> Registry:
    """Merge the registrations of both sides. The older base counts. Commutative, associative, and idempotent for up to
    REGISTRATIONS registrations at once."""
    dropped = max(a.dropped, b.dropped)
    base = min((one.base for one in (a, b) if one.base[1]), default=(0, ""))
    forbidden = max((one.forbidden for one in (a, b) if one.forbidden is not None), key=_written, default=None)
    return Registry(_kept((*a.kept, *b.kept), dropped), dropped, base, forbidden)


def _kept(found: Iterable[Registration], dropped: int) -> tuple[Registration, ...]:
    merged: dict[tuple[int, str], Registration] = {}
    for one in found:
        if one.at > dropped:
            merged[one.key] = _one(merged[one.key], one) if one.key in merged else one
    return tuple(merged[key] for key in sorted(merged)[:REGISTRATIONS])


def _one(a: Registration, b: Registration) -> Registration:
    """Merge two states of the same registration: the last writer of each part counts."""
    access = {
        life: max((side.access[life] for side in (a, b) if life in side.access), key=_written)
        for life in sorted({*a.access, *b.access})
    }
    return Registration(
        a.id,
        a.at,
        max(a.founder, b.founder, key=_written),
        max(a.successor, b.successor, key=_written),
        bounded(access),
        _last_written(a.settings, b.settings),
        bounded_akicks(_last_written(a.akicks, b.akicks)),
        max(a.seen, b.seen),
    )


_T = TypeVar("_T", Setting, Akick)


def _last_written(a: dict[str, _T], b: dict[str, _T]) -> dict[str, _T]:
    return {name: max((side[name] for side in (a, b) if name in side), key=_written) for name in sorted({*a, *b})}


def bounded_akicks(akicks: dict[str, Akick]) -> dict[str, Akick]:
    """Keep all akicks, and the newest TOMBSTONES tombstones."""
    gone = [mask for mask, one in akicks.items() if one.gone]
    oldest = sorted(gone, key=lambda mask: (-akicks[mask].at, mask))[TOMBSTONES:]
    return {mask: one for mask, one in akicks.items() if mask not in oldest} if oldest else akicks


def _written(one: Holder | Access | Setting | Akick | Forbidden) -> tuple[int, bytes]:
    return one.at, _encode(one)


def bounded(access: dict[str, Access]) -> dict[str, Access]:
    """Keep all accesses, and the newest TOMBSTONES tombstones."""
    gone = [life for life, one in access.items() if not one.flags]
    oldest = sorted(gone, key=lambda life: (-access[life].at, life))[TOMBSTONES:]
    return {life: one for life, one in access.items() if life not in oldest} if oldest else access
