"""Commands that the node which serves a registered channel gives from time to time, and their events.

Source of the commands: gateway/edge/accounts/upkeep.py.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 3


class TrimHistory(_Tagged, frozen=True, tag=15):
    """Erase the messages that are older than the founder lets messages be kept (setting "history")."""


class Expire(_Tagged, frozen=True, tag=16):
    """End the registration if no account with access was in the channel since this time. before: Unix ms."""

    before: int


class Sighted(_Tagged, frozen=True, tag=38):
    """The time without anybody with access begins now: no earlier time is known."""


class HistoryTrimmed(_Tagged, frozen=True, tag=37):
    """All messages up to this time are erased. before: Unix ms."""

    before: int


UpkeepCommand = TrimHistory | Expire
UpkeepEvent = HistoryTrimmed | Sighted
