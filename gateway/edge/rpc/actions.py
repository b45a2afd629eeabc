"""Notes operators' actions by way of this node for the log, and remembers a bounded number for questions.

A node remembers the actions of its present life; the log keeps the actions of earlier lives.
"""

from __future__ import annotations

from collections import deque

from gateway.edge.rpc.operator_asks import ActionRow
from ring.network import Network

KEPT = 1_000
"""A node remembers so many actions; the oldest goes first."""

_LAST_MS = 10**14
"""Keys count down from here, so that the newest action has the smallest key."""


class Actions:
    """Remembers actions, the newest last."""

    def __init__(self) -> None:
        self.rows: deque[ActionRow] = deque(maxlen=KEPT)
        self._serial = 0

    def did(self, network: Network, operator: str, what: str, on: str, result: str = "done") -> None:
        """Note an action. operator: name of token or person. what: e.g. "drop_account". on: e.g. the account's name."""
        network.note("operator_did", operator=operator, what=what, on=on, result=result)
        self._serial += 1
        key = f"{_LAST_MS - network.now_ms:014}-{network.me.key}-{_LAST_MS - self._serial}"
        self.rows.append(ActionRow(key, network.now_ms, operator, what, on, result))
