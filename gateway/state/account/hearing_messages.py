"""The command and the event of an account's group for the lists of SILENCE and ACCEPT. Level 3."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.account.snapshot import Heard


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 3


class SetHeard(_Tagged, frozen=True, tag=78):
    """Replace the lists, with which the next session of the account begins."""

    life: str
    heard: Heard


class HeardSet(_Tagged, frozen=True, tag=79):
    heard: Heard
