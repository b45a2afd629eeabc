"""The lists of SILENCE and ACCEPT of an account: a new session begins with the lists that the account keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.edge.client.slots import Done
from gateway.state.account.hearing_messages import SetHeard
from gateway.state.account.messages import InfoView
from gateway.state.account.snapshot import Heard
from gateway.state.nick.messages import Change

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

LEVEL: Final = 3
"""The feature level of accounts that keep the lists."""


def join_lists(edge: EdgePort, user: User, view: InfoView) -> None:
    """Give a new session the account's lists, and the account the entries that the user has added since. view: of the
    account. Of too many entries the account's count."""
    clients, pending = edge.settings.clients, user.identity.pending
    present, kept = Heard(pending.silence, pending.accepts), view.heard
    both = Heard(
        _union(kept.silence, present.silence, clients.silence_max),
        _union(kept.accepts, present.accepts, clients.accept_max),
    )
    if both != present:
        user.identity.change(silence=both.silence, accepts=both.accepts)
        user.unsettled[user.identity.home] = None
        edge.network.submit(user.identity.home, Change(user.identity.pending))
    if both != kept and view.life and edge.network.level >= LEVEL:
        edge.network.submit(edge.account(user.session.account), SetHeard(view.life, both))


def _union(first: tuple[str, ...], second: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return the entries of both, each once; not fewer than `first` has."""
    return tuple(dict.fromkeys((*first, *second)))[: max(most, len(first))]


def keep_lists(call: Call, heard: Heard, then: Done) -> None:
    """Let the caller's account keep the lists; then(outcome). A guest has no account to keep the lists."""
    person = call.user.person
    if person.account is None or call.edge.network.level < LEVEL:
        then(None)
    else:
        call.submit(call.edge.account(person.account), SetHeard(person.life, heard), then)
