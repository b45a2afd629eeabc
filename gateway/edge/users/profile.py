"""A user changes what the network knows of it: away, real name, modes. Its own group numbers the change (P28)."""

from __future__ import annotations

from typing import Any

from gateway.edge.client.call import Call, Done
from gateway.state.nick.messages import Change
from gateway.state.people import Person


def change_facts(call: Call, wanted: Person, done: Done) -> None:
    """Submit the facts, unless they are so already; done(outcome).

    Everybody sees them after what the person did before, and before what its client does next (P28): the call ends, and
    the client's further lines wait, until the facts are settled.

    wanted: built on `user.wanted`, so that two changes at once do not undo each other.
    """
    user = call.user
    if wanted == user.wanted:
        call.after_all([user.home], lambda: done(None))
        return
    user.wanted = wanted
    call.shut()

    def changed(outcome: Any) -> None:
        done(outcome)
        call.after_all([user.home, *user.rooms, *user.joining], lambda: None)

    # What is wanted by then, another client may have added to.
    call.after_all(list(user.unsettled), lambda: call.submit(user.home, Change(user.wanted), changed))
