"""The sections about operators: who may OPER, and what the operators of a class may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from config.mistakes import Key
from config.section import REQUIRED, Section, setting
from config.values import Fingerprint, Form, Mask, PasswordHash, Word

CAPABILITIES = (
    "accounts", "announce", "audit", "ban", "channels", "defcon", "die", "forbid", "force", "kill", "rehash", "see",
    "snomasks", "spamfilter", "vhosts", "wallops",
)  # fmt: skip
"""What an operator may do. gateway/irc/operator_table.py has the meanings; a test compares the names."""

Capability = Annotated[str, Form(rf"\*|{'|'.join(CAPABILITIES)}", f"* or one of {', '.join(CAPABILITIES)}")]


class Audit(Section):
    """What operators did, and what operators are told."""

    keep: int = setting(
        1_000, "Acts of operators that the network keeps; the oldest go first. Best the same on every node.",
        ge=10, le=5_000,
    )  # fmt: skip
    notices_per_minute: int = setting(
        60,
        "Notices of this node for operators of all nodes (snomasks b, f, o and r). More are not told, but counted "
        "in the next notice.",
        live=True,
        ge=1,
        le=6_000,
    )


class OperatorClass(Section):
    """A class of operators, and what these operators may do."""

    name: Word = setting(REQUIRED, "Name of the class, for operators[].operator_class.", live=True)
    capabilities: Annotated[tuple[Capability, ...], Field(strict=False, max_length=100)] = setting(
        REQUIRED, "What operators of the class may do, a word for each; * is everything.", live=True
    )


class Operator(Section):
    """A person who may OPER."""

    name: Word = setting(REQUIRED, "Name given to /OPER.", live=True)
    operator_class: Word | None = setting(
        None, "Class of the operator, from operator_classes. With none: the operator may do everything.", live=True
    )
    password_hash: PasswordHash | None = setting(
        None, "Hash of the password, from `circlet hash-password`. With none: a certificate is enough.",
        live=True, secret=True,
    )  # fmt: skip
    certificates: Annotated[tuple[Fingerprint, ...], Field(strict=False, max_length=20)] = setting(
        (),
        "SHA-256 fingerprints of TLS client certificates. With any: OPER needs one of the certificates, beside the "
        "password if there is one.",
        live=True,
    )
    automatic: bool = setting(
        False,
        "Whether somebody who connects with one of the certificates is an operator at once, without OPER. Only for an "
        "operator without a password.",
        live=True,
    )
    hosts: Annotated[tuple[Mask, ...], Field(strict=False, min_length=1, max_length=100)] = setting(
        ("*@*",), "Masks of user@host or user@IP from which OPER is accepted.", live=True
    )

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        if self.password_hash is None and not self.certificates:
            yield ("password_hash",), "is missing, and so are certificates: an operator needs one of the two"
        elif self.automatic and self.password_hash is not None:
            yield ("automatic",), "true asks for no password, but password_hash is set: keep one of them"
        elif self.automatic and not self.certificates:
            yield ("automatic",), "true needs certificates: without them nobody could be told from a stranger"
