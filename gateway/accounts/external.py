"""EXTERNAL: the client's TLS certificate proves the account. Source: RFC 4422, appendix A."""

from __future__ import annotations

from gateway.accounts.credentials import Credentials
from gateway.accounts.steps import Challenge, Done, Exchange, NeedAccount, Refused, split_name


def external(fingerprint: str | None) -> Exchange:
    """Run the exchange. The client sends account[@device], or nothing: the certificate then names the account."""
    data: bytes = yield Challenge(b"")
    if fingerprint is None:
        raise Refused("Your client has shown no certificate")
    try:
        name, device = split_name(data.decode())
    except UnicodeDecodeError:
        raise Refused("An account's name has to be UTF-8") from None
    answer: tuple[str | None, Credentials | None] = yield NeedAccount(name, by_certificate=True)
    shown, _ = answer
    if shown is None:
        raise Refused("No such account lists your certificate")
    return Done(shown, device)
