"""Finds the users of this node by the group of a nick."""

from __future__ import annotations

from gateway.edge.users.user import User
from ring.ids import GroupId


class NickOwners:
    """Users of this node by the groups of nicks. A nick has one user, or two until one user has lost the nick."""

    def __init__(self) -> None:
        self._users: dict[GroupId, tuple[User, ...]] = {}

    def add(self, user: User) -> None:
        self._users[user.identity.home] = (*self.of(user.identity.home), user)

    def remove(self, user: User) -> None:
        left = tuple(other for other in self.of(user.identity.home) if other is not user)
        if left:
            self._users[user.identity.home] = left
        else:
            self._users.pop(user.identity.home, None)

    def move(self, user: User, home: GroupId) -> None:
        self.remove(user)
        user.identity.home = home
        self.add(user)

    def of(self, group: GroupId) -> tuple[User, ...]:
        return self._users.get(group, ())
