"""Seats users of sessions here in their conversations, and shows private messages to all their clients (P32).

A private message between accounts is said in the conversation of the two parties, where every client of both can read
the message. The session's node seats the user in the user's conversations, and so follows these groups, as with
channels. direct/messages.py brings a message to a conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gateway.edge.client import rendering
from gateway.edge.client.capabilities import SELVES
from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.cursors.playback import caught_up
from gateway.edge.ports import ConversationsPort, EdgePort
from gateway.edge.sessions.attach import play
from gateway.edge.slices import PART, Slices
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.account.messages import InfoView, SetSettings
from gateway.state.conversation.conversation import Conversation, Party, other_of
from gateway.state.conversation.messages import Leave, Redact, Redacted, Said, Seat, Sit
from gateway.state.people import Author
from gateway.state.session.messages import Conversing, ForgetAll, KnownConversation, Stored
from gateway.state.session.session import Session
from ring.ids import GroupId
from ring.replication.application import EventId
from ring.replication.state_machine import State

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection


GUESTS_LEVEL = 1
"""From this feature level on, private messages of an account and a guest are kept (P32)."""

AGAIN_S = 5.0
"""Seconds until this node asks again, for a seat not granted or for a session's group without an answer."""


class Conversations(ConversationsPort):
    """Holds the conversations of the sessions on this node."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self.rooms: dict[GroupId, Room] = {}
        self._followed: dict[GroupId, None] = {}

    # Whose ----------------------------------------------------------------------------------------------------------

    def keeps(self, user: User) -> bool:
        """Return whether the user's private messages are kept."""
        return bool(user.session.account) and user.privacy.keeps and self.allows(None)

    def allows(self, chosen: bool | None) -> bool:
        """Return whether private messages are kept for a person with this choice; None: no choice made."""
        history = self.edge.settings.history
        return history.enabled and history.private and chosen is not False

    def keeps_with_guests(self) -> bool:
        """Return whether messages between accounts and guests are kept here, if the account wants so: since feature
        level 1."""
        return self.edge.network.level >= GUESTS_LEVEL and self.allows(None)

    def party(self, user: User) -> Party:
        """Return the user as a party: the account and its registration, or the user id of a guest."""
        return Party(user.session.account, user.session.life) if user.session.account else Party(user.uid, "")

    def of(self, user: User) -> dict[GroupId, KnownConversation]:
        """Return the conversations which the user may read."""
        state = (
            self.edge.network.state(self.edge.sessions.group(user.session.account)) if user.session.account else None
        )
        if not isinstance(state, Session):
            return {}
        mine, conversations = Party(user.session.account, user.session.life), state.stored.conversations
        return {
            GroupId("conversation", name): known
            for name, known in conversations.items()
            if other_of(name, mine) is not None
        }

    def with_account(self, user: User, account: str) -> GroupId | None:
        """Return the user's conversation with an account of this folded name, or with a guest of this user id. If the
        account was registered several times, return the last conversation."""
        found = [(known.at, group) for group, known in self.of(user).items() if known.other == account]
        return max(found)[1] if found else None

    def with_guest_called(self, user: User, nick: str) -> GroupId | None:
        """Return the user's last conversation with a guest, even if gone, of this folded nick or user id."""
        fold = self.edge.settings.casemap
        conversations = self.of(user).items()
        found = [
            (known.at, group)
            for group, known in conversations
            if known.nick and nick in (fold(known.nick), known.other)
        ]
        return max(found)[1] if found else None

    # Sit ------------------------------------------------------------------------------------------------------------

    def opened(self, account: str, event: Conversing) -> None:
        """Seat the user in the conversation: only then the session's group acknowledges the event (P33)."""
        user = self.edge.sessions.users.get(account)
        if user is not None and not user.quitting and user.privacy.keeps:
            self._sit(user, GroupId("conversation", event.conversation), self.edge.sessions.group(account))

    def enter(self, user: User) -> list[GroupId]:
        """Seat the session's user in all of the user's conversations. Returns the groups asked for a seat now."""
        groups = [group for group in self._all(user) if user.privacy.keeps and group not in user.seats.conversations]
        for group in groups:
            self._return(user, group)
        return groups

    def choose(self, user: User, keep: bool | None, done: Callable[[Any], None]) -> None:
        """Set whether private messages are kept; None: as the network does. done(Accepted, Denied or FAILED)"""

        def chosen(outcome: Any) -> None:
            self.edge.sessions.look_up(user, lambda: done(outcome))

        change = SetSettings(user.session.life, {"keep_private": keep})
        self.edge.network.submit(self.edge.account(user.session.account), change, chosen)

    def know(self, user: User, view: InfoView) -> None:
        """Act on the account's settings: `keep_private` says whether private messages are kept."""
        user.privacy.keeps = bool(view.life) and self.allows(view.settings.keep_private)
        if user.privacy.keeps:
            self.enter(user)
        else:
            self.leave(user)

    def _all(self, user: User) -> list[GroupId]:
        state = self.edge.network.state(self.edge.sessions.group(user.session.account))
        names = state.stored.conversations if isinstance(state, Session) else ()
        return [GroupId("conversation", name) for name in names]

    def _return(self, user: User, group: GroupId) -> None:
        """Ask for the seat until granted. Then all attached connections are shown the missed messages."""
        if group in user.seats.returning:
            self._sit(user, group, None)
            return
        for connection in user.connections:
            connection.delivery.await_playback(group)
        user.seats.begin_returning(group, user.connections)

        def sit() -> None:
            if group in user.seats.returning and not user.quitting:
                self._sit(user, group, None, lambda _: self.edge.later(AGAIN_S, sit))

        sit()

    def _sit(
        self, user: User, group: GroupId, because: GroupId | None, done: Callable[[Any], None] | None = None
    ) -> None:
        network = self.edge.network
        state = network.state(self.edge.sessions.group(user.session.account))
        taken = state.stored.taken if isinstance(state, Session) else 0
        user.unsettled[group] = None
        network.submit(group, Sit(user.session.account, Seat(user.uid, network.me, taken)), done, because)

    def leave(self, user: User) -> None:
        """Give up the seats: the user ends the session, or wants no messages kept any more."""
        for group in list(user.seats.returning):
            for connection in user.seats.end_returning(group):
                caught_up(connection, group)
        for group in list(user.seats.conversations):
            user.unsettled[group] = None
            self.edge.network.submit(group, Leave(user.uid, self.edge.network.me))

    def forget(self, account: str, life: str, *, late: bool = False) -> None:
        """Delete the messages of a dropped account in all conversations, and the knowledge of the session's group.
        While nobody answers for the session, ask again. late: a new account of the same name may talk by now. If the
        session's group knows conversations of the new account, the group keeps all of its knowledge."""
        network, sessions = self.edge.network, self.edge.sessions

        def looked(stored: Stored | None) -> None:
            if stored is None:
                self.edge.later(AGAIN_S, lambda: self.forget(account, life, late=True))
                return
            own = [name for name in stored.conversations if other_of(name, Party(account, life)) is not None]
            for name in own:
                network.submit(GroupId("conversation", name), Redact(account, "", "*"))
            if not late or len(own) == len(stored.conversations):
                network.submit(sessions.group(account), ForgetAll())

        sessions.look(account, looked)

    # What the group says --------------------------------------------------------------------------------------------

    def applied(self, group: GroupId, state: State, event: Any, stamp: EventId, call: Call | None) -> None:
        assert isinstance(state, Conversation)
        if isinstance(event, Said):
            self._said(group, event, stamp, call)
        elif isinstance(event, Redacted):
            self._redacted(group, event, stamp, call)
        else:
            self._seated(group, state)

    def replaced(self, group: GroupId, state: State, missed: Sequence[tuple[Any, EventId]], lost: int) -> None:
        assert isinstance(state, Conversation)
        for event, stamp in missed:
            if isinstance(event, Said):
                self._said(group, event, stamp, None)
        room = self.rooms.get(group)
        if lost and room is not None:
            for user in room.users.values():
                text = f"{lost} private messages were missed: try CHATHISTORY."
                line = Line(self.edge.settings.network.server_name, "NOTICE", (user.person.nick, text))
                deliver(line, [c for c in user.connections if c not in room.held_back])
        self._seated(group, state)

    def dropped(self, group: GroupId) -> None:
        """Forget the group: nobody sits here any more. Users here with a seat ask for the seat again."""
        self._followed.pop(group, None)
        room = self.rooms.pop(group, None)
        for user in list(room.users.values()) if room is not None else ():
            assert room is not None
            room.discard(user.uid)
            if not user.quitting and user.session.account and user.privacy.keeps:
                self._return(user, group)

    def _seated(self, group: GroupId, state: Conversation) -> None:
        """Bring the room in line with the seats of users of this node."""
        self._followed[group] = None
        here = {}
        for account, seat in state.seats.items():
            user = self.edge.sessions.users.get(account)
            if seat.edge == self.edge.network.me and user is not None and user.uid == seat.uid:
                here[user.uid] = user
        room = self.rooms.get(group)
        if room is None and here:
            room = self.rooms[group] = Room(group)
        for uid, user in here.items():
            assert room is not None
            if uid not in room.users:
                room.add(user)
                for connection in user.seats.end_returning(group):
                    play(self.edge, connection, user, group, connection.socket.opened)
        for uid in [uid for uid in room.users if uid not in here] if room is not None else ():
            assert room is not None
            self.edge.sessions.cursors.mark(room.users[uid], group)
            gone = room.discard(uid)
            if gone is not None and not gone.quitting and gone.session.account and gone.privacy.keeps:
                self._return(gone, group)
        if room is not None and not room.users:
            del self.rooms[group]

    def reconcile(self) -> Slices[None]:
        """Give back seats which a conversation has for users no longer here (P30)."""
        network = self.edge.network
        for number, group in enumerate(list(self._followed), 1):
            if number % PART == 0:
                yield
            state = network.state(group)
            for account, seat in list(state.seats.items()) if isinstance(state, Conversation) else ():
                user = self.edge.sessions.users.get(account)
                if seat.edge == network.me and (user is None or user.uid != seat.uid or not user.privacy.keeps):
                    network.submit(group, Leave(seat.uid, network.me))

    def _said(self, group: GroupId, event: Said, stamp: EventId, call: Call | None) -> None:
        room = self.rooms.get(group)
        for user in room.users.values() if room is not None else ():
            assert room is not None
            able = [c for c in user.connections if c in room.connections and c not in room.held_back]
            if event.verb == "TAGMSG":
                able = [c for c in able if "message-tags" in c.caps]
            if user.session.account != event.account:
                sent = deliver(rendering.direct_message(event, user.person.nick, stamp), able)
                self.edge.traffic.messages_sent += sent
                continue
            own = call.connection if call is not None else user.speaker(event.idempotency_key)
            if len(set(group.name.split(","))) == 1:  # a message to oneself is also received
                sent = deliver(rendering.direct_message(event, user.person.nick, stamp), able)
                self.edge.traffic.messages_sent += sent
                able = [own] if own in able and call is not None else []
            self._echo(rendering.direct_message(event, event.to, stamp), able, own, call)

    def _echo(self, line: Line, able: list[Connection], own: Connection | None, call: Call | None) -> None:
        """Show an own message to the account's other clients, and to the speaking client as an echo if wanted."""
        others = [c for c in able if not SELVES.isdisjoint(c.caps)]
        self.edge.traffic.messages_sent += deliver(line, others, skip=own)
        if own in able and own is not None and "echo-message" in own.caps:
            if call is not None:
                call.send(line)
            else:
                own.show(line)

    def _redacted(self, group: GroupId, event: Redacted, stamp: EventId, call: Call | None) -> None:
        room = self.rooms.get(group)
        if event.msgid == "*" or room is None:
            return
        for user in room.users.values():
            other = group.name.split(",")
            target = user.person.nick if user.session.account != event.account or len(set(other)) == 1 else event.to
            params = (target, event.msgid, *((event.reason,) if event.reason is not None else ()))
            line = Line(Author(event.source, event.name), "REDACT", params, at=stamp.at, msgid=stamp.msgid)
            able = [c for c in user.connections if "draft/message-redaction" in c.caps]
            own = call.connection if call is not None else None
            deliver(line, able, skip=own)
            if call is not None and own in able:
                call.send(line)
