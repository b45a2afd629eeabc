"""Change a user's profile: away, real name, modes, account. The user's own group numbers the change (P28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.client.call import Call
from gateway.edge.client.slots import Done
from gateway.state.nick.messages import Change
from gateway.state.people import Person

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


def change_profile(call: Call, wanted: Person, done: Done) -> None:
    """Submit the wanted profile, unless nothing changes; done(outcome).

    Everybody sees the change after the user's earlier commands, and before the client's next command (P28). So the call
    stays open, and the client's further lines wait, until the change is settled.

    wanted: built on `user.identity.pending`, so two changes at once do not undo each other.
    """
    user = call.user
    if wanted == user.identity.pending:
        call.after_all([user.identity.home], lambda: done(None))
        return
    user.identity.pending = wanted
    call.shut()

    def changed(outcome: Any) -> None:
        done(outcome)
        call.after_all([user.identity.home, *user.seats.channels], lambda: None)

    # Another client of the user may have changed `user.identity.pending` by then.
    call.after_all(
        list(user.unsettled), lambda: call.submit(user.identity.home, Change(user.identity.pending), changed)
    )


def become(edge: EdgePort, user: User, wanted: Person, done: Done) -> None:
    """Submit the wanted profile of a user here who has not asked for the change; done(outcome)."""
    user.identity.pending = wanted
    user.unsettled[user.identity.home] = None
    edge.network.submit(user.identity.home, Change(wanted), done)
