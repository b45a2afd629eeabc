"""Commands, events, outcomes and questions of an account's group; the rules are in account.py.

`life`: the id of the registration that the caller has logged in to; "" (an operator) stands for any registration. So a
session from before a drop, or from the other side of a partition, cannot change a newer registration of the name.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.state.account.hearing_messages import HeardSet, SetHeard
from gateway.state.account.operator_messages import (
    Adopt,
    Adopted,
    Redirect,
    Suspend,
    Suspended,
    Whole,
    WholeView,
)
from gateway.state.account.snapshot import Heard, Settings, Stored, Suspension, Vhost


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


# Commands ------------------------------------------------------------------------------------------------------------


class Register(_Tagged, frozen=True, tag=1):
    """Take the name. life: a new network-unique id. over: the life of a stale alias, which the account does not
    list."""

    life: str
    name: str  # as shown to people
    credentials: Credentials
    over: str = ""


class Alias(_Tagged, frozen=True, tag=2):
    """Make the name an alias of the account `of` (folded).

    Alias comes first, then the account's `AddNick` or `AddCertificate`. So the account never lists a name that another
    account may take. Both commands may be repeated.
    """

    life: str
    name: str
    of: str
    over: str = ""


class Unalias(_Tagged, frozen=True, tag=3):
    """Free the name, if the name still belongs to the account `of`. The account's list loses the name before."""

    of: str


class SetCredentials(_Tagged, frozen=True, tag=4):
    life: str
    credentials: Credentials


class AddCertificate(_Tagged, frozen=True, tag=5):
    life: str
    fingerprint: str  # SHA-256 of the certificate's DER, lower-case hexadecimal


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
    """Change settings. changes: setting -> new value, None for the network's default. Other settings stay."""

    life: str
    changes: dict[str, bool | int | str | None]


class SetMetadata(_Tagged, frozen=True, tag=14):
    """Set a key of the account, or remove the key with the value None. key "": remove all keys. most: the most keys of
    an account."""

    SINCE: ClassVar = 3

    life: str
    key: str
    value: str | None
    most: int


class LoggedIn(_Tagged, frozen=True, tag=10):
    """Remember a login, to the hour. sources: the login's sources, remembered to the day (`sources_of`). A node before
    level 1 is sent no sources."""

    NEWER: ClassVar = {"sources": 1}

    life: str
    sources: tuple[str, ...] = ()


class Drop(_Tagged, frozen=True, tag=11):
    """Give the name up. ends: the account is gone for good, and the name's group says so when asked (`Ended`): what
    belongs to the account elsewhere has lost its owner."""

    NEWER: ClassVar = {"ends": 3}

    life: str
    ends: bool = False


class AddChannel(_Tagged, frozen=True, tag=12):
    """List a channel that the account registers (P50). channel: folded. most: the most channels of an account."""

    SINCE: ClassVar = 2

    life: str
    channel: str
    most: int


class RemoveChannel(_Tagged, frozen=True, tag=13):
    SINCE: ClassVar = 2

    life: str
    channel: str


class ChangeVhost(_Tagged, frozen=True, tag=73):
    """Change the account's host. An operator's command has no life.

    request: the owner wants the host. activate: an operator gives the host; the request of that host, if any, is done.
    reject: an operator refuses the request of that host; text: the reason. off: nothing is shown and nothing wanted.
    """

    SINCE: ClassVar = 3

    life: str
    what: Literal["request", "activate", "reject", "off"]
    host: str = ""
    by: str = ""  # of the operator
    text: str = ""


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
    | SetMetadata
    | SetHeard
    | LoggedIn
    | Drop
    | AddChannel
    | RemoveChannel
    | ChangeVhost
    | Suspend
    | Adopt
    | Redirect
)


# Events --------------------------------------------------------------------------------------------------------------


class Registered(_Tagged, frozen=True, tag=21):
    """credentials: None for an alias."""

    life: str
    name: str
    credentials: Credentials | None
    alias: str = ""


