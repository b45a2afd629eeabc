"""The words of a client before registration: NICK, USER, PASS, CAP."""

from __future__ import annotations


class Draft:
    """nick, username: None before NICK and USER. claimed: account@device, if USER names these.
    cap_open: the client negotiates capabilities, and registers after the end of the negotiation."""

    __slots__ = ("cap_open", "claimed", "nick", "password", "real", "username")

    def __init__(self) -> None:
        self.nick: str | None = None
        self.username: str | None = None
        self.real = ""
        self.password: str | None = None
        self.claimed = ""
        self.cap_open = False
