"""WHOIS and WHOWAS: the nick's master knows the person, and the person's node knows the details."""

from __future__ import annotations

from gateway.commands.listing import names_of
from gateway.commands.table import command, words
from gateway.edge.client.call import Call
from gateway.edge.procedures import run
from gateway.edge.rpc.asks import Detail, DetailAsk
from gateway.edge.users import hosts, metadata
from gateway.edge.users.claim import look_up
from gateway.irc import numerics as n
from gateway.irc.format import room_for_text, rows_of
from gateway.irc.modes import CHANNEL_MODES
from gateway.irc.times import server_time
from gateway.services.table import Service, service
from gateway.state.nick.messages import NickView, Who
from gateway.state.people import Person


@command("WHOIS", lists=(0,))
def whois(call: Call) -> None:
    """Answer WHOIS nick, or WHOIS server nick. To users the network is a single server, so `server` is ignored."""
    if not call.params:
        call.reply(n.ERR_NONICKNAMEGIVEN, n.TEXT[n.ERR_NONICKNAMEGIVEN])
        return
    asked = words(call.params[1] if len(call.params) > 1 else call.params[0], call.edge.settings.casemap)
    if not asked:
        call.reply(n.ERR_NONICKNAMEGIVEN, n.TEXT[n.ERR_NONICKNAMEGIVEN])
        return
    nick = asked[0]
    called = service(call, nick)
    if called is not None:
        _is_service(call, called)
        return
    home = call.edge.find_nick(nick)
    if home is None:
        _unknown(call, nick[:64])
        return
    call.ask(home, Who(), lambda view: _found(call, nick, view))


def _unknown(call: Call, nick: str) -> None:
    call.reply(n.ERR_NOSUCHNICK, nick, n.TEXT[n.ERR_NOSUCHNICK])
    call.reply(n.RPL_ENDOFWHOIS, nick, n.TEXT[n.RPL_ENDOFWHOIS])


def _is_service(call: Call, called: Service) -> None:
    settings = call.edge.settings
    person = called.person(settings)
    call.reply(n.RPL_WHOISUSER, person.nick, person.user, person.host, "*", person.real)
    call.reply(n.RPL_WHOISSERVER, called.name, settings.network.server_name, settings.about)
    call.reply(n.RPL_ENDOFWHOIS, called.name, n.TEXT[n.RPL_ENDOFWHOIS])


def _found(call: Call, nick: str, view: NickView | None) -> None:
    if view is None or view.holder is None:
        _unknown(call, nick)
        return
    person, user = view.holder, call.user
    ask = DetailAsk(person.uid, user.uid, names_of(call), user.identity.may("see"))
    call.ask_node(person.node, ask, lambda detail: _show(call, person, detail))


def _show(call: Call, person: Person, detail: Detail | None) -> None:
    settings = call.edge.settings
    nick = person.nick
    call.reply(n.RPL_WHOISUSER, nick, person.user, hosts.stored(call.edge, person).host, "*", person.real)
    if detail is not None and detail.channels:
        _channels(call, nick, detail.channels)
    call.reply(n.RPL_WHOISSERVER, nick, settings.network.server_name, settings.about)
    if "o" in person.modes:
        call.reply(n.RPL_WHOISOPERATOR, nick, n.TEXT[n.RPL_WHOISOPERATOR])
    if person.away is not None:
        call.reply(n.RPL_AWAY, nick, person.away)
    if person.account is not None:
        call.reply(n.RPL_WHOISACCOUNT, nick, person.account, n.TEXT[n.RPL_WHOISACCOUNT])
    if "B" in person.modes:
        call.reply(n.RPL_WHOISBOT, nick, n.TEXT[n.RPL_WHOISBOT])
    if metadata.CAPABILITY in call.connection.caps:
        for key, value in person.metadata:
            call.reply(n.RPL_WHOISKEYVALUE, nick, key, "*", value)
    if detail is not None:
        actual = detail.actual or (person.address if call.user.identity.may("see") else "")
        if actual:
            call.reply(n.RPL_WHOISHOST, nick, f"is connecting from {person.user}@{actual} {actual}")
        if detail.modes:
            call.reply(n.RPL_WHOISMODES, nick, f"is using modes {detail.modes}")
        if detail.secure:
            call.reply(n.RPL_WHOISSECURE, nick, n.TEXT[n.RPL_WHOISSECURE])
        signon = str(person.signon // 1000)
        call.reply(n.RPL_WHOISIDLE, nick, str(detail.idle_s), signon, n.TEXT[n.RPL_WHOISIDLE])
    call.reply(n.RPL_ENDOFWHOIS, nick, n.TEXT[n.RPL_ENDOFWHOIS])


def _channels(call: Call, nick: str, channels: tuple[str, ...]) -> None:
    """Show the person's channels. channels: with the signs of all ranks; a client without multi-prefix reads only the
    sign of the highest rank."""
    if "multi-prefix" not in call.connection.caps:
        signs = CHANNEL_MODES.signs
        channels = tuple(channel[: channel[0] in signs] + channel.lstrip(signs) for channel in channels)
    room = room_for_text(call.edge.settings.network.server_name, n.RPL_WHOISCHANNELS, call.nick, nick)
    for row in rows_of(channels, room):
        call.reply(n.RPL_WHOISCHANNELS, nick, row)


@command("WHOWAS", lists=(0,))
def whowas(call: Call) -> None:
    if not call.params:
        call.reply(n.ERR_NONICKNAMEGIVEN, n.TEXT[n.ERR_NONICKNAMEGIVEN])
        return
    nick = words(call.params[0], call.edge.settings.casemap)[0]
    number = call.params[1] if len(call.params) > 1 else ""
    most = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    home = call.edge.find_nick(nick)
    if home is not None:
        run(call.edge, look_up(call.edge, home), call.later(lambda view: _was(call, nick, most, view)))
    else:
        _was(call, nick[:64], most, None)


def _was(call: Call, nick: str, most: int, view: NickView | None) -> None:
    past = view.past[: most or None] if view is not None else ()
    if not past:
        call.reply(n.ERR_WASNOSUCHNICK, nick, n.TEXT[n.ERR_WASNOSUCHNICK])
    for entry in past:
        person = hosts.stored(call.edge, entry.person)
        call.reply(n.RPL_WHOWASUSER, person.nick, person.user, person.host, "*", person.real)
        call.reply(n.RPL_WHOISSERVER, person.nick, call.edge.settings.network.server_name, server_time(entry.until))
        if call.user.identity.may("see") and entry.person.origin != person.host:
            call.reply(n.RPL_WHOISACTUALLY, person.nick, entry.person.origin, n.TEXT[n.RPL_WHOISACTUALLY])
    call.reply(n.RPL_ENDOFWHOWAS, nick, n.TEXT[n.RPL_ENDOFWHOWAS])
