"""Who a user is in the network: the group of the user's nick, the changes under way, and the user's powers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from gateway.state.people import Person
from ring.ids import GroupId


class Identity:
    """The user's nick, and what a user may do in the whole network. Only gateway/edge/users writes these fields."""

    __slots__ = ("capabilities", "home", "oper", "pending", "reclaiming", "renaming", "snomask", "wallops")

    def __init__(self, person: Person, home: GroupId) -> None:
        self.pending = person  # the person after all changes under way: the next change builds on this
        self.home = home  # the group of the user's nick: the user's own group (P28)
        self.renaming: GroupId | None = None  # the group of the new nick during a rename
        self.reclaiming = False  # the nick's group does not name the user, who claims the nick anew
        self.oper: str | None = None  # the operator's name in the configuration
        self.capabilities: frozenset[str] = frozenset()  # of the operator's class; "*": everything
        self.snomask = ""  # letters of events of which the operator is told (gateway/irc/operator_table.py), sorted
        self.wallops = False  # the user reads WALLOPS

    def change(self, **facts: Any) -> None:
        """Build a change on the pending person; the caller submits the change."""
        self.pending = msgspec.structs.replace(self.pending, **facts)

    def want(self, person: Person) -> None:
        """Have the person as the next change; the caller submits the change."""
        self.pending = person

    def allow(self, oper: str | None, *, wallops: bool, capabilities: Collection[str] = (), snomask: str = "") -> None:
        """Set the powers of the user. oper: the operator's name, or None for a user without an operator's rights.
        capabilities: of the operator's class. snomask: letters of events."""
        self.oper, self.wallops = oper, wallops
        self.capabilities = frozenset(capabilities) if oper is not None else frozenset()
        self.snomask = snomask if oper is not None else ""

    def may(self, capability: str) -> bool:
        """Tell whether the user is an operator with the capability (gateway/irc/operator_table.py)."""
        return capability in self.capabilities or "*" in self.capabilities
