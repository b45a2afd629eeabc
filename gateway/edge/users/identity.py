"""Who a user is in the network: the group of the user's nick, the changes under way, and the user's powers."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.state.people import Person
from ring.ids import GroupId


class Identity:
    """The user's nick, and what a user may do in the whole network. Only gateway/edge/users writes these fields."""

    __slots__ = ("home", "oper", "pending", "reclaiming", "renaming", "wallops")

    def __init__(self, person: Person, home: GroupId) -> None:
        self.pending = person  # the person after all changes under way: the next change builds on this
        self.home = home  # the group of the user's nick: the user's own group (P28)
        self.renaming: GroupId | None = None  # the group of the new nick during a rename
        self.reclaiming = False  # the nick's group does not name the user, who claims the nick anew
        self.oper: str | None = None  # the operator's name in the configuration
        self.wallops = False  # the user reads WALLOPS

    def change(self, **facts: Any) -> None:
        """Build a change on the pending person; the caller submits the change."""
        self.pending = msgspec.structs.replace(self.pending, **facts)

    def allow(self, oper: str | None, *, wallops: bool) -> None:
        """Set the powers of the user. oper: the operator's name, or None for a user without an operator's rights."""
        self.oper, self.wallops = oper, wallops
