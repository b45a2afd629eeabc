"""Answers the speaker of a private message: the echo, and what the nick's holder or the network has to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.client.capabilities import SELVES
from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.irc import numerics as n
from gateway.irc.message import decode
from gateway.state.nick.messages import Reached, Tell
from gateway.state.people import Person, Refusal

if TYPE_CHECKING:
    from gateway.edge.client.call import Call


def _echo(call: Call, tell: Tell, to: Person) -> None:
    """Echo a message outside the history: to the speaking client with echo-message, and to the speaker's other clients
    with a capability for the speaker's own messages.

    Source: IRCv3 echo-message; CAP znc.in/self-message.
    """
    own, user, person = call.connection, call.user, call.user.person
    if len(user.connections) == 1 and own in user.connections and "echo-message" not in own.caps:
        return
    params = (to.nick,) if tell.verb == "TAGMSG" else (to.nick, decode(tell.text))
    msgid, at = call.stamp or ("", int(call.edge.now * 1000))
    bot = "B" in person.modes
    line = Line(person.author, tell.verb, params, at=at, msgid=msgid, tags=tell.tags, bot=bot)
    able = [one for one in user.connections if tell.verb != "TAGMSG" or "message-tags" in one.caps]
    if to.uid != user.uid:  # a message to oneself has reached all clients already
        others = [one for one in able if not SELVES.isdisjoint(one.caps)]
        call.edge.traffic.messages_sent += deliver(line, others, skip=own)
    if own in able and "echo-message" in own.caps:
        call.send(line)


def told(call: Call, tell: Tell, outcome: Any) -> None:
    """Answer a message to a nick. A message that came has an echo, and 301 if the holder is away."""
    if isinstance(outcome, Reached):
        if not outcome.in_conversation:  # a conversation echoes a message when the message arrives there
            _echo(call, tell, outcome.person)
        if tell.verb == "PRIVMSG" and outcome.person.away is not None:
            call.reply(n.RPL_AWAY, outcome.person.nick, outcome.person.away)
    elif tell.verb != "NOTICE":
        call.report(outcome)
        if isinstance(outcome, Refusal) and outcome.numeric == n.ERR_TARGUMODEG:
            call.reply(n.RPL_TARGNOTIFY, outcome.params[0], n.TEXT[n.RPL_TARGNOTIFY])
