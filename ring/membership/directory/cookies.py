"""Make cookies without memory: an echoed cookie proves that the sender receives datagrams at the sender's address."""

from __future__ import annotations

import hashlib
import hmac

Address = tuple[str, int]  # IP, port


class Cookies:
    """Make and check keyed hashes of the address and the time slot; a cookie is good for one slot to two."""

    def __init__(self, secret: bytes, slot_s: float) -> None:
        """secret: random, at most 64 bytes, of this life of the directory alone."""
        self._secret = secret
        self._slot_s = slot_s

    def make(self, source: Address, now: float) -> bytes:
        return self._cookie(source, int(now // self._slot_s))

    def is_good(self, cookie: bytes, source: Address, now: float) -> bool:
        slot = int(now // self._slot_s)
        return any(hmac.compare_digest(cookie, self._cookie(source, each)) for each in (slot, slot - 1))

    def _cookie(self, source: Address, slot: int) -> bytes:
        text = f"{slot} {source[1]} {source[0]}"
        return hashlib.blake2b(text.encode(), key=self._secret, digest_size=16, person=b"circlet cookie").digest()
