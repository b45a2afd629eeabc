"""The service *circlet: a person's session, with connections, devices and settings of the session."""

from __future__ import annotations

from gateway.edge.client.connection import Connection
from gateway.edge.users.user import User
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import LATER, UNKNOWN, login_of
from gateway.services.choosing import set_always_on, set_auto_away, set_choice
from gateway.services.table import Request, Service
from gateway.state.session.messages import Detach, Look, Stored
from ring.replication.application import FAILED

CIRCLET = Service(
    "*circlet", "your session, its clients, and what is kept for you.", lambda s: s.accounts.enabled, "circlet"
)

MOST_PLAYED = 1_000


def node_of(request: Request, connection: Connection) -> str:
    edge = request.call.edge
    if connection.remote.stream is None:
        return edge.record.name
    key = connection.remote.stream.peer.key
    record = edge.network.roster.get(key)
    return record.name if record is not None else key


def named(device: str) -> str:
    return device or "(no name)"


def _numbered(user: User) -> dict[int, Connection]:
    return dict(enumerate(user.connections, 1))


@CIRCLET.command("SESSIONS", "list your connected clients, on all nodes")
def sessions(request: Request) -> None:
    for number, connection in _numbered(request.call.user).items():
        secure = "with TLS" if connection.socket.secure else "without TLS"
        this = ", this one" if connection is request.call.connection else ""
        since = server_time(int(connection.socket.opened * 1000))
        where = f"{connection.address} on {node_of(request, connection)}, {secure}"
        request.say(f"{number}: {named(connection.device)} from {where}, since {since}{this}")


@CIRCLET.command(
    "CLOSE <number|device>",
    "end a connection of yours, by its number in SESSIONS, or all connections of a device",
    "The client may connect again. To keep the client out, change the password or remove the certificate.",
    words=(1, 1),
)
def close(request: Request) -> None:
    call, word = request.call, clean(request.words[0])
    numbered = _numbered(call.user)
    if word.isascii() and word.isdigit() and len(word) < 6:
        meant = [one for number, one in numbered.items() if number == int(word)]
    else:
        meant = [one for one in numbered.values() if one.device and one.device.lower() == word.lower()]
    if not meant:
        request.say("You have no such connection: SESSIONS lists your connections.")
        return
    request.say(f"Closed: {', '.join(named(one.device) for one in meant)}.")
    for connection in meant:
        call.edge.clients.cut(
            connection, "Closed by your other client" if connection is not call.connection else "Closed"
        )


@CIRCLET.command(
    "DEVICES [FORGET <device>]",
    "list your devices, and how far each device has read",
    "A login as account@device makes a device. Each device reads its missed lines. A forgotten device begins anew.",
    words=(0, 2),
    login=True,
)
def devices(request: Request) -> None:
    words, account = [clean(word) for word in request.words], login_of(request).name
    if words and (words[0].upper() != "FORGET" or len(words) != 2):
        request.say(f"Syntax: {request.service.commands['DEVICES'].syntax}")
        return

    def looked(stored: Stored | None) -> None:
        if stored is None:
            request.say(LATER)
        elif words:
            _forget_device(request, stored, words[1])
        else:
            _list_devices(request, stored)

    request.call.ask(request.call.edge.sessions.group(request.call.edge.settings.casemap(account)), Look(), looked)


def _list_devices(request: Request, stored: Stored) -> None:
    attached = {connection.device for connection in request.call.user.connections}
    for name, device in sorted(stored.devices.items()):
        seen = "connected" if name in attached else f"last seen {server_time(device.seen)}"
        upto = max((cursor.at for cursor in device.cursors.values()), default=0)
        read = (
            f"has read {len(device.cursors)} channels and conversations, up to {server_time(upto)}" if upto else "new"
        )
        request.say(f"{named(name)}: {seen}, {read}")
    if not stored.devices:
        request.say("No device is known yet.")


def _forget_device(request: Request, stored: Stored, name: str) -> None:
    user = request.call.user
    known = next((one for one in stored.devices if one.lower() == name.lower()), None)
    if known is None:
        request.say("You have no such device: DEVICES lists your devices.")
    elif any(connection.device == known for connection in user.connections):
        request.say("The device is connected: CLOSE the device first.")
    else:
        answer = request.call.later(lambda done: request.say(f"{known} is forgotten." if done else LATER))
        request.call.edge.sessions.cursors.forget_device(user, known, answer)


@CIRCLET.command(
    "ALWAYS-ON <on|off|default>",
    "choose whether you stay in your channels while no client of yours is connected",
    words=(1, 1),
    login=True,
)
def always_on(request: Request) -> None:
    set_always_on(request, request.words[0])


@CIRCLET.command(
    "AUTO-AWAY <on|off|default|text>",
    "choose whether you are shown away while no client of yours is connected, and with which text",
    words=(1, 100),
    login=True,
)
def auto_away(request: Request) -> None:
    set_auto_away(request, " ".join(request.words))


@CIRCLET.command(
    "PLAYBACK <lines|default>",
    "choose how many missed lines of each channel a new connection reads, at most",
    "Up to 1000; 0: no lines. By default all lines that the device has missed; on a new device all lines since "
    "you were last connected.",
    words=(1, 1),
    login=True,
)
def playback(request: Request) -> None:
    word = clean(request.words[0]).lower()
    if word == "default":
        set_choice(request, "playback", None, "PLAYBACK is default.")
    elif word.isascii() and word.isdigit() and len(word) < 6 and int(word) <= MOST_PLAYED:
        set_choice(request, "playback", int(word), f"PLAYBACK is {int(word)} lines.")
    else:
        set_choice(request, "playback", "", "")


@CIRCLET.command(
    "DETACH <channel> [highlight]",
    "stay in a channel, and hide the channel from your clients; its lines are kept for you",
    "With highlight, the channel comes back when somebody names you there.",
    words=(1, 2),
    login=True,
)
def detach_channel(request: Request) -> None:
    call, (name, *more) = request.call, [clean(word) for word in request.words]
    group = call.edge.channel(name)
    if group not in call.user.seats.rooms or not call.user.session.account:
        request.say("You are not in that channel.")
    elif more and more[0].lower() != "highlight":
        request.say(f"Syntax: {request.service.commands['DETACH'].syntax}")
    else:
        until = " until somebody names you there" if more else ""

        def detached(outcome: object) -> None:
            if outcome is FAILED:
                request.say(UNKNOWN)
            else:
                request.say(f"You have detached {name}{until}. /join {name} attaches the channel again.")

        call.submit(call.edge.sessions.group(call.user.session.account), Detach(group.name, bool(more)), detached)


@CIRCLET.command(
    "ATTACH [channel]",
    "show a hidden channel again, as JOIN does; or list your hidden channels",
    words=(0, 1),
    login=True,
)
def attach_channel(request: Request) -> None:
    edge, user = request.call.edge, request.call.user
    if not request.words:
        names = sorted(
            edge.sessions.shown(group) + (" (highlight)" if until else "")
            for group, until in user.session.detached.items()
        )
        request.say(f"Detached: {', '.join(names) or 'none'}")
        return
    group = edge.channel(clean(request.words[0]))
    if group in user.session.detached:
        request.call.submit(edge.sessions.group(user.session.account), Detach(group.name, off=True))
    else:
        request.say("That channel is not detached.")
