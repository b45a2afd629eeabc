"""Credentials of accounts: made from a password, kept instead of the password, and checked at a login."""

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
"""Iterations of PBKDF2. These cost the client some 40 ms a login. RFC 7677, section 4, requires at least 4,096."""

SALT = 16

# Second recommendation of RFC 9106, section 4. The parameters do not depend on the library's defaults, as a check of
# made-up credentials must cost as much as a check of real credentials.
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, salt_len=SALT)

_MACHINE = frozenset(map(error_to_str, (-22, -33)))
"""Texts of ARGON2_MEMORY_ALLOCATION_ERROR and ARGON2_THREAD_FAIL. Source: argon2.h of the reference implementation."""


class Scram(msgspec.Struct, frozen=True, array_like=True):
    """The server's stored keys for SCRAM-SHA-256. Source: RFC 5802, section 3."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


class Credentials(msgspec.Struct, frozen=True, array_like=True):
    """password_hash: argon2id, as a PHC string. scram: None if SCRAM does not work for the account."""

    password_hash: str
    scram: Scram | None = None


def flaw(password: str) -> str | None:
    """Say in words why nobody can have this password; None for a good password."""
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
    """Make the credentials of a password. Slow (some 200 ms): run off the loop. Raises ValueError with the `flaw`.

    If SASLprep refuses a password, the password works with PLAIN. With SCRAM, the password works only for clients
    without SASLprep (WeeChat), and not for clients that prepare passwords as RFC 5802 requires.
    """
    problem = flaw(password)
    if problem is not None:
        raise ValueError(problem)
    hashed = _hasher.hash(_prepared(password), salt=random_bytes(SALT))
    return Credentials(hashed, scram_keys(password, random_bytes(SALT), ITERATIONS))


def is_unfit(problem: Argon2Error | InvalidHashError) -> bool:
    """Whether the error is a verdict: the password is wrong, or the hash is malformed. If not, argon2 lacked memory or
    a thread, and nobody knows whether the password is right."""
    return str(problem) not in _MACHINE


def check_password(credentials: Credentials, password: str) -> bool:
    """Whether the password is right. Slow (some 100 ms): run off the loop. No password fits a malformed hash.

    Raises Argon2Error if argon2 had no memory or no thread: the password may be right or wrong.
    """
    if flaw(password) is not None:  # for every account, existing or not: the time of the check tells nothing
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
    """Make up credentials for an account that does not exist. A check works as for any account, and no password fits.

    name: folded. secret: the same on all nodes and for ever, so that a name always gets the same salt.
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
    """Derive the keys of SCRAM-SHA-256 from a password. Source: RFC 5802, section 3."""
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return Scram(salt, iterations, hashlib.sha256(client_key).digest(), server_key)


def _prepared(password: str) -> bytes:
    """Prepare a password with SASLprep, for all mechanisms: keyboards may compose the same password in different ways.

    A password that SASLprep refuses stays as typed. Source: RFC 4616, section 2; RFC 5802, section 2.2.
    """
    try:
        return saslprep(password).encode()
    except Prohibited:
        return password.encode()


def _phc(data: bytes) -> str:
    """Encode as base64 without padding, as in PHC strings."""
    return b64encode(data).rstrip(b"=").decode()
