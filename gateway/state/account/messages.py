"""Commands, events, outcomes and questions of an account's group; the rules are in account.py.

`life`: the id of the registration that who asks has logged in to, so that a session from before a drop, or from the
other side of a partition, changes nothing of who has the name now; "" (an operator) stands for any.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.state.account.snapshot import Settings, Stored


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


# Commands ------------------------------------------------------------------------------------------------------------


class Register(_Tagged, frozen=True, tag=1):
    """Take the name. life: a new network-unique id. over: the life of an alias that its account does not list."""

    life: str
    name: str  # as it is to be shown
    credentials: Credentials
    over: str = ""


class Alias(_Tagged, frozen=True, tag=2):
    """The name belongs to the account `of` (folded). First this, then `AddNick` or `AddCertificate` of the account, so
    that the account never lists what another may take. Both may be repeated."""

    life: str
    name: str
    of: str
    over: str = ""


class Unalias(_Tagged, frozen=True, tag=3):
    """The name is free again, if it still belongs to that account. After it has been taken off the account's list."""

    of: str


class SetCredentials(_Tagged, frozen=True, tag=4):
    life: str
    credentials: Credentials


class AddCertificate(_Tagged, frozen=True, tag=5):
    life: str
    fingerprint: str  # SHA-256 of its DER, lower-case hexadecimal


class RemoveCertificate(_Tagged, frozen=True, tag=6):
    life: str
    fingerprint: str


class AddNick(_Tagged, frozen=True, tag=7):
    life: str
    nick: str  # folded


class RemoveNick(_Tagged, frozen=True, tag=8):
    life: str
    nick: str


class SetSettings(_Tagged, frozen=True, tag=9):
    """changes: setting -> its new value, None for the network's default. The others stay as they are."""

    life: str
    changes: dict[str, bool | int | str | None]


class LoggedIn(_Tagged, frozen=True, tag=10):
    """Somebody has: remembered to the hour. sources: from where, remembered to the day (proving.sources_of).

    A node before level 1 is sent none."""

    NEWER: ClassVar = {"sources": 1}

    life: str
    sources: tuple[str, ...] = ()


class Drop(_Tagged, frozen=True, tag=11):
    life: str


Command = (
    Register
    | Alias
    | Unalias
    | SetCredentials
    | AddCertificate
    | RemoveCertificate
    | AddNick
    | RemoveNick
    | SetSettings
    | LoggedIn
    | Drop
)


# Events --------------------------------------------------------------------------------------------------------------


class Registered(_Tagged, frozen=True, tag=21):
    """credentials: None for an alias."""

    life: str
    name: str
    credentials: Credentials | None
    alias: str = ""


class Dropped(_Tagged, frozen=True, tag=22):
    """The name is free."""


class CredentialsSet(_Tagged, frozen=True, tag=23):
    credentials: Credentials


class CertificateAdded(_Tagged, frozen=True, tag=24):
    fingerprint: str


class CertificateRemoved(_Tagged, frozen=True, tag=25):
    fingerprint: str


class NickAdded(_Tagged, frozen=True, tag=26):
    nick: str


class NickRemoved(_Tagged, frozen=True, tag=27):
    nick: str


class SettingsSet(_Tagged, frozen=True, tag=28):
    changes: dict[str, bool | int | str | None]


class Seen(_Tagged, frozen=True, tag=29):
    pass


class SeenFrom(_Tagged, frozen=True, tag=32):
    """As Seen, and from where. Since level 1."""

    SINCE: ClassVar = 1

    sources: tuple[str, ...]


class Unaliased(_Tagged, frozen=True, tag=31):
    """The name is free: it was an alias."""


class Merged(_Tagged, frozen=True, tag=30):
    """Two sides of a partition are one again, and this is the state (P26)."""

    stored: Stored


Event = (
    Registered
    | Dropped
    | Unaliased
    | CredentialsSet
    | CertificateAdded
    | CertificateRemoved
    | NickAdded
    | NickRemoved
    | SettingsSet
    | Seen
    | SeenFrom
    | Merged
)


# Outcomes ------------------------------------------------------------------------------------------------------------

Why = Literal["taken", "unknown", "full", "invalid"]


class Accepted(_Tagged, frozen=True, tag=41):
    """It is so now, or was so already. name: of the account, as registered."""

    name: str


class Denied(_Tagged, frozen=True, tag=42):
    """taken: another has the name. unknown: there is no such account, or it is not that life of it. full: it has as
    many as it may have. invalid: no such setting, or no such value of it."""

    why: Why


Outcome = Accepted | Denied | None


# Questions ------------------------------------------------------------------------------------------------------------


class Login(_Tagged, frozen=True, tag=51):
    """What somebody has to know who says that the name is his. The answer is a LoginView."""


class Info(_Tagged, frozen=True, tag=52):
    """Whose is the name, and what is known of the account? The answer is an InfoView."""


Question = Login | Info


class LoginView(_Tagged, frozen=True, tag=61):
    """name: as registered, "" where nobody has the name. alias: the folded name of the account to be asked instead.

    sources: from where somebody has logged in lately. A node before level 1 leaves them out, and reads past them.
    """

    NEWER: ClassVar = {"sources": 1}

    name: str = ""
    life: str = ""
    alias: str = ""
    credentials: Credentials | None = None
    certificates: tuple[str, ...] = ()
    nicks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class InfoView(_Tagged, frozen=True, tag=62):
    """As LoginView; times in Unix ms. credentials: whether it has a password."""

    name: str = ""
    life: str = ""
    alias: str = ""
    created: int = 0
    seen: int = 0
    nicks: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    settings: Settings = Settings()


View = LoginView | InfoView
