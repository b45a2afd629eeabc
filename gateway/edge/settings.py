"""The settings of an edge. Replaced whole when the configuration is read again.

The configuration owns the settings, their defaults and bounds (config/). A protocol below names the settings of a
section that cores read; the section itself is given to the edge. All of these are read only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
from gateway.irc.names import is_guest_nick, is_service
from gateway.irc.operator_table import EVERYTHING


class NetworkSettings(Protocol):
    """description: of the server, in LINKS and WHOIS; "": the network's name. utf8_only: other lines are refused. icon:
    address of a picture, "" for none."""

    name: str
    server_name: str
    description: str
    utf8_only: bool
    icon: str


class ClientSettings(Protocol):
    """Times in seconds, sizes in bytes. 0: no limit. connects_per_minute: from one address. per_network,
    network_connects_per_minute: from a range of addresses, on all nodes. network_ipv4, network_ipv6: bits of a range.
    ipv6_prefix: bits that make one address. silence_max, accept_max: entries of the lists of a person. The
    limit on all connections is EdgeSettings.total.
    """

    sendq: int
    silence_max: int
    accept_max: int
    register_timeout_s: float
    ping_every_s: float
    ping_timeout_s: float
    per_address: int
    connects_per_minute: int
    ipv6_prefix: int
    per_network: int
    network_connects_per_minute: int
    network_ipv4: int
    network_ipv6: int


class FloodSettings(Protocol):
    """burst: lines that pass at once. rate: lines a second after that. queued: lines that may wait.

    channels_per_minute: new channels of a connection, 0 for no limit. list_after_s: until a guest may LIST.
    targets_per_minute: people to whom a user may write, 0 for no limit; targets_exempt: but for these users.
    knock_every_s: between two KNOCKs of a person at a channel. knocks_per_minute: of all people at a channel.
    caller_id_every_s: between two notices about the same sender (718).
    mode_count_max, mode_seconds_max, mode_minutes_max: the most that +F and +j may say.
    """

    burst: int
    rate: float
    queued: int
    channels_per_minute: int
    list_after_s: float
    targets_per_minute: int
    targets_exempt: Literal["accounts", "operators", "nobody"]
    knock_every_s: float
    knocks_per_minute: int
    caller_id_every_s: float
    mode_count_max: int
    mode_seconds_max: float
    mode_minutes_max: int


class AccountSettings(Protocol):
    """registration: before connecting and after, only once connected, only before, or by operators alone.

    nick_protection: how a stranger with an account's nick is treated. password_min: bytes of UTF-8.
    channels_max: the most channels of an account.
    """

    enabled: bool
    registration: Literal["open", "connected", "before_connect", "closed"]
    password_min: int
    channels_max: int
    channel_accesses_max: int
    channel_akicks_max: int
    channel_text_max: int
    channel_expire_days: int
    nick_protection: Literal["off", "refuse", "rename"]
    nick_delay_s: float


class HistorySettings(Protocol):
    """How many messages are kept, and how long. query_max: most lines for a client at a time. keep_lines: for each
    channel and conversation. private: whether messages between two accounts are kept, too. founder_min_days: the least
    days for which a founder may let messages be kept."""

    enabled: bool
    private: bool
    keep_days: int
    keep_lines: int
    founder_min_days: int
    query_max: int


class ChannelHistory(Protocol):
    """The retention of a single channel."""

    keep_days: int
    keep_lines: int


class SessionSettings(Protocol):
    """How a session outlives the connections. always_on: whether users stay. expire_days: days without a login."""

    enabled: bool
    always_on: Literal["off", "opt-in", "opt-out", "mandatory"]
    expire_days: int
    auto_away: bool


class AuditSettings(Protocol):
    """keep: acts of operators that the network keeps. notices_per_minute: of this node, for operators of all nodes."""

    keep: int
    notices_per_minute: int


class CloakSettings(Protocol):
    """by_default: people have the mode x from the beginning. optional: people may take the mode off. account_hosts:
    whether a login shows as a host. vhosts: whether HostServ takes requests."""

    by_default: bool
    optional: bool
    account_hosts: bool
    vhosts: bool


class BanSettings(Protocol):
    """entries_max: bans of each kind. filters_max: spam filters. reason_len: bytes of a reason."""

    entries_max: int
    filters_max: int
    reason_len: int


class MetadataSettings(Protocol):
    """keys_max: of a person or a channel. value_max: bytes of UTF-8. subs_max: keys that a client follows."""

    enabled: bool
    keys_max: int
    value_max: int
    subs_max: int


class AdminSettings(Protocol):
    """The lines of the answer to ADMIN."""

    location1: str
    location2: str
    email: str


class Operator(Protocol):
    """A person who may OPER. password_hash: made by argon2; None: no password is asked for. hosts: user@host masks.

    operator_class: name of the class; None: the operator may do everything. certificates: fingerprints (SHA-256,
    hexadecimal); if there are any, the client needs one of them. automatic: without OPER.
    """

    name: str
    password_hash: str | None
    hosts: tuple[str, ...]
    operator_class: str | None
    certificates: tuple[str, ...]
    automatic: bool


class OperatorClass(Protocol):
    """A class of operators. capabilities: names of gateway/irc/operator_table.py, and "*" for everything."""

    name: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehashed:
    """The result of reading the configuration again. live, needs_restart: dotted keys. wrong: mistakes in words."""

    live: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """Sections of the configuration, and what follows from the configuration, the network's key and the machine."""

    network: NetworkSettings
    clients: ClientSettings
    flood: FloodSettings
    limits: Limits
    accounts: AccountSettings
    history: HistorySettings
    sessions: SessionSettings
    bans: BanSettings
    metadata: MetadataSettings
    admin: AdminSettings
    audit: AuditSettings
    operators: tuple[Operator, ...]
    operator_classes: tuple[OperatorClass, ...]
    server_password_hash: str | None
    motd: tuple[str, ...]
    casemap: Casemap
    channels: Mapping[str, ChannelHistory]  # channels with a retention of their own, by folded name
    reserved: frozenset[str]  # folded names that operators keep for themselves
    total: int  # connections, 0 for no limit
    version: str
    created: int  # Unix seconds
    secret: bytes  # of the network; also the source of made-up credentials of unknown accounts
    cloaks: CloakSettings
    cloak_key: bytes  # of the network's cloaks; b"" without cloaks

    def reservation(self, name: str) -> str:
        """Return why nobody may have this name as nick or account, in words; "" if everybody may."""
        if is_service(name):
            return "That is the name of a service"
        if is_guest_nick(name):
            return "Nicks of this form are for people that the network renames"
        if self.casemap(name) in self.reserved:
            return "The operators of this network have reserved that name"
        return ""

    def capabilities_of(self, operator: Operator) -> frozenset[str]:
        """Return what the operator may do: capabilities of the operator's class."""
        if operator.operator_class is None:
            return EVERYTHING
        found = next((one for one in self.operator_classes if one.name == operator.operator_class), None)
        return frozenset(found.capabilities) if found is not None else frozenset()

    @property
    def about(self) -> str:
        """Description of the network, which people see as a single server."""
        return self.network.description or self.network.name


def lasts(settings: SessionSettings, chosen: bool | None) -> bool:
    """Whether a user with this choice stays without connections."""
    if settings.always_on in ("off", "mandatory"):
        return settings.always_on == "mandatory"
    return chosen if chosen is not None else settings.always_on == "opt-out"
