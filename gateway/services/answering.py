"""Answers of services about accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.edge.accounts.missing_nodes import with_absent
from gateway.edge.accounts.proof import Login
from gateway.services.table import Request
from gateway.state.account.messages import Accepted, Denied

LATER = "The nodes that keep accounts do not answer: try again in a minute."
UNKNOWN = "No answer came in time: the command may have worked. Check first, then try again."
WHY = {
    "taken": "That nick or certificate belongs to another account.",
    "unknown": "Your account does not exist any more.",
    "full": "Your account's list is full: remove an entry first.",
    "invalid": "There is no such setting, or the value is not valid for the setting.",
}


def later(request: Request) -> str:
    """The text for a moment when no node can answer for the account."""
    return with_absent(request.call.edge, LATER)


def login_of(request: Request) -> Login:
    """The login of the caller. Only for commands that need a login."""
    proven = request.call.connection.login
    assert proven is not None
    return proven


def changed(request: Request, text: str) -> Callable[[Any], None]:
    """Make a continuation for a change of the account. The person reads `text` after a change, or the reason for no
    change."""

    def answered(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            request.say(text)
        else:
            request.say(WHY[outcome.why] if isinstance(outcome, Denied) else with_absent(request.call.edge, UNKNOWN))

    return request.call.later(answered)
