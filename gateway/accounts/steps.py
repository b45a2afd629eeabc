"""What a SASL mechanism and its caller tell each other. The caller owns the network, the threads and the socket."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from gateway.accounts.credentials import Credentials

MAX_DEVICE = 64

WRONG = "Account and password do not fit"
"""Said whether the account exists or not."""


class Challenge(NamedTuple):
    """Send this to the client, and feed its answer."""

    data: bytes


class NeedAccount(NamedTuple):
    """Look the account up, then call `account`. name: as the client wrote it, of any shape.

    by_certificate: it has to list the client's fingerprint; name is "" for whichever account does.
    """

    name: str
    by_certificate: bool = False


class NeedCheck(NamedTuple):
    """Check the password off the loop, then call `checked`."""

    credentials: Credentials
    password: str


class Done(NamedTuple):
    """account: as registered. device: None where none was named."""

    account: str
    device: str | None = None


class Failed(NamedTuple):
    """reason: in words. said: the mechanism's own word for it. On IRC the exchange is over with 904, which a client
    understands, so `said` is better left out: it would be answered."""

    reason: str
    said: bytes = b""


Step = Challenge | NeedAccount | NeedCheck | Done | Failed


class Refused(Exception):
    """Ends an exchange: Failed(reason, said)."""

    def __init__(self, reason: str, said: bytes = b"") -> None:
        super().__init__(reason)
        self.failed = Failed(reason, said)


Exchange = Generator[Step, Any, Done]
"""What a mechanism does, top to bottom. It yields what it needs, is sent the answer, and returns Done or raises
Refused; the first thing that it yields is Challenge(b""): in all that are offered the client speaks first."""


class Mechanism:
    """One exchange. Each method returns what is to be done next; called out of turn, it fails. Nothing raises."""

    __slots__ = ("_exchange", "_last")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._last: Step = next(exchange)

    def feed(self, data: bytes) -> Step:
        """What the client said, base64 and chunks undone."""
        return self._next(Challenge, data)

    def account(self, shown: str | None, credentials: Credentials | None) -> Step:
        """The answer to NeedAccount.

        shown: as registered; None if there is no such account or, by certificate, if it does not list it.
        credentials: of credentials.made_up if there is no such account; None by certificate.
        """
        return self._next(NeedAccount, (shown, credentials))

    def checked(self, ok: bool) -> Step:
        """The answer to NeedCheck."""
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
    """ "joe@phone" -> ("joe", "phone"): account and device. Raises Refused.

    "joe/libera" -> ("joe", "libera"): a client made for ZNC names one of its networks where this network has a device;
    "joe@phone/libera" -> ("joe", "phone/libera"). Source: wiki.znc.in, "Multiple clients".
    """
    account, device = _parted(text)
    if " " in device or not device.isprintable() or len(device.encode()) > MAX_DEVICE:
        raise Refused(f"A device's name has {MAX_DEVICE} bytes at most, and no spaces or control characters")
    return account, device or None


def check_itself(authzid: str, authcid: str) -> None:
    """Who logs in as `authcid` may act for nobody else. Raises Refused."""
    if authzid and account_of(authzid).lower() != account_of(authcid).lower():
        raise Refused("Nobody may act for another account")


def account_of(text: str) -> str:
    """The account in account, account@device or account/device."""
    return _parted(text)[0]


def _parted(text: str) -> tuple[str, str]:
    """The account, which has neither "@" nor "/" in it, and the device; "" without one."""
    end = next((index for index, sign in enumerate(text) if sign in "@/"), len(text))
    return text[:end], text[end + 1 :]
