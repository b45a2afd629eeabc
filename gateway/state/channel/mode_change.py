"""A change of a channel's mode, in commands and events."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class ModeChange(msgspec.Struct, frozen=True, array_like=True):
    NEWER: ClassVar = {"stored": 3}

    adding: bool
    letter: str
    param: str | None = None  # a mask, key, limit, or the nick of a prefix mode
    uid: str | None = None  # of a prefix mode's target, if the caller's node knows the target
    stored: str | None = None  # the removed mask, if the list has another mask than people read (P54)
