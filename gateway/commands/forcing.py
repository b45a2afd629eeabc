"""SAJOIN, SAPART, SANICK, SAQUIT, CHGNAME, CHGHOST: an operator acts for another person, on any node."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gateway.commands.table import command, words
from gateway.edge.client.call import TOO_OLD, Call
from gateway.edge.rpc.operator_asks import EndAsk, Ended, ForceAsk, Forced
from gateway.irc import numerics as n
from gateway.irc.addresses import read_network
from gateway.irc.names import is_valid_channel, is_valid_nick
from gateway.state.nick.messages import NickView, Who
from gateway.state.people import Person

CAPABILITY: Final = "force"
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?", re.ASCII)


class Act(NamedTuple):
    """An act for another person. name: the command, in lower case. act, text, more: as in ForceAsk."""

    name: str
    act: str
    text: str
    more: str = ""


def find_person(call: Call, nick: str, then: Callable[[Person], None]) -> None:
    """Find who has the nick, on any node, and go on; the caller reads 401 if nobody has the nick."""
    group = call.edge.find_nick(nick)

    def found(view: NickView | None) -> None:
        if view is None or view.holder is None:
            call.reply(n.ERR_NOSUCHNICK, nick[:64] or "*", n.TEXT[n.ERR_NOSUCHNICK])
        else:
            then(view.holder)

    if group is None:
        found(None)
    else:
        call.ask(group, Who(), found)


def _force(call: Call, nick: str, act: Act) -> None:
    """Let the person's node carry the act out."""

    def found(person: Person) -> None:
        ask = ForceAsk(person.uid, act.act, act.text, act.more)
        call.ask_node(person.node, ask, lambda reply: _answered(call, person, act, reply))

    if call.edge.network.level < ForceAsk.SINCE:
        call.notice(TOO_OLD)
    else:
        find_person(call, nick, found)


def _answered(call: Call, person: Person, act: Act, reply: Any) -> None:
    name = act.name.upper()
    if not isinstance(reply, Forced):
        call.notice(f"{name}: the node of {person.nick} does not answer.")
    elif reply.why:
        call.notice(f"{name}: {person.nick} {reply.why}.")
    else:
        call.audit(act.name, person.source, f"{act.text} {act.more}".rstrip())
        call.notice(f"{name}: done for {person.nick}.")


def _channels(call: Call) -> list[str]:
    """Return the valid channels that the caller has typed; the caller reads 403 for others."""
    found = []
    for name in words(call.params[1], call.edge.settings.casemap):
        if is_valid_channel(name, call.edge.settings.limits.channel_len):
            found.append(name)
        else:
            call.reply(n.ERR_NOSUCHCHANNEL, name[:64], n.TEXT[n.ERR_NOSUCHCHANNEL])
    return found


@command("SAJOIN", 2, capability=CAPABILITY, lists=(1,))
def sajoin(call: Call) -> None:
    """Bans, keys and modes of the channel do not matter."""
    for name in _channels(call):
        _force(call, call.params[0], Act("sajoin", "join", name))


@command("SAPART", 2, capability=CAPABILITY, lists=(1,))
def sapart(call: Call) -> None:
    reason = call.edge.text(call.params[2], call.edge.settings.limits.kick_len) if len(call.params) > 2 else ""
    for name in _channels(call):
        _force(call, call.params[0], Act("sapart", "part", name, reason))


@command("SANICK", 2, capability=CAPABILITY)
def sanick(call: Call) -> None:
    nick, wanted, settings = call.params[0], call.params[1], call.edge.settings
    if not is_valid_nick(wanted, settings.limits.nick_len) or settings.reservation(wanted):
        call.reply(n.ERR_ERRONEUSNICKNAME, wanted[:64] or "*", n.TEXT[n.ERR_ERRONEUSNICKNAME])
        return

    def looked(view: NickView | None) -> None:
        if view is not None and view.holder is not None and settings.casemap(nick) != settings.casemap(wanted):
            call.reply(n.ERR_NICKNAMEINUSE, wanted, n.TEXT[n.ERR_NICKNAMEINUSE])
        else:
            _force(call, nick, Act("sanick", "nick", wanted))

    call.ask(call.edge.nick(wanted), Who(), looked)


@command("CHGNAME", 2, capability=CAPABILITY)
def chgname(call: Call) -> None:
    real = call.edge.text(call.params[1], call.edge.settings.limits.real_len)
    if real.strip():
        _force(call, call.params[0], Act("chgname", "name", real))
    else:
        call.reply(n.ERR_NEEDMOREPARAMS, "CHGNAME", n.TEXT[n.ERR_NEEDMOREPARAMS])


@command("CHGHOST", 2, capability=CAPABILITY)
def chghost(call: Call) -> None:
    host, most = call.params[1], call.edge.settings.limits.host_len
    if len(host) > most or _HOST.fullmatch(host) is None or read_network(host) is not None:
        call.notice(f"That is no host: give letters, digits, dots, slashes, - and _, at most {most}, and no address.")
    else:
        _force(call, call.params[0], Act("chghost", "host", host))


@command("SAQUIT", 1, capability=CAPABILITY)
def saquit(call: Call) -> None:
    """End the person's session; an account may come back at once. KILL tells who did so, SAQUIT does not."""
    nick = call.params[0]
    reason = call.edge.text(call.params[1], 200) if len(call.params) > 1 else ""

    def found(person: Person) -> None:
        text = f"Quit: {reason}" if reason else "Client quit"
        call.ask_node(person.node, EndAsk(person.uid, 0, text), lambda reply: ended(person, reply))

    def ended(person: Person, reply: Any) -> None:
        why = "" if isinstance(reply, Ended) and reply.nick else "has gone"
        _answered(call, person, Act("saquit", "", reason), Forced(why) if reply is not None else None)

    if call.edge.network.level < ForceAsk.SINCE:
        call.notice(TOO_OLD)
    else:
        find_person(call, nick, found)
