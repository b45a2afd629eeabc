"""A user changes what the network knows of it: away, real name, modes. Its own group numbers the change (P28)."""

from __future__ import annotations

from gateway.edge.call import Call, Done
from gateway.groups.nick_messages import Change
from gateway.groups.people import Person


def change_facts(call: Call, wanted: Person, done: Done) -> None:
    """Submit the facts, unless they are so already; done(outcome).

    wanted: built on `user.wanted`, so that two changes in one packet do not undo each other.
    """
    user = call.user
    if wanted == user.wanted:
        call.after([user.home], lambda: done(None))
        return
    user.wanted = wanted
    call.submit(user.home, Change(wanted), done)
