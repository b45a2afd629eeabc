"""Tokens and limits of the operators' API: permissions and rates. No I/O.

A token is a random secret of 256 bits, so SHA-256 is enough: a token cannot be guessed, or computed from the hash.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from math import ceil
from typing import Final, NamedTuple

from gateway.web.refusal import Refused
from ring.links.admission import Admission, Limits, Ticket, source_of

INCLUDED: Final = {"accounts": "accounts.read", "sessions": "sessions.read"}
"""Capabilities that include another: a token that may change data may read the data."""

AT_ONCE: Final = 20
"""Requests under way at once for one token, and for one address."""

AT_ONCE_OF_ALL: Final = 200


class Token(NamedTuple):
    """hash: from `hash_of`. channels: folded names of the channels in which a token with `speak` may speak."""

    name: str
    hash: str
    capabilities: frozenset[str]
    channels: frozenset[str] = frozenset()

    def may(self, capability: str) -> bool:
        return capability in self.capabilities or capability in {INCLUDED.get(one) for one in self.capabilities}


def hash_of(token: str) -> str:
    return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Rates(NamedTuple):
    """Requests per minute. requests: per token, and per address. failures: requests with a wrong token, per address."""

    requests: int
    failures: int


class Access:
    """Judges each request. Addresses count as in `source_of`: an IPv6 network of 64 bits is a single address."""

    def __init__(self, tokens: Iterable[Token], rates: Rates) -> None:
        self._tokens: tuple[Token, ...] = ()
        self._addresses, self._users, self._failures = (Admission(Limits()) for _ in range(3))
        self.configure(tokens, rates)

    def configure(self, tokens: Iterable[Token], rates: Rates) -> None:
        """Take tokens and limits after a reload. The used part of each limit stays used."""
        self._tokens = tuple(tokens)
        self._rates = rates
        per_s = rates.requests / 60
        burst = max(1, rates.requests // 4)
        self._addresses.limits = Limits(AT_ONCE, AT_ONCE_OF_ALL, per_s, burst)
        self._users.limits = Limits(AT_ONCE, AT_ONCE_OF_ALL, per_s, burst)
        self._failures.limits = Limits(0, 0, rates.failures / 60, rates.failures)

    def visit(self, address: str, now: float) -> Ticket:
        """Admit a request of the address; release the ticket after the answer. Raises Refused."""
        return self._admit(self._addresses, address, now, f"your address {source_of(address)}")

    def use(self, token: Token, now: float) -> Ticket:
        """Admit a request with the token; release the ticket after the answer. Raises Refused."""
        return self._admit(self._users, f"token {token.name}", now, f"the token {token.name}")

    def _admit(self, admission: Admission, source: str, now: float, who: str) -> Ticket:
        verdict = admission.admit(source, now)
        if isinstance(verdict, Ticket):
            return verdict
        if verdict == "rate":
            wait_s = ceil(60 / self._rates.requests)
            text = f"{who} makes more than {self._rates.requests} requests a minute: wait {wait_s} s or more"
        else:
            wait_s, text = 1, f"too many requests of {who} are under way: wait for their answers first"
        raise Refused(429, text, {"Retry-After": str(wait_s)})

    def bearer(self, header: str | None, address: str, now: float) -> Token:
        """Return the token of an Authorization header. Raises Refused."""
        if header is None:
            raise Refused(401, "send the header Authorization: Bearer TOKEN", CHALLENGE)
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Refused(401, "the header Authorization has another form: send Authorization: Bearer TOKEN", CHALLENGE)
        return self.known(text.strip(), address, now)

    def known(self, text: str, address: str, now: float) -> Token:
        """Find the token by its text, compared with every hash in constant time. Raises Refused.

        A right token is accepted even after wrong tokens from the same address: otherwise a stranger behind the same
        proxy could lock a program out. A wrong token gets status 401 and, after too many wrong tokens, 429.
        """
        shown, found = hash_of(text), None
        for token in self._tokens:
            if hmac.compare_digest(shown, token.hash):
                found = token
        if found is not None:
            return found
        verdict = self._failures.admit(address, now)
        if isinstance(verdict, Ticket):
            verdict.release()
            raise Refused(
                401, "the token is not known here: http.tokens in the node's file lists the known tokens", CHALLENGE
            )
        wait_s = ceil(60 / self._rates.failures)
        text = f"too many wrong tokens from your address {source_of(address)}: wait {wait_s} s or more"
        raise Refused(429, text, {"Retry-After": str(wait_s)})


CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="circlet"'}


def require(token: Token, capability: str) -> None:
    """Raise Refused unless the token has the capability; every token has the capability ""."""
    if capability and not token.may(capability):
        raise Refused(403, f"the token {token.name} lacks the capability {capability}: it has {_listed(token)}")


def _listed(token: Token) -> str:
    return ", ".join(sorted(token.capabilities)) or "none"
