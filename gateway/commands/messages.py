"""PRIVMSG, NOTICE, TAGMSG."""

from __future__ import annotations

from gateway.commands.operators import NETWORK
from gateway.commands.table import command, refuse, words
from gateway.edge.client.call import Call
from gateway.edge.client.talk import answer
from gateway.edge.direct.pace import may_write, refuse_target
from gateway.edge.direct.telling import told
from gateway.edge.users import hosts
from gateway.edge.users.user import User
from gateway.irc import numerics as n
from gateway.irc.clienttags import relayed_tags
from gateway.irc.masks import match
from gateway.irc.message import decode, encode
from gateway.irc.names import is_channel, is_valid_channel, split_status
from gateway.services import table as services
from gateway.state.channel.messages import Say
from gateway.state.network.messages import Announce
from gateway.state.nick.messages import Tell
from ring.ids import GroupId

ANNOUNCING = 3
"""The feature level of announcements by PRIVMSG, and to some nodes."""


@command("PRIVMSG", raw=True, lists=(0,))
def privmsg(call: Call) -> None:
    _send(call, "PRIVMSG")


@command("NOTICE", raw=True, lists=(0,))
def notice(call: Call) -> None:
    _send(call, "NOTICE")


@command("TAGMSG", raw=True, lists=(0,))
def tagmsg(call: Call) -> None:
    _send(call, "TAGMSG")


def _send(call: Call, verb: str) -> None:
    params, limits, silent = call.params, call.edge.settings.limits, verb == "NOTICE"
    if not params:
        if not silent:
            call.reply(n.ERR_NORECIPIENT, f"No recipient given ({verb})")
        return
    text = b"" if verb == "TAGMSG" else encode(params[1]) if len(params) > 1 else b""
    if verb != "TAGMSG" and not text:
        if not silent:
            call.reply(n.ERR_NOTEXTTOSEND, n.TEXT[n.ERR_NOTEXTTOSEND])
        return
    tags = relayed_tags(call.message.tags) if "message-tags" in call.connection.caps else None
    if verb == "TAGMSG" and tags is None:
        return
    targets = words(params[0], call.edge.settings.casemap) if "," in params[0] else [params[0]]
    if len(targets) > limits.max_targets:
        if not silent:
            call.reply(n.ERR_TOOMANYTARGETS, targets[limits.max_targets][:64], n.TEXT[n.ERR_TOOMANYTARGETS])
        targets = targets[: limits.max_targets]
    user = call.user
    user.spoke_at = call.edge.now
    for number, target in enumerate(targets):
        _one(call, user, verb, target, text, tags, number)


def _one(call: Call, user: User, verb: str, target: str, text: bytes, tags: dict[str, str] | None, number: int) -> None:
    """Send the text to a single target. number: index of the target in the line."""
    edge, person = call.edge, user.person
    limits = edge.settings.limits
    status, name = split_status(target)
    if is_channel(name) and is_valid_channel(name, limits.channel_len):
        group = edge.channel(name)
        # P10: a speaker from outside sends the speaker's own person.
        facts = None if group in user.seats.rooms else person
        login = call.connection.login
        life = login.life if login is not None else ""
        say = Say(person.uid, person.source, verb, text, status, tags, facts, life, call.idempotency_key(number))
        call.submit(group, say, lambda outcome: answer(call, verb, target, outcome))
    elif (called := services.service(call, target)) is not None:
        if verb == "PRIVMSG":
            services.tell(called, call, decode(text))
    elif (home := edge.find_nick(target)) is not None and not may_write(edge, user, home):
        if verb != "NOTICE":
            refuse_target(call, target)
    elif home is not None:
        key = call.idempotency_key(number)
        in_conversation = edge.direct.in_conversation(user, key)
        _tell(call, home, Tell(person, verb, text, tags, target, call.connection.socket.secure, in_conversation, key))
    elif target.startswith("$$") and user.identity.oper is not None and verb != "TAGMSG":
        _announce(call, verb, target[2:], decode(text))
    elif verb != "NOTICE":
        numeric = n.ERR_NOSUCHCHANNEL if is_channel(name) else n.ERR_NOSUCHNICK
        call.reply(numeric, target[:64], n.TEXT[numeric])


def _announce(call: Call, verb: str, mask: str, text: str) -> None:
    """Say something to everybody, or to the people of the nodes whose names fit the mask."""
    edge = call.edge
    mask, text = edge.text(mask, 100), edge.text(text, 400)
    if not call.user.identity.may("announce"):
        refuse(call, "announce")
    elif edge.network.level < ANNOUNCING and (verb, mask) != ("NOTICE", "*"):
        call.notice("The network does not support this yet. NOTICE $$* reaches everybody.")
    elif not any(match(mask, name, edge.settings.casemap) for name in _servers(call)):
        call.reply(n.ERR_NOSUCHSERVER, f"$${mask[:64]}", n.TEXT[n.ERR_NOSUCHSERVER])
    else:
        call.submit(NETWORK, Announce(hosts.own_source(call.connection), "all", text, call.account, verb, mask))
        call.audit("announce", f"$${mask}", text)


def _servers(call: Call) -> list[str]:
    """Return the names of the server, as people see the network, and of the nodes."""
    return [call.edge.settings.network.server_name, *(node.name for node in call.edge.network.live())]


def _tell(call: Call, home: GroupId, tell: Tell) -> None:
    """Send a message to the nick's holder. Guests of one node read the message at once. Otherwise the nick's master
    decides whether the message goes through the conversation of two accounts (P32)."""
    edge = call.edge
    if (outcome := edge.direct.local.tell(call, home, tell)) is not None:
        told(call, tell, outcome)
    else:
        edge.direct.tell(call, home, tell, lambda outcome: told(call, tell, outcome))
