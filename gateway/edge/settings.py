"""The settings of an edge, from the configuration. Replaced whole when the configuration is read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.irc.casemapping import Casemap
from gateway.irc.limits import DEFAULT_LIMITS, Limits
from gateway.irc.names import is_guest_nick, is_service


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who may OPER. password_hash: made by argon2. hosts: user@host masks."""

    name: str
    password_hash: str
    hosts: tuple[str, ...] = ("*@*",)


@dataclass(frozen=True, slots=True)
class Rehashed:
    """The result of reading the configuration again. live, needs_restart: dotted keys. wrong: mistakes in words."""

    live: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """registration: before connecting and after, only once connected, only before, or by operators alone.

    nick_protection: how a stranger with an account's nick is treated. password_min: bytes of UTF-8.
    """

    enabled: bool = True
    registration: Literal["open", "connected", "before_connect", "closed"] = "open"
    password_min: int = 6
    nick_protection: Literal["off", "refuse", "rename"] = "rename"
    nick_delay_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ChannelHistory:
    """A channel with a retention of its own. name: folded."""

    name: str
    keep_days: int
    keep_lines: int


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """How many messages are kept, and how long. query_max: most lines for a client at a time. keep_lines: for each
    channel and conversation. private: whether messages between two accounts are kept, too."""

    enabled: bool = True
    private: bool = True
    keep_days: int = 30
    keep_lines: int = 100_000
    channels: tuple[ChannelHistory, ...] = ()
    query_max: int = 100


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How a session outlives the connections. always_on: whether users stay. expire_days: days without a login."""

    enabled: bool = True
    always_on: Literal["off", "opt-in", "opt-out", "mandatory"] = "opt-in"
    expire_days: int = 30
    auto_away: bool = True

    def lasts(self, chosen: bool | None) -> bool:
        """Whether a user with this choice stays without connections."""
        if self.always_on in ("off", "mandatory"):
            return self.always_on == "mandatory"
        return chosen if chosen is not None else self.always_on == "opt-out"


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Times in seconds, sizes in bytes."""

    server_name: str = "irc.circlet.local"
    network_name: str = "Circlet"
    description: str = ""  # of the server, in LINKS and WHOIS; "": the network's name
    version: str = "circlet-0.1.0"
    created: int = 0  # Unix seconds
    motd: tuple[str, ...] | None = None
    admin: tuple[str, str, str] = ("", "", "")
    limits: Limits = DEFAULT_LIMITS
    casemap: Casemap = field(default_factory=lambda: Casemap("rfc1459"))
    operators: tuple[Operator, ...] = ()
    server_password_hash: str | None = None
    burst: int = 20  # lines that pass at once
    rate: float = 5.0  # lines a second after that
    channels_per_minute: int = 0  # new channels of a connection, 0 for no limit
    queued: int = 200  # lines that may wait
    sendq: int = 1024 * 1024
    register_timeout_s: float = 30.0
    ping_every_s: float = 90.0
    ping_timeout_s: float = 60.0
    total: int = 20_000  # connections, 0 for no limit
    per_address: int = 20
    connects_per_minute: int = 60  # from one address
    ipv6_prefix: int = 64  # bits that make one address
    history: HistorySettings = HistorySettings()
    sessions: SessionSettings = SessionSettings()
    accounts: AccountSettings = AccountSettings()
    reserved: frozenset[str] = frozenset()  # folded names that operators keep for themselves
    secret: bytes = b""  # of the network; also the source of made-up credentials of unknown accounts

    def reservation(self, name: str) -> str:
        """Return why nobody may have this name as nick or account, in words; "" if everybody may."""
        if is_service(name):
            return "That is the name of a service"
        if is_guest_nick(name):
            return "Nicks of this form are for people that the network renames"
        if self.casemap(name) in self.reserved:
            return "The operators of this network have reserved that name"
        return ""

    @property
    def about(self) -> str:
        """Description of the network, which people see as a single server."""
        return self.description or self.network_name
