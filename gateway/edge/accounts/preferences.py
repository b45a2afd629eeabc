"""Change the preferences of an account. The account keeps the preferences, and the session applies them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.edge.accounts.proof import Login
from gateway.state.account.messages import Accepted, SetSettings

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

Value = bool | int | str | None


def choose(edge: EdgePort, login: Login, changes: dict[str, Value], done: Callable[[Any], None]) -> None:
    """Change preferences. changes: fields of account.snapshot.Settings; None for the network's default.

    Calls done with Accepted, Denied, or ring.replication.application.FAILED if the network did not answer in time.
    """

    def chosen(outcome: Any) -> None:
        user = edge.sessions.users.get(edge.settings.casemap(login.name))
        if isinstance(outcome, Accepted) and user is not None:
            edge.sessions.look_up(user, lambda: done(outcome))
        else:
            done(outcome)

    edge.network.submit(edge.account(login.name), SetSettings(login.life, changes), chosen)
