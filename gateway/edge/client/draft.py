"""The words of a client before registration: NICK, USER, PASS, CAP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ring.nothing import NOTHING

ABSENT: Final = "*"
"""AWAY * before registration: the client is connected, and nobody looks at the client. Source: IRCv3 pre-away."""


class Draft:
    """away: the text of an AWAY before registration, None while here. nick, username: None before NICK and USER.
    claimed: account@device, if USER names these. cap_open: the client negotiates capabilities, and registers after the
    end of the negotiation. cap_version: of the negotiation; 0 without a negotiation. metadata: the user's
    keys and values. keys: of metadata, which the client follows, also after the registration."""

    __slots__ = (
        "away", "cap_open", "cap_version", "claimed", "keys", "metadata", "nick", "password", "real", "username",
    )  # fmt: skip

    def __init__(self) -> None:
        self.nick: str | None = None
        self.username: str | None = None
        self.real = ""
        self.password: str | None = None
        self.claimed = ""
        self.away: str | None = None
        self.keys: tuple[str, ...] = ()
        self.metadata: Mapping[str, str] = NOTHING
        self.cap_open = False
        self.cap_version = 0

    def negotiate(self, version: int = 0, *, registers_later: bool) -> None:
        """Begin the negotiation of capabilities, or go on with the negotiation."""
        self.cap_version = max(self.cap_version, version)
        self.cap_open = self.cap_open or registers_later

    def end_negotiation(self) -> None:
        self.cap_open = False

    def give_password(self, password: str) -> None:
        self.password = password

    def leave(self, away: str | None) -> None:
        self.away = away

    def describe(self, metadata: Mapping[str, str]) -> None:
        self.metadata = metadata

    def follow(self, *keys: str) -> None:
        """Follow keys of metadata, before the registration or after. Source: IRCv3 metadata."""
        self.keys = (*self.keys, *(key for key in keys if key not in self.keys))

    def unfollow(self, key: str) -> None:
        self.keys = tuple(one for one in self.keys if one != key)

    def name(self, nick: str) -> None:
        self.nick = nick

    def introduce(self, username: str, real: str, claimed: str) -> None:
        self.username, self.real, self.claimed = username, real, claimed
