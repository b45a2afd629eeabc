"""What a user's private messages are to this node: kept or not, and the open conversations of a guest."""

from __future__ import annotations

from typing import Final

from ring.ids import GroupId

CONVERSATIONS: Final = 50
"""Most open conversations remembered for a guest; for a forgotten conversation the question is asked again."""


class Privacy:
    """Only gateway/edge/direct writes these fields."""

    __slots__ = ("guest_conversations", "keeps")

    def __init__(self) -> None:
        self.keeps = False  # private messages are kept, if the other side agrees; False until known
        self.guest_conversations: dict[str, GroupId] = {}  # of a guest, by the folded account of the other side

    def remember(self, account: str, group: GroupId) -> None:
        """Remember that a guest's conversation with an account seems open; the latest conversations are remembered."""
        self.guest_conversations[account] = group
        if len(self.guest_conversations) > CONVERSATIONS:
            self.guest_conversations.pop(next(iter(self.guest_conversations)))
