"""Steps of a SASL exchange between a mechanism and the caller. The caller owns the network, threads and the socket."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from gateway.accounts.credentials import Credentials

MAX_DEVICE = 64

WRONG = "Account and password do not fit"
"""The text is the same for a wrong password and for an account that does not exist."""


class Challenge(NamedTuple):
    """Send the data to the client, then call `feed` with the client's answer."""

    data: bytes


class NeedAccount(NamedTuple):
    """Look the account up, then call `account`. name: as the client wrote the name, of any shape.

    by_certificate: the account must list the client's fingerprint; name is "" for any account with the fingerprint.
    """

    name: str
    by_certificate: bool = False


class NeedCheck(NamedTuple):
    """Check the password off the loop, then call `checked`."""

    credentials: Credentials
    password: str


class Done(NamedTuple):
    """account: as registered. device: None if the client named no device."""

    account: str
    device: str | None = None


class Failed(NamedTuple):
    """reason: in words. said: the mechanism's own error message. On IRC, leave `said` out: a client would answer the
    message, and the numeric 904 ends the exchange anyway."""

    reason: str
    said: bytes = b""


Step = Challenge | NeedAccount | NeedCheck | Done | Failed


class Refused(Exception):
    """Ends an exchange with Failed(reason, said)."""

    def __init__(self, reason: str, said: bytes = b"") -> None:
        super().__init__(reason)
        self.failed = Failed(reason, said)


Exchange = Generator[Step, Any, Done]
"""A mechanism as a generator. The generator yields each need, receives the answer, and returns Done or raises Refused.
The first yield is Challenge(b""), as the client speaks first in every mechanism here."""


class Mechanism:
    """An exchange. Each method returns the next step for the caller. A call out of turn returns Failed. Nothing
    raises."""

    __slots__ = ("_exchange", "_last")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._last: Step = next(exchange)

    def feed(self, data: bytes) -> Step:
        """Take the client's message, with base64 decoded and chunks joined."""
        return self._next(Challenge, data)

    def account(self, shown: str | None, credentials: Credentials | None) -> Step:
        """Take the answer to NeedAccount.

        shown: the name as registered; None if there is no such account, or if the account does not list the
        certificate. credentials: from credentials.made_up if there is no such account; None for a login by certificate.
        """
        return self._next(NeedAccount, (shown, credentials))

    def checked(self, ok: bool) -> Step:
        """Take the answer to NeedCheck."""
        return self._next(NeedCheck, ok)

    def _next(self, needed: type, answer: Any) -> Step:
        if isinstance(self._last, needed):
            try:
                self._last = self._exchange.send(answer)
            except StopIteration as end:
                self._last = end.value
            except Refused as problem:
                self._last = problem.failed
        else:
            self._exchange.close()
            self._last = Failed("Out of turn")
        return self._last


def split_name(text: str) -> tuple[str, str | None]:
    """Split "joe@phone" into account and device: ("joe", "phone"). Raises Refused.

    "joe/libera" -> ("joe", "libera"): in a client made for ZNC, the name of a network takes the place of the device.
    "joe@phone/libera" -> ("joe", "phone/libera"). Source: wiki.znc.in, "Multiple clients".
    """
    account, device = _parted(text)
    if " " in device or not device.isprintable() or len(device.encode()) > MAX_DEVICE:
        raise Refused(f"A device's name has {MAX_DEVICE} bytes at most, and no spaces or control characters")
    return account, device or None


def check_itself(authzid: str, authcid: str) -> None:
    """Check that a login acts for the login's own account, and for no other account. Raises Refused."""
    if authzid and account_of(authzid).lower() != account_of(authcid).lower():
        raise Refused("Nobody may act for another account")


def account_of(text: str) -> str:
    """Read the account from "account", "account@device" or "account/device"."""
    return _parted(text)[0]


def _parted(text: str) -> tuple[str, str]:
    """Split at the first "@" or "/" into account and device; the device is "" if there is neither."""
    end = next((index for index, sign in enumerate(text) if sign in "@/"), len(text))
    return text[:end], text[end + 1 :]
