"""The SASL mechanisms of the network. Source: RFC 4422."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from gateway.accounts.external import external
from gateway.accounts.plain import plain
from gateway.accounts.scram import Proves, is_proof, scram
from gateway.accounts.steps import Mechanism

MECHANISMS: tuple[str, ...] = ("PLAIN", "EXTERNAL", "SCRAM-SHA-256")

NONCE = 18


def start(
    name: str, *, fingerprint: str | None, random_bytes: Callable[[int], bytes], proves: Proves = is_proof
) -> Mechanism | None:
    """Start the server's side of an exchange; None if there is no such mechanism. The client speaks first.

    name: upper case. fingerprint: of the client's TLS certificate. proves: judges SCRAM's proof.
    """
    if name == "PLAIN":
        return Mechanism(plain())
    if name == "EXTERNAL":
        return Mechanism(external(fingerprint))
    if name == "SCRAM-SHA-256":
        return Mechanism(scram(b64encode(random_bytes(NONCE)).decode(), proves))
    return None
