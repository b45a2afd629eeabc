"""Opens the conversation of two people, so that private messages are kept (P32): a procedure of questions and seats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.procedures import Ask, Do, Procedure, Settle
from gateway.edge.sessions.whole import once_whole
from gateway.state.account.messages import Info
from gateway.state.conversation.conversation import Party, conversation
from gateway.state.people import Person
from gateway.state.session.messages import Converse, Present
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

Wanted = dict[str, tuple[str, str, str]]
"""uid of a session's user -> the user's account, the other party, and the other's nick if the other is a guest."""


def open_conversation(edge: EdgePort, user: User, holder: Person, other: str) -> Procedure[GroupId | None]:
    """Open the conversation of a user and the holder of a nick. Returns None if one of the two keeps no messages.

    other: the holder's folded account, or the user id of a guest.
    """
    mine = edge.conversations.party(user)
    if holder.account is None:
        group = conversation(mine, Party(holder.uid, ""))
        return (yield from _seat(edge, group, {user.uid: (mine.account, holder.uid, holder.nick)}))
    view = yield Ask(edge.account(other), Info())
    if view is None or not view.life or view.alias or not edge.conversations.allows(view.settings.keep_private):
        return None
    wanted: Wanted = {holder.uid: (other, user.uid, user.person.nick)}
    if user.session.account:
        wanted = {user.uid: (mine.account, other, ""), holder.uid: (other, mine.account, "")}
    return (yield from _seat(edge, conversation(mine, Party(other, view.life)), wanted))


def _seat(edge: EdgePort, group: GroupId, wanted: Wanted) -> Procedure[GroupId | None]:
    """Tell the sessions of the conversation. Returns the conversation if each session belongs to the wanted user.

    While a partition heals, a session's group may know of no session yet: the sessions are told a moment later.
    """
    present: set[str] = set()
    sessions: dict[GroupId, None] = {}

    def seated(outcome: Any) -> None:
        present.add(outcome.uid if isinstance(outcome, Present) else "")

    for account, other, nick in wanted.values():
        session = edge.sessions.group(account)
        sessions[session] = None
        yield Do(lambda done, group=session: once_whole(edge, group, lambda: done(None)))  # type: ignore[misc]
        edge.network.submit(session, Converse(group.name, other, nick), seated)
    yield Settle(list(sessions))
    return group if present == set(wanted) else None
