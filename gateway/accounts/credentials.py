"""How an account proves that it is who it says: what of a password is kept, and how one is checked against it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import error_to_str

from gateway.accounts.saslprep import Prohibited, saslprep

MAX_PASSWORD = 1000
"""Bytes of UTF-8."""

ITERATIONS = 100_000
"""Of PBKDF2: some 40 ms, once a login, for the client; RFC 7677, section 4, wants 4,096 at least."""

SALT = 16

# Second recommendation of RFC 9106, section 4. Not the library's default: what is made up has to cost what is real.
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, salt_len=SALT)

_MACHINE = frozenset(map(error_to_str, (-22, -33)))
"""Words of ARGON2_MEMORY_ALLOCATION_ERROR and ARGON2_THREAD_FAIL. Source: argon2.h of the reference implementation."""


class Scram(msgspec.Struct, frozen=True, array_like=True):
    """What a server keeps for SCRAM-SHA-256. Source: RFC 5802, section 3."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


class Credentials(msgspec.Struct, frozen=True, array_like=True):
    """password_hash: argon2id, as PHC string. scram: None where SCRAM does not work."""

    password_hash: str
    scram: Scram | None = None


def flaw(password: str) -> str | None:
    """Why nobody can have this password, in words; None for a good one."""
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        return "A password must be UTF-8"
    if not size:
        return "A password must not be empty"
    if size > MAX_PASSWORD:
        return f"A password must not be longer than {MAX_PASSWORD:,} bytes, and this one has {size:,}"
    return "A password must not contain NUL" if "\0" in password else None


def make_credentials(password: str, random_bytes: Callable[[int], bytes]) -> Credentials:
    """Slow (some 200 ms): run off the loop. Raises ValueError with its `flaw`.

    A password that SASLprep refuses works with PLAIN, and with SCRAM for clients that send it as it is typed (WeeChat
    does); for those that prepare it, as RFC 5802 wants, it works with PLAIN alone.
    """
    problem = flaw(password)
    if problem is not None:
        raise ValueError(problem)
    hashed = _hasher.hash(_prepared(password), salt=random_bytes(SALT))
    return Credentials(hashed, scram_keys(password, random_bytes(SALT), ITERATIONS))


def is_unfit(problem: Argon2Error | InvalidHashError) -> bool:
    """Whether argon2 has found that the password does not fit, or that the hash is none: not that it could not look."""
    return str(problem) not in _MACHINE


def check_password(credentials: Credentials, password: str) -> bool:
    """Slow (some 100 ms): run off the loop. What is no hash fits nothing. Raises Argon2Error where argon2 had no memory
    or no thread: that says nothing of the password."""
    if flaw(password) is not None:  # whoever the account is, so that time tells nothing
        return False
    try:
        return _hasher.verify(credentials.password_hash, _prepared(password))
    except (Argon2Error, InvalidHashError) as problem:
        if is_unfit(problem):
            return False
        raise
    except ValueError:
        return False


def made_up(name: str, secret: bytes) -> Credentials:
    """Of an account that does not exist: checked like any other, and no password fits.

    name: folded. secret: the same on all nodes and for ever, so that the same name is always shown the same salt.
    Source: RFC 5802, section 9.
    """

    def chance(purpose: str, size: int) -> bytes:
        text = f"made up {purpose} {name}".encode("utf-8", "surrogatepass")
        return hmac.digest(secret, text, "sha256")[:size]

    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    hashed = f"$argon2id$v=19${cost}${_phc(chance('argon2 salt', SALT))}${_phc(chance('argon2', _hasher.hash_len))}"
    scram = Scram(chance("scram salt", SALT), ITERATIONS, chance("stored key", 32), chance("server key", 32))
    return Credentials(hashed, scram)


def scram_keys(password: str, salt: bytes, iterations: int) -> Scram:
    """SCRAM-SHA-256's keys of a password. Source: RFC 5802, section 3."""
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return Scram(salt, iterations, hashlib.sha256(client_key).digest(), server_key)


def _prepared(password: str) -> bytes:
    """So that it is the same password however a keyboard composes it, by all mechanisms; what SASLprep refuses is taken
    as it is. Source: RFC 4616, section 2; RFC 5802, section 2.2.
    """
    try:
        return saslprep(password).encode()
    except Prohibited:
        return password.encode()


def _phc(data: bytes) -> str:
    """Base64 as PHC strings have it, without padding."""
    return b64encode(data).rstrip(b"=").decode()
