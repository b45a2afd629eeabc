"""The words of a client before registration: NICK, USER, PASS, CAP."""

from __future__ import annotations

from typing import Final

ABSENT: Final = "*"
"""AWAY * before registration: the client is connected, and nobody looks at the client. Source: IRCv3 pre-away."""


class Draft:
    """away: the text of an AWAY before registration, None while here. nick, username: None before NICK and USER.
    claimed: account@device, if USER names these. cap_open: the client negotiates capabilities, and registers after the
    end of the negotiation. cap_version: of the negotiation; 0 without a negotiation."""

    __slots__ = ("away", "cap_open", "cap_version", "claimed", "nick", "password", "real", "username")

    def __init__(self) -> None:
        self.nick: str | None = None
        self.username: str | None = None
        self.real = ""
        self.password: str | None = None
        self.claimed = ""
        self.away: str | None = None
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

    def name(self, nick: str) -> None:
        self.nick = nick

    def introduce(self, username: str, real: str, claimed: str) -> None:
        self.username, self.real, self.claimed = username, real, claimed
