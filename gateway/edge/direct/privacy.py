"""What a user's private messages are to this node: kept or not, and the open conversations of a guest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ring.ids import GroupId
from ring.nothing import NOTHING, drop, own

CONVERSATIONS: Final = 50
"""Most open conversations remembered for a guest; for a forgotten conversation the question is asked again."""

POSITIONS: Final = 200
"""Most nicks' groups of which the last answer to a user is remembered. A forgotten group is asked again."""


CALLS: Final = 50
"""Most senders remembered of whom the user was told (caller id)."""

TARGETS_S: Final = 60.0
"""The time in which different people count to whom the user writes."""

RESTAMP_S: Final = 1.0
"""The time of the last message to a person is remembered about so exactly, since most messages come close together."""


class Privacy:
    """Only gateway/edge/direct writes these fields."""

    __slots__ = ("_called", "_is_sure", "_positions", "guest_conversations", "keeps", "targets")

    def __init__(self) -> None:
        self.keeps = False  # private messages are kept, if the other side agrees; False until known
        self._positions: dict[GroupId, str | None] | None = None  # nicks' groups -> the last answer to this user (P49)
        self._called: Mapping[str, float] = NOTHING  # senders whom the user does not hear -> when the user was told
        self.targets: Mapping[str, float] = NOTHING  # folded nicks to whom the user wrote -> when, Unix seconds
        self._is_sure = True  # all groups that have answered this user are known
        self.guest_conversations: Mapping[str, GroupId] = NOTHING  # of a guest, by the folded account of the other side

    def remember(self, account: str, group: GroupId) -> None:
        """Remember that a guest's conversation with an account seems open; the latest conversations are remembered."""
        open_ones = self.guest_conversations = own(self.guest_conversations)
        open_ones[account] = group
        if len(open_ones) > CONVERSATIONS:
            del open_ones[next(iter(open_ones))]

    def forget(self, account: str) -> None:
        """Ask the account once more for consent to a guest's conversation."""
        drop(self.guest_conversations, account)

    def is_call_due(self, uid: str, now: float, every_s: float) -> bool:
        """Tell whether the user is to be told that the sender has written, and remember so: once in every_s. now: Unix
        seconds."""
        if now - self._called.get(uid, 0.0) < every_s:
            return False
        called = self._called = own(self._called)
        called.pop(uid, None)
        called[uid] = now
        if len(called) > CALLS:
            del called[next(iter(called))]
        return True

    def may_write(self, nick: str, most: int, now: float) -> bool:
        """Tell whether the user may write to this nick, and remember so. A nick to whom the user has written within
        TARGETS_S is free. nick: folded. most: nicks within TARGETS_S, 1 or more. now: Unix seconds."""
        if now - self.targets.get(nick, 0.0) >= TARGETS_S:
            recent = {one: at for one, at in self.targets.items() if now - at < TARGETS_S}
            self.targets = recent
            if len(recent) >= most:
                return False
        targets = self.targets = own(self.targets)
        targets[nick] = now
        return True

    def position(self, home: GroupId) -> str | None:
        """Return the msgid of the last answer of the nick's group to a message of the user, as far as the holder may
        not have been shown so much; "" if there is none; None if that is not known."""
        unknown = "" if self._is_sure else None
        return self._positions.get(home, unknown) if self._positions is not None else unknown

    def remember_position(self, home: GroupId, msgid: str | None) -> None:
        """Remember the last answer of the nick's group. None: a message without an answer may come later."""
        if self._positions is None:
            self._positions = {}
        self._positions[home] = msgid
        if len(self._positions) > POSITIONS:
            self._positions.pop(next(iter(self._positions)))
            self._is_sure = False

    def forget_positions(self) -> None:
        """Ask each nick's group first: the user has said something on another node, too."""
        self._is_sure = False
