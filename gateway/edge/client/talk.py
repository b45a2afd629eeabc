"""Messages to channels on a short way: from the bytes of the line to the command for the channel's group.

Theory of operation. Most lines are messages to a channel, and a message normally has no answer: so the line needs
neither a parsed message, nor a handler, nor slots for answers. `ChannelTalk.relay` takes the plain line, a PRIVMSG
without tags from a member of the channel, and submits the same command as the general way
(gateway/commands/messages.py) with a `Talk` in place of a `Call`. Where this node alone keeps the channel, the message
is settled before `relay` ends.

A Talk that is not settled at once stands among the unanswered commands of its connection, as a Call does, and holds up
later answers. A refusal, a failure, or an echo that may have to wait needs the means of a Call: then a Call takes the
place of the Talk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.edge.client.call import Call
from gateway.edge.client.plain import PlainCommand
from gateway.edge.client.slots import Done
from gateway.edge.ports import EdgePort, TalkPort
from gateway.irc.message import Message, decode
from gateway.irc.names import is_valid_channel
from gateway.state.channel.messages import Say
from gateway.state.people import Refusal
from ring.ids import GroupId
from ring.replication.application import FAILED, EventId, Halted, Unsupported

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection

_START: Final = b"PRIVMSG #"
_VERB: Final = len(b"PRIVMSG ")

NAMES: Final = 10_000
"""Most typed names of channels for which the group is remembered. After that, all are forgotten."""


class Talk(PlainCommand):
    """A message to a channel under way. name: of the channel, as typed. part: of the Call in the place of the Talk."""

    __slots__ = ("name", "part", "text")

    def __init__(self, edge: EdgePort, connection: Connection, name: bytes, text: bytes) -> None:
        super().__init__(edge, connection)
        self.name = name
        self.text = text
        self.part: Done | None = None

    def wait(self) -> None:
        """Stand among the unanswered commands, as this command was not settled at once."""
        if "echo-message" in self.connection.caps:
            self.edge.clients.attention.restless[self.connection] = None
            call = self._become_call()
            self.part = call.later(lambda outcome: answer(call, "PRIVMSG", decode(self.name), outcome))
            call.release()
        else:
            self.stand()

    def settled(self, outcome: Any, event_id: EventId | None, failure: Unsupported | Halted | None) -> None:
        """End with the outcome of the command. A message that is said has no answer."""
        connection = self.connection
        self.open = False
        if (isinstance(outcome, Refusal) or outcome is FAILED) and connection.closed is None:
            call = self._become_call()
            call.stamp, call.failure = event_id, failure
            self.edge.clients.act_for(
                connection, lambda value: answer(call, "PRIVMSG", decode(self.name), value), outcome
            )
            call.release()
            return
        self.end()

    def _become_call(self) -> Call:
        return self.become_call(Message(None, None, "PRIVMSG", [decode(self.name), decode(self.text)]))


class ChannelTalk(TalkPort):
    """Carries out plain messages to channels."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._groups: dict[bytes, GroupId | None] = {}  # by the name as typed

    def relay(self, connection: Connection, line: bytes) -> bool:
        """Carry out a plain message of a member. Returns False for a line that has to take the general way."""
        if not line.startswith(_START):
            return False
        name, _, text = line[_VERB:].partition(b" :")
        user, edge = connection.user, self._edge
        if not text or user is None or connection.remote.speaker is not None:
            return False
        group = self._groups[name] if name in self._groups else self._find(name)
        if group is None or group not in user.seats.rooms or group in connection.delivery.awaiting or b"\0" in text:
            return False
        if connection.queue.calls and "echo-message" in connection.caps:
            return False
        edge.used["PRIVMSG"] += 1
        user.spoke_at = edge.network.now
        login, person = connection.proof.login, user.person
        life = login.life if login is not None else ""
        talk = Talk(edge, connection, name, text)
        user.unsettled[group] = None
        edge.network.submit(group, Say(person.uid, person.source, "PRIVMSG", text, "", None, None, life, None), talk)
        if talk.open:
            talk.wait()
        return True

    def _find(self, name: bytes) -> GroupId | None:
        if len(self._groups) >= NAMES:
            self._groups.clear()
        edge, group = self._edge, None
        if name.isascii() and is_valid_channel(name.decode(), edge.settings.limits.channel_len):
            group = edge.channel(name.decode())
        self._groups[name] = group
        return group


def answer(call: Call, verb: str, target: str, outcome: Any) -> None:
    """Answer a message to a channel: nothing, unless the message is refused or its fate is unknown."""
    if verb == "NOTICE":  # never answered, not even with an error (RFC 1459, 4.4.2)
        return
    if isinstance(outcome, Refusal):
        call.reply(outcome.numeric, target.lstrip("@%+"), outcome.params[-1])
    else:
        call.report(outcome)