class Dropped(_Tagged, frozen=True, tag=22):
    """The name is free. ends: as in Drop."""

    NEWER: ClassVar = {"ends": 3}

    ends: bool = False


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


class MetadataSet(_Tagged, frozen=True, tag=35):
    SINCE: ClassVar = 3

    keys: tuple[str, ...]
    value: str | None


class Seen(_Tagged, frozen=True, tag=29):
    pass


class SeenFrom(_Tagged, frozen=True, tag=32):
    """As Seen, with the login's sources. Since level 1."""

    SINCE: ClassVar = 1

    sources: tuple[str, ...]


class ChannelAdded(_Tagged, frozen=True, tag=33):
    SINCE: ClassVar = 2

    channel: str


class ChannelRemoved(_Tagged, frozen=True, tag=34):
    SINCE: ClassVar = 2

    channel: str


class VhostChanged(_Tagged, frozen=True, tag=74):
    SINCE: ClassVar = 3

    vhost: Vhost


class Unaliased(_Tagged, frozen=True, tag=31):
    """The name, an alias until now, is free."""


class Merged(_Tagged, frozen=True, tag=30):
    """The partition has healed, and the state of both sides is merged (P26)."""

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
    | ChannelAdded
    | ChannelRemoved
    | VhostChanged
    | Suspended
    | Adopted
    | MetadataSet
    | HeardSet
    | Merged
)


# Outcomes ------------------------------------------------------------------------------------------------------------

Why = Literal["taken", "unknown", "full", "invalid"]


class Accepted(_Tagged, frozen=True, tag=41):
    """The command has taken effect, now or before. name: of the account, as registered."""

    name: str


class Denied(_Tagged, frozen=True, tag=42):
    """taken: another account has the name. unknown: there is no such account, or `life` is another registration. full:
    the account's list is full. invalid: there is no such setting, or the value is invalid."""

    why: Why


Outcome = Accepted | Denied | None


# Questions ------------------------------------------------------------------------------------------------------------


class Login(_Tagged, frozen=True, tag=51):
    """Ask for the facts to check a login. The answer is a LoginView."""


class Info(_Tagged, frozen=True, tag=52):
    """Ask for the facts to show about the account. The answer is an InfoView."""


class Ended(_Tagged, frozen=True, tag=53):
    """Ask whether a registration of the name has ended for good. life: the registration's id. The answer is an
    EndedView."""

    SINCE: ClassVar = 3

    life: str


Question = Login | Info | Ended | Whole


class LoginView(_Tagged, frozen=True, tag=61):
    """name: as registered, "" for a free name. alias: the folded name of the account to ask instead.

    sources: the sources of recent logins. A node before level 1 sends no sources, and ignores sources. channels: the
    folded names of the account's channels. vhost: the account's host, "" for none. suspension: in
    force now.
    """

    NEWER: ClassVar = {"sources": 1, "channels": 2, "vhost": 3, "suspension": 3}

    name: str = ""
    life: str = ""
    alias: str = ""
    credentials: Credentials | None = None
    certificates: tuple[str, ...] = ()
    nicks: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    vhost: str = ""
    suspension: Suspension | None = None


class InfoView(_Tagged, frozen=True, tag=62):
    """As LoginView. All times in Unix ms."""

    NEWER: ClassVar = {"vhost": 3, "suspension": 3, "metadata": 3, "heard": 3}

    name: str = ""
    life: str = ""
    alias: str = ""
    created: int = 0
    seen: int = 0
    nicks: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    settings: Settings = Settings()
    vhost: Vhost = Vhost()
    suspension: Suspension | None = None
    metadata: dict[str, str] = {}
    heard: Heard = Heard()


class EndedView(_Tagged, frozen=True, tag=63):
    """is_ended: the registration was dropped. Otherwise, the registration may exist, or be long forgotten."""

    SINCE: ClassVar = 3

    is_ended: bool


View = LoginView | InfoView | EndedView | WholeView
