"""How an account proves that it is who it says: what of a password is kept."""

from __future__ import annotations

import msgspec


class Scram(msgspec.Struct, frozen=True, array_like=True):
    """What a server keeps for SCRAM-SHA-256. Source: RFC 5802, section 3."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


class Credentials(msgspec.Struct, frozen=True, array_like=True):
    """password_hash: argon2id, as PHC string. scram: None where only PLAIN works."""

    password_hash: str
    scram: Scram | None = None
