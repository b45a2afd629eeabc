"""Questions to the server: MOTD, LUSERS, VERSION, TIME, ADMIN, INFO, LINKS, STATS."""

from __future__ import annotations

from typing import Any

from gateway.commands.bans import LETTERS, list_bans
from gateway.commands.listing import say_silent
from gateway.commands.table import command, refuse
from gateway.edge.client.call import Call
from gateway.edge.client.welcome import send_isupport, send_lusers, send_motd
from gateway.edge.rpc.asks import CountAsk, Counts
from gateway.irc import numerics as n
from gateway.irc.times import server_time


def other_server(call: Call, position: int = 0) -> bool:
    """Whether the command names another server. If so, reply 402: the network shows users a single server."""
    if len(call.params) <= position:
        return False
    asked, casemap = call.params[position], call.edge.settings.casemap
    here = (call.edge.settings.network.server_name, call.edge.record.name, call.nick)
    if "*" in asked or casemap(asked) in map(casemap, here):
        return False
    call.reply(n.ERR_NOSUCHSERVER, asked[:64] or "*", n.TEXT[n.ERR_NOSUCHSERVER])
    return True


@command("MOTD")
def motd(call: Call) -> None:
    if not other_server(call):
        send_motd(call)


@command("LUSERS")
def lusers(call: Call) -> None:
    census = call.edge.census
    if not census.asks_all:
        call.ask_node(call.edge.record.key, CountAsk(), lambda mine: _show_sum(call, mine))
        return

    def show(replies: list[Any], silent: list[str]) -> None:
        census.counted(replies)
        send_lusers(call, replies)
        say_silent(call, silent)

    call.gather(CountAsk(), show)


def _show_sum(call: Call, mine: Counts | None) -> None:
    census = call.edge.census
    send_lusers(call, census.recent(mine))
    if census.uncounted():
        call.notice(f"Not counted so far: {census.uncounted()} nodes. Ask again in a minute.")


@command("VERSION")
def version(call: Call) -> None:
    if not other_server(call):
        settings = call.edge.settings
        call.reply(n.RPL_VERSION, settings.version, settings.network.server_name, f"node {call.edge.record.name}")
        send_isupport(call)


@command("ISUPPORT", anytime=True)
def features(call: Call) -> None:
    """Answer ISUPPORT, before registration to a client that has asked for this. Source: IRCv3 extended-isupport."""
    if call.connection.user is None and "draft/extended-isupport" not in call.connection.caps:
        call.reply(n.ERR_NOTREGISTERED, n.TEXT[n.ERR_NOTREGISTERED])
    else:
        send_isupport(call)


@command("TIME")
def time(call: Call) -> None:
    if not other_server(call):
        call.reply(n.RPL_TIME, call.edge.settings.network.server_name, server_time(int(call.edge.now * 1000)))


@command("ADMIN")
def admin(call: Call) -> None:
    if other_server(call):
        return
    settings = call.edge.settings
    lines = (settings.admin.location1, settings.admin.location2, settings.admin.email)
    if not any(lines):
        call.reply(n.ERR_NOADMININFO, settings.network.server_name, n.TEXT[n.ERR_NOADMININFO])
        return
    call.reply(n.RPL_ADMINME, settings.network.server_name, n.TEXT[n.RPL_ADMINME])
    for numeric, text in zip((n.RPL_ADMINLOC1, n.RPL_ADMINLOC2, n.RPL_ADMINEMAIL), lines, strict=True):
        call.reply(numeric, text)


@command("INFO")
def info(call: Call) -> None:
    if other_server(call):
        return
    settings = call.edge.settings
    call.reply(n.RPL_INFO, f"{settings.version}: an IRC network made of supernodes on a hash ring")
    call.reply(n.RPL_INFO, f"This node is {call.edge.record.name}, up since {server_time(settings.created * 1000)}")
    call.reply(n.RPL_ENDOFINFO, n.TEXT[n.RPL_ENDOFINFO])


@command("LINKS")
def links(call: Call) -> None:
    """Show a single server: to users, the network is a single server."""
    settings = call.edge.settings
    call.reply(n.RPL_LINKS, settings.network.server_name, settings.network.server_name, f"0 {settings.about}")
    call.reply(n.RPL_ENDOFLINKS, "*", n.TEXT[n.RPL_ENDOFLINKS])


@command("STATS", 1)
def stats(call: Call) -> None:
    letter = call.params[0][:1] or "*"
    settings = call.edge.settings
    if letter == "u":
        up = int(call.edge.now - settings.created)
        days, rest = divmod(up, 86400)
        call.reply(n.RPL_STATSUPTIME, f"Server Up {days} days {rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}")
    elif letter == "o":
        if call.user.identity.oper is None:
            call.reply(n.ERR_NOPRIVILEGES, n.TEXT[n.ERR_NOPRIVILEGES])
        else:
            for operator in settings.operators:
                for host in operator.hosts:
                    call.reply(n.RPL_STATSOLINE, "O", host, "*", operator.name)
    elif letter.lower() in LETTERS:
        if not call.user.identity.may("ban"):
            refuse(call, "ban")
        else:
            end = n.TEXT[n.RPL_ENDOFSTATS]
            list_bans(call, letter.lower(), lambda: call.reply(n.RPL_ENDOFSTATS, letter, end))
            return
    elif letter == "m":
        for name, times in sorted(call.edge.used.items()):
            call.reply(n.RPL_STATSCOMMANDS, name, str(times))
    call.reply(n.RPL_ENDOFSTATS, letter, n.TEXT[n.RPL_ENDOFSTATS])
