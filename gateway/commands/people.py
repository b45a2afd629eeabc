"""AWAY, SETNAME, USERHOST, ISON, MONITOR."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.commands.table import command, words
from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.users.monitor import line, unwatch, watch
from gateway.edge.users.profile import change_profile
from gateway.irc import numerics as n
from gateway.services.table import service
from gateway.state.nick.messages import NickView, Who
from gateway.state.people import Person
from ring.ids import GroupId


@command("AWAY", anytime=True)
def away(call: Call) -> None:
    """Answer AWAY, before registration to a client that has asked for this. Source: IRCv3 pre-away."""
    text = call.edge.text(call.params[0], call.edge.settings.limits.away_len) if call.params else ""
    numeric = n.RPL_NOWAWAY if text else n.RPL_UNAWAY
    if call.connection.user is None:
        if "draft/pre-away" in call.connection.caps:
            call.connection.draft.leave(text or None)
            call.reply(numeric, n.TEXT[numeric])
        else:
            call.reply(n.ERR_NOTREGISTERED, n.TEXT[n.ERR_NOTREGISTERED])
        return

    call.connection.draft.leave(None)  # somebody looks at the client

    def change() -> None:
        line = Line(call.edge.settings.network.server_name, numeric, (call.nick, n.TEXT[numeric]))
        wanted = msgspec.structs.replace(call.user.identity.pending, away=text or None)
        change_profile(call, wanted, lambda _: call.send_to_all(line))

    call.alone(change)


@command("SETNAME", 1)
def setname(call: Call) -> None:
    real = call.edge.text(call.params[0], call.edge.settings.limits.real_len)
    if real:
        call.alone(
            lambda: change_profile(call, msgspec.structs.replace(call.user.identity.pending, real=real), call.report)
        )
    else:
        call.fail("INVALID_REALNAME", "It must not be empty")


def _holders(call: Call, nicks: list[str], done: Callable[[list[tuple[str, Person]]], None]) -> None:
    """Find the holders of nicks, then call done with (nick as asked, person) of each held nick, in the order asked."""
    found: dict[str, Person] = {}
    asked: dict[str, GroupId] = {}
    for nick in nicks:
        home, called = call.edge.find_nick(nick), service(call, nick)
        if called is not None:
            found[nick] = called.person(call.edge.settings)
        elif home is not None:
            asked[nick] = home
    left = len(asked)

    def show() -> None:
        done([(nick, found[nick]) for nick in nicks if nick in found])

    def one(nick: str) -> Callable[[NickView | None], None]:
        def arrived(view: NickView | None) -> None:
            nonlocal left
            left -= 1
            if view is not None and view.holder is not None:
                found[nick] = view.holder
            if not left:
                show()

        return arrived

    for nick, home in asked.items():
        call.ask(home, Who(), one(nick))
    if not asked:
        show()


def _nicks(call: Call) -> list[str]:
    """List the nicks, each once. Nicks stand in several parameters or between spaces."""
    return words(",".join(call.params).replace(" ", ","), call.edge.settings.casemap)


@command("USERHOST", 1, lists=(0,))
def userhost(call: Call) -> None:
    def show(found: list[tuple[str, Person]]) -> None:
        rows = [
            f"{p.nick}{'*' if 'o' in p.modes else ''}={'-' if p.away is not None else '+'}{p.user}@{p.host}"
            for _, p in found
        ]
        call.reply(n.RPL_USERHOST, " ".join(rows))

    _holders(call, _nicks(call)[:5], show)


@command("ISON", 1, lists=(0,))
def ison(call: Call) -> None:
    _holders(call, _nicks(call), lambda found: call.reply(n.RPL_ISON, " ".join(person.nick for _, person in found)))


@command("MONITOR", 1)
def monitor(call: Call) -> None:
    """Answer MONITOR, in turn: the news of a watch must not come before the answer to the command. Source: IRCv3
    MONITOR."""
    call.in_turn(lambda: _monitor(call))


def _monitor(call: Call) -> None:
    sub = call.params[0].upper()
    targets = words(call.params[1], call.edge.settings.casemap) if len(call.params) > 1 else []
    if sub == "+" and targets:
        _watch(call, targets)
        call.edge.sessions.moved(call.user, call)
    elif (sub == "-" and targets) or sub == "C":
        for group in map(call.edge.nick, targets) if sub == "-" else list(call.user.monitoring.nicks):
            unwatch(call.edge, call.user, group)
        call.edge.sessions.moved(call.user, call)
    elif sub == "L":
        for chunk in _chunks(list(call.user.monitoring.nicks.values())):
            call.reply(n.RPL_MONLIST, chunk)
        call.reply(n.RPL_ENDOFMONLIST, n.TEXT[n.RPL_ENDOFMONLIST])
    elif sub == "S":
        _status(call)
    else:
        call.reply(n.ERR_NEEDMOREPARAMS, "MONITOR", n.TEXT[n.ERR_NEEDMOREPARAMS])


def _watch(call: Call, targets: list[str]) -> None:
    """Watch nicks, and tell the caller about each nick, even if another client of the user watches the nick already."""
    user, edge = call.user, call.edge
    for index, nick in enumerate(targets):
        called = service(call, nick)
        group = edge.find_nick(nick) if called is None else edge.nick(nick)
        if group is None:
            continue
        if group not in user.monitoring.nicks and len(user.monitoring.nicks) >= edge.settings.limits.monitor:
            rest = ",".join(targets[index:])
            call.reply(n.ERR_MONLISTFULL, str(edge.settings.limits.monitor), rest[:300], n.TEXT[n.ERR_MONLISTFULL])
            return
        if group not in user.monitoring.nicks:
            watch(edge, user, nick)
        user.monitoring.spell(group, nick)
        _tell_in_time(call, group, nick)


def _tell_in_time(call: Call, group: GroupId, nick: str) -> None:
    """Tell the caller whether the nick is online, once the watch is in force."""
    if service(call, nick) is not None:
        _tell(call, group, nick)
    else:
        known = call.later(lambda _: _tell(call, group, nick))
        call.edge.monitored_nicks.once_known(group, lambda _: known(None))


def _tell(call: Call, group: GroupId, nick: str) -> None:
    """Tell the caller whether the nick is online at the moment when the client may read the answer."""
    user, called = call.user, service(call, nick)

    def draw(send: Callable[[Line], None]) -> None:
        online = called.source(call.edge.settings) if called is not None else call.edge.monitored_nicks.now(group)
        if group in user.monitoring.nicks:
            user.monitoring.tell(group, online)
        send(line(call.edge, user, nick, online))

    call.draw(draw)


def _status(call: Call) -> None:
    for group, nick in list(call.user.monitoring.nicks.items()):
        _tell_in_time(call, group, nick)


def _chunks(nicks: list[str], room: int = 380) -> list[str]:
    chunks: list[str] = []
    for nick in nicks:
        if chunks and len(chunks[-1]) + len(nick) < room:
            chunks[-1] += f",{nick}"
        else:
            chunks.append(nick)
    return chunks
