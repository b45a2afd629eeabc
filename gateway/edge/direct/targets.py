"""Finds the group meant by the name of a channel or a nick, for a person asking for history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.irc.names import is_valid_channel
from gateway.state.nick.messages import NickView, Who
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call


def is_target(call: Call, name: str) -> bool:
    is_channel = is_valid_channel(name, call.edge.settings.limits.channel_len)
    return is_channel or call.edge.find_nick(name) is not None


def resolve(call: Call, name: str, done: Callable[[GroupId | None], None]) -> None:
    """Find the group. done(group) once the caller's earlier commands there are settled; None: no such conversation.

    A nick means the account of the nick's holder, or a guest holding the nick. If nobody holds the nick, the nick means
    the account of the same name, or the last guest with the nick who talked to the caller.
    """
    edge, user = call.edge, call.user
    if is_valid_channel(name, edge.settings.limits.channel_len):
        group = edge.channel(name)
        call.after([group], lambda: done(group))
        return
    home, fold = edge.nick(name), edge.settings.casemap

    def seen(view: NickView | None) -> None:
        holder = view.holder if view is not None else None
        if holder is not None:
            account = fold(holder.account) if holder.account is not None else holder.uid
            found = edge.conversations.with_account(user, account)
        else:
            found = edge.conversations.with_account(user, fold(name)) or edge.conversations.with_guest_called(
                user, fold(name)
            )
        if found is None or found not in user.unsettled:
            done(found)
        else:
            call.after([found], lambda: done(found))

    call.in_turn(lambda: call.after([home], lambda: call.ask(home, Who(), seen)))
