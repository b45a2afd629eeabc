"""Delivers a private message at once where the sender and the holder of the nick are guests of this node (P32).

Nobody keeps such a message, so the message needs no place in a replicated order. This node judges the message and shows
the message to the holder in the same turn: the message is settled at once. The nick's group is not asked.

This node may do so only while the replica of the nick's group here names the holder, and nothing about the nick is
under way: no claim waits, the holder neither takes another nick, nor claims the nick anew, nor quits, and no earlier
message of the sender to this nick waits. In all other cases the nick's group takes the message (direct/messages.py).

`relay` does the same as `tell` for the common line, from bytes to bytes, for a tenth of the work: a PRIVMSG or NOTICE
without tags, to one nick, from a client without unanswered commands.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TYPE_CHECKING, Final

from gateway.edge.client.lines import TAGS, TIME
from gateway.edge.ports import EdgePort, LocalMessagesPort
from gateway.edge.users.user import User
from gateway.edge.views.nick import show_call, show_message
from gateway.irc.limits import BODY_BYTES
from gateway.irc.message import encode
from gateway.irc.times import server_time
from gateway.state.nick.hearing import hearing, hears_all
from gateway.state.nick.messages import Reached, Tell
from gateway.state.nick.nick import Nick
from gateway.state.people import Person, Refusal
from ring.ids import GroupId
from ring.placement import hash32
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.client.call import Call
    from gateway.edge.client.connection import Connection

PLAIN: Final = re.compile(rb"(PRIVMSG|NOTICE) ([A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*) :([^\0]+)")

VERBS: Final = {b"PRIVMSG": "PRIVMSG", b"NOTICE": "NOTICE"}

NAMES: Final = 10_000
"""Most typed nicks for which the group is remembered. After that, all are forgotten."""


class LocalMessages(LocalMessagesPort):
    """Private messages between guests of this node. waiting: (uid, nick's group) of messages that wait for a group."""

    def __init__(self, edge: EdgePort, waiting: Container[tuple[str, GroupId]]) -> None:
        self._edge = edge
        self._waiting = waiting
        self._homes: dict[bytes, GroupId | None] = {}  # by the nick as typed
        self._sent = 0  # messages so far: the last part of a msgid
        self._prefix = ""  # of all msgids made here: unlike those of every group and of every other node

    def tell(self, call: Call, home: GroupId, tell: Tell) -> Reached | Refusal | None:
        """Deliver the message to the nick's holder here, or refuse the message. None: this node may do neither."""
        sender = call.user
        found = self._holder(sender, home)
        if found is None:
            return None
        user, holder = found
        heard = hearing(holder, sender.person, tell.verb, self._edge.settings.casemap)
        if heard.calls and tell.verb == "PRIVMSG":
            show_call(self._edge, user, sender.person)
        if not heard.is_shown:
            return heard.refusal or Reached(holder)
        call.stamp = self.event_id()
        show_message(self._edge, user, sender.person, tell.verb, tell.text, tell.tags, call.stamp)
        return Reached(holder)

    def relay(self, connection: Connection, sender: User, home: GroupId, plain: re.Match[bytes]) -> bool:
        """Carry out a plain line to a guest here. Returns False for a line that has to take the general way. plain: a
        match of PLAIN."""
        found = self._holder(sender, home) if not connection.queue.calls else None
        if found is None:
            return False
        verb, _, text = plain.groups()
        user, holder = found
        if user is sender or holder.away is not None or "B" in sender.person.modes or not hears_all(holder):
            return False
        edge = self._edge
        source = encode(edge.people.source(sender.person))
        body = b":%b %b %b :%b\r\n" % (source, verb, user.person.nick.encode(), text)
        if len(body) > BODY_BYTES + 2:
            return False
        edge.used[VERBS[verb]] += 1
        sender.spoke_at = edge.now
        self._send(body, user, connection if "echo-message" in connection.caps else None, self.event_id())
        return True

    def show(self, user: User, sender: Person, verb: str, text: bytes, event_id: EventId) -> bool:
        """Show a message of a guest elsewhere to the holder, from bytes to bytes. Returns False for a message that has
        to be rendered in the general way."""
        source = encode(self._edge.people.source(sender))
        body = b":%b %b %b :%b\r\n" % (source, verb.encode(), user.person.nick.encode(), text)
        if len(body) > BODY_BYTES + 2 or verb == "TAGMSG" or "B" in sender.modes:
            return False
        self._send(body, user, None, event_id)
        return True

    def _send(self, body: bytes, user: User, echo: Connection | None, event_id: EventId) -> None:
        """Send the line to the holder's clients, and to the speaker's client if it wants an echo."""
        for connection in user.connections:
            variant = connection.variant
            connection.send(tags_of(variant, event_id) + body if variant else body)
        if echo is not None:
            echo.send(tags_of(echo.variant, event_id) + body)
        self._edge.traffic.messages_sent += len(user.connections)

    def home(self, name: bytes) -> GroupId | None:
        """Return the group of a nick as typed; None if nobody may have such a nick."""
        return self._homes[name] if name in self._homes else self._find(name)

    def _find(self, name: bytes) -> GroupId | None:
        if len(self._homes) >= NAMES:
            self._homes.clear()
        home = self._homes[name] = self._edge.find_nick(name.decode())
        return home

    def _holder(self, sender: User, home: GroupId) -> tuple[User, Person] | None:
        """Return the guest here who may be told at once by this sender, with the profile in the nick's group."""
        owners = self._edge.nick_owners.of(home)
        if not owners or not self.is_guest(sender, sender.person) or (sender.uid, home) in self._waiting:
            return None
        return self.holder(home)

    def holder(self, home: GroupId) -> tuple[User, Person] | None:
        """Return the guest here who has this nick for certain, with the profile in the nick's group. None: nothing is
        certain, or something about the nick is under way."""
        owners = self._edge.nick_owners.of(home)
        if len(owners) != 1:
            return None
        user, state = owners[0], self._edge.network.state(home)
        if not isinstance(state, Nick) or not state.is_held:
            return None
        holder = state.holder
        assert holder is not None
        me = self._edge.network.me
        if holder.uid != user.uid or holder.node != me.key or holder.incarnation != me.number:
            return None
        if not self.is_guest(user, holder):
            return None
        changes = user.identity.renaming is not None or user.identity.reclaiming or user.quitting
        return (user, holder) if not changes and user.person.nick == holder.nick else None

    def is_guest(self, user: User, person: Person) -> bool:
        """Tell whether the user has no account, and is not about to log in."""
        return person.account is None and not user.session.account and not self._edge.sessions.is_unsure(user)

    def event_id(self) -> EventId:
        """Make the id of a message that has no place in a replicated order."""
        network = self._edge.network
        if not self._prefix:
            self._prefix = f"{hash32(network.me.key):x}-{network.me.number:x}-"
        self._sent += 1
        return EventId(f"{self._prefix}{self._sent:x}", int(network.now * 1000))


def tags_of(variant: int, event_id: EventId) -> bytes:
    """Return the tags which the general way gives a line without an account (client/lines.py), with the space."""
    if not variant & (TIME | TAGS):
        return b""
    if not variant & TAGS:
        return f"@time={server_time(event_id.at)} ".encode()
    if not variant & TIME:
        return f"@msgid={event_id.msgid} ".encode()
    return f"@time={server_time(event_id.at)};msgid={event_id.msgid} ".encode()
