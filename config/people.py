"""The sections about people on a node: lengths of names, limits of clients, the answer to ADMIN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from config.mistakes import Key
from config.section import Section, setting, subsection
from config.units import Duration, Size
from config.values import Line


class Limits(Section):
    """Maximum lengths of names and lists. The same on every node: nodes with different values refuse each other."""

    nick_len: int = setting(30, "Longest nick, in characters (NICKLEN).", ge=9, le=64)
    user_len: int = setting(10, "Longest user name, in characters; longer text is cut (USERLEN).", ge=4, le=32)
    host_len: int = setting(63, "Longest host name shown of a person, in characters (HOSTLEN).", ge=45, le=63)
    real_len: int = setting(150, "Longest real name, in bytes; longer text is cut (NAMELEN).", ge=10, le=300)
    channel_len: int = setting(64, "Longest channel name, in bytes (CHANNELLEN).", ge=10, le=100)
    topic_len: int = setting(390, "Longest topic, in bytes; longer text is cut (TOPICLEN).", ge=50, le=390)
    kick_len: int = setting(255, "Longest reason of a KICK, in bytes; longer text is cut (KICKLEN).", ge=20, le=300)
    away_len: int = setting(200, "Longest AWAY message, in bytes; longer text is cut (AWAYLEN).", ge=20, le=300)
    key_len: int = setting(23, "Longest channel key, in bytes (KEYLEN).", ge=4, le=64)
    modes: int = setting(6, "Mode changes with a parameter in a MODE line (MODES).", ge=1, le=20)
    max_targets: int = setting(4, "Targets of a PRIVMSG, NOTICE, KICK or WHOIS (TARGMAX).", ge=1, le=50)
    chan_limit: int = setting(100, "Channels of a person (CHANLIMIT).", ge=1, le=10_000)
    list_max: int = setting(100, "Entries of each list (+b, +e, +I) of a channel (MAXLIST).", ge=1, le=1_000)
    monitor: int = setting(100, "Nicks that a person may MONITOR.", ge=1, le=1_000)


class Flood(Section):
    """Flood control. Lines of a faster client wait, and the node reads on once no line waits."""

    burst: int = setting(
        20, "Lines that a client may send at once before the node slows the client.", live=True, ge=1, le=1_000_000
    )
    rate: float = setting(5, "Lines a second that pass after the burst.", live=True, gt=0, le=1_000_000)
    queued: int = setting(
        200,
        "Waiting lines of a slowed client; more lines cut the client (excess flood).",
        live=True,
        ge=1,
        le=100_000,
    )
    channels_per_minute: int = setting(
        30, "Channels that a connection may make in a minute, 0 for no limit. To join others is not limited.",
        live=True, ge=0, le=100_000,
    )  # fmt: skip
    list_after_s: Duration = setting(
        0, "Time from connecting until LIST is answered, against collectors of channels. Not for people with accounts.",
        live=True, unit="seconds", ge=0, le=3600,
    )  # fmt: skip
    targets_per_minute: int = setting(
        20, "Different people to whom a person may write, or whom a person may invite, in a minute; 0 for no limit.",
        live=True, ge=0, le=1_000,
    )  # fmt: skip
    targets_exempt: Literal["accounts", "operators", "nobody"] = setting(
        "accounts",
        "Who is free of targets_per_minute: accounts (people with accounts, and operators), operators, or nobody.",
        live=True,
    )
    knock_every_s: Duration = setting(
        60, "Time between two KNOCKs of a person at a channel.", live=True, unit="seconds", ge=1, le=3600
    )
    knocks_per_minute: int = setting(
        10, "KNOCKs of all people that a channel takes in a minute.", live=True, ge=1, le=100
    )
    caller_id_every_s: Duration = setting(
        60,
        "A person with the mode +g is told once in this time that a sender has written (718).",
        live=True,
        unit="seconds",
        ge=1,
        le=3600,
    )
    mode_count_max: int = setting(
        100, "Highest number of a limit of the channel modes +F and +j.", live=True, ge=1, le=100
    )
    mode_seconds_max: Duration = setting(
        3600, "Longest time in which +F and +j count.", live=True, unit="seconds", ge=1, le=3600
    )
    mode_minutes_max: int = setting(
        1440, "Longest ban, mute or mode that +F sets, in minutes.", live=True, ge=1, le=1440
    )


class Clients(Section):
    """Limits of the clients of this node."""

    register_timeout_s: Duration = setting(
        30, "Time for a new connection to finish NICK and USER.", live=True, unit="seconds", ge=1, le=600
    )
    ping_every_s: Duration = setting(
        90, "Silence after which a client is sent PING.", live=True, unit="seconds", ge=1, le=3600
    )
    ping_timeout_s: Duration = setting(
        60, "Time for a client to answer the PING.", live=True, unit="seconds", ge=1, le=3600
    )
    settle_max_s: Duration = setting(
        10,
        "Longest wait of a command, and so of a PONG, for a silent master; then the command fails.",
        unit="seconds",
        ge=1,
        le=120,
    )
    sendq: Size = setting(
        1 << 20, "Output that may wait for a client; with more, the client is cut.", live=True, unit="bytes",
        ge=16 << 10, le=1 << 30,
    )  # fmt: skip
    silence_max: int = setting(15, "Masks of a person's SILENCE list (SILENCE in 005).", live=True, ge=1, le=100)
    accept_max: int = setting(30, "Names of a person's ACCEPT list (ACCEPT in 005).", live=True, ge=1, le=200)
    flood: Flood = subsection(Flood, "How fast a client may send.")
    per_address: int = setting(
        20,
        "Connections from one IP address, 0 for no limit; then connects_per_minute does not count either.",
        live=True,
        ge=0,
        le=1_000_000,
    )
    connects_per_minute: int = setting(
        60, "New connections a minute from one IP address, 0 for no limit. More are refused before TLS.",
        live=True, ge=0, le=1_000_000,
    )  # fmt: skip
    ipv6_prefix: int = setting(
        64,
        "Bits of an IPv6 address that count as a single address: a person with an IPv6 address has the whole /64.",
        live=True,
        ge=16,
        le=128,
    )
    per_network: int = setting(
        500,
        "Connections from one range of IP addresses to the whole network, 0 for no limit. Without per_address, this "
        "limit and network_connects_per_minute do not count either. The same on every node.",
        live=True,
        ge=0,
        le=1_000_000,
    )
    network_connects_per_minute: int = setting(
        600,
        "New connections a minute from one range of IP addresses to the whole network, 0 for no limit. The same on "
        "every node.",
        live=True,
        ge=0,
        le=1_000_000,
    )
    network_ipv4: int = setting(
        24, "Bits of an IPv4 address that make a range. The same on every node.", live=True, ge=8, le=32
    )
    network_ipv6: int = setting(
        48, "Bits of an IPv6 address that make a range. The same on every node.", live=True, ge=16, le=64
    )
    total: int = setting(
        20_000,
        "Connections to this node, 0 for no limit. The node's file descriptors are a limit, too.",
        live=True,
        ge=0,
        le=1_000_000,
    )

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        if 0 < self.total < self.per_address:
            yield (
                ("per_address",),
                f"{self.per_address} is more than clients.total ({self.total}): it would never count",
            )


class Admin(Section):
    """The answer to /ADMIN. If all three lines are empty, the answer says so."""

    location1: Line = setting("", "First line, by custom where the network is.", live=True)
    location2: Line = setting("", "Second line, by custom the name of the operators.", live=True)
    email: Line = setting("", "How to reach the operators.", live=True)
