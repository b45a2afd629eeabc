"""The levels of defence of a network (DEFCON), as manual, HELP and rules read these."""

from __future__ import annotations

from typing import Final

PEACE: Final = 5

LEVELS: Final[dict[int, str]] = {
    5: "nothing: the network is at peace",
    4: "new registrations of accounts and of channels",
    3: "new connections without a login (SASL or PASS): guests who are here stay",
    2: "words of people without an account: messages, notices, topics, invitations",
    1: "new connections, but for an operator's TLS certificate, and for accounts that come back to a session",
}
"""Level -> what the level stops, beside what the level above stops. Operators are stopped by no level."""


def stopped(level: int) -> str:
    """Say in words what the level stops, with everything that the levels above stop."""
    if level == PEACE:
        return LEVELS[PEACE]
    return "; ".join(LEVELS[one] for one in range(PEACE - 1, level - 1, -1))


NO_REGISTRATIONS: Final = 4
NO_GUESTS: Final = 3
NO_WORDS: Final = 2
NO_CONNECTIONS: Final = 1
