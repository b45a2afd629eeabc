"""Reads and makes the network key: 32 random bytes, written as a line of 64 hexadecimal digits in a private file."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

KEY_BYTES = 32


class KeyFileError(Exception):
    """The key file cannot be used; the text has the reason and the remedy."""


def read_key(path: Path) -> bytes:
    """Read the 32 bytes of the network key. Raises KeyFileError."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileError(f"{path} is not a file: `circlet init` writes a network key")
        if mode & 0o077:
            raise KeyFileError(f"{path} is open to others (mode {stat.S_IMODE(mode):04o}): run chmod 600 {path}")
        with path.open("rb") as file:
            text = file.read(1024)
    except OSError as error:
        raise KeyFileError(f"cannot read {path}: {error.strerror}") from error
    if not re.fullmatch(rb"[0-9A-Fa-f]{64}\s*", text):
        raise KeyFileError(f"{path} is no network key: one line of {2 * KEY_BYTES} hexadecimal digits")
    return bytes.fromhex(text.decode())


def create_key(*paths: Path) -> bytes:
    """Write a new random key to the paths, with mode 0600. The files must not exist. Raises OSError."""
    key = secrets.token_bytes(KEY_BYTES)
    for path in paths:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key.hex() + "\n")
    return key
