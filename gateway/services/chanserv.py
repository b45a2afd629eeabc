"""The service ChanServ: channels that belong to accounts (P50)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.edge.accounts.channels import choose_successor, drop_channel, hand_channel_on, register_channel
from gateway.edge.accounts.missing_nodes import with_absent
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.verify import look_up
from gateway.edge.procedures import run
from gateway.irc.defcon_table import NO_REGISTRATIONS
from gateway.irc.message import clean
from gateway.irc.names import is_valid_channel
from gateway.irc.times import server_time
from gateway.services.answering import LATER, UNKNOWN, WHY, login_of
from gateway.services.table import Request, Service
from gateway.state.account.messages import Denied, LoginView
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.channel.registration import FLAGS, SETTINGS, Registration
from gateway.state.channel.registration_messages import Done, GiveRank, NotDone
from gateway.state.channel.views import REGISTRATION
from ring.ids import GroupId

CHANSERV: Final = Service("ChanServ", "channels that belong to accounts.", lambda s: s.accounts.enabled, "ChanServ")

SINCE: Final = 2
"""The feature level of registrations."""

NOT_DONE: Final = {
    "registered": "The channel is registered already.",
    "unregistered": "The channel is not registered.",
    "rank": "You have to be in the channel, as operator.",
    "access": "Your access to the channel does not allow that.",
    "flags": f"The flags are {FLAGS}.",
    "full": "The channel's list is full, with {most} entries at most: remove an entry first.",
    "doubt": "Nodes are away that may hold the channel's registration: try again when the nodes are back.",
    "absent": "Too few nodes are there to keep the change: try again when more are there.",
    "value": "That value or mask is not valid.",
    "operator": "An operator is in the channel: RECOVER is for a channel without operators.",
    "forbidden": "Operators of the network forbid the channel.",
    "nobody": "That person is not in the channel.",
}
UNSUPPORTED: Final = "The network does not support this yet."
NO_ACCOUNT: Final = "There is no such account."
NO_CHANNEL: Final = "That is no name of a channel."
FULL: Final = "An account has {most} channels at most, and this account has as many: drop a channel first."


def _channel_of(request: Request) -> GroupId | None:
    """Return the group of the channel that the first word names; None after an answer to the person."""
    edge, name = request.call.edge, clean(request.words[0])
    if edge.network.level < SINCE:
        request.say(UNSUPPORTED)
    elif not is_valid_channel(name, edge.settings.limits.channel_len):
        request.say(NO_CHANNEL)
    else:
        return edge.channel(name)
    return None


def on_channel(
    syntax: str, *text: str, words: tuple[int, int], login: bool = False
) -> Callable[[Callable[[Request, GroupId], None]], Callable[[Request, GroupId], None]]:
    """Register a handler for a command of ChanServ whose first word names a channel. The handler is called with the
    channel's group, and is not called for a bad name. syntax, text, words, login: as of Service.command."""

    def add(handler: Callable[[Request, GroupId], None]) -> Callable[[Request, GroupId], None]:
        @CHANSERV.command(syntax, *text, words=words, login=login)
        def handle(request: Request) -> None:
            channel = _channel_of(request)
            if channel is not None:
                handler(request, channel)

        return handler

    return add


def is_oper(request: Request) -> bool:
    return request.call.user.identity.may("channels")


def answered(request: Request, text: str | Callable[[Done], str]) -> Callable[[Any], None]:
    """Make a continuation for a change of the channel: the person reads the text, or the reason for no change."""

    def done(outcome: Any) -> None:
        edge = request.call.edge
        if isinstance(outcome, Done):
            request.say(text if isinstance(text, str) else text(outcome))
        elif isinstance(outcome, NotDone):
            request.say(with_absent(edge, NOT_DONE[outcome.why].format(most=outcome.most or "that many")))
        elif isinstance(outcome, Denied):
            full = FULL.format(most=edge.settings.accounts.channels_max)
            request.say(full if outcome.why == "full" else WHY[outcome.why])
        else:
            request.say(with_absent(edge, UNKNOWN))

    return request.call.later(done)


def look(
    request: Request, channel: GroupId, then: Callable[[ChannelView, Registration], None], what: str = REGISTRATION
) -> None:
    """Ask for the channel's registration, and go on if there is one. what: of Look."""
    user = request.call.user

    def shown(view: ChannelView | None) -> None:
        if view is None:
            request.say(with_absent(request.call.edge, LATER))
        elif view.forbidden is not None:
            by = f"{view.forbidden.by}, {server_time(view.forbidden.at)}"
            request.say(f"Forbidden by {by}: {view.forbidden.reason or 'no reason'}")
        elif view.registration is not None:
            then(view, view.registration)
        elif view.doubtful:
            request.say(with_absent(request.call.edge, NOT_DONE["doubt"]))
        else:
            request.say(NOT_DONE["unregistered"])

    request.call.ask(channel, Look(user.uid, what, is_oper(request)), shown)


def find_account(request: Request, name: str, then: Callable[[Login], None]) -> None:
    """Find the account by a name or nick of the account, and go on if there is such an account."""

    def found(view: LoginView | None) -> None:
        if view is None:
            request.say(with_absent(request.call.edge, LATER))
        elif not view.name:
            request.say(NO_ACCOUNT)
        else:
            then(Login(view.name, view.life))

    run(request.call.edge, look_up(request.call.edge, clean(name)), request.call.later(found))


@on_channel(
    "REGISTER <channel>",
    "register a channel in which you are operator: the channel is yours",
    "Topic, modes, bans and accesses stay while nobody is in the channel.",
    words=(1, 1),
    login=True,
)
def register(request: Request, channel: GroupId) -> None:
    call = request.call
    if call.edge.bans.defcon <= NO_REGISTRATIONS and call.user.identity.oper is None:
        request.say(f"No channels are registered now (DEFCON {call.edge.bans.defcon}).")
        return
    done = answered(request, lambda done: f"{done.name} is registered to {login_of(request).name}.")
    steps = register_channel(call.edge, login_of(request), channel, call.user.uid, override=is_oper(request))
    run(call.edge, steps, done)


@on_channel(
    "DROP <channel> [code]",
    "give the registration of your channel up",
    "Without the code, the answer tells you the code. The channel goes on as a channel of whoever is operator.",
    words=(1, 2),
    login=True,
)
def drop(request: Request, channel: GroupId) -> None:
    edge, login = request.call.edge, login_of(request)

    def found(view: ChannelView, known: Registration) -> None:
        code = edge.outside.keyed(f"drop channel {known.id}".encode()).hex()[:8]
        if known.founder.life != login.life and not is_oper(request):
            request.say(NOT_DONE["access"])
        elif len(request.words) == 1:
            request.say(f"To drop the registration of {view.name} for good, say DROP {view.name} {code}")
        elif clean(request.words[1]).lower() != code:
            request.say("That is not the code. DROP without a code tells the code.")
        else:
            steps = drop_channel(edge, login, channel, known.id, override=is_oper(request))
            run(edge, steps, answered(request, f"{view.name} is not registered any more."))

    look(request, channel, found)


@on_channel("INFO <channel>", "show to whom a channel belongs", words=(1, 1))
def info(request: Request, channel: GroupId) -> None:
    proven = request.call.connection.login

    def found(view: ChannelView, known: Registration) -> None:
        sees = view.is_member or is_oper(request) or (proven is not None and known.flags(proven.life))
        if "s" in view.modes and not sees:
            request.say(NOT_DONE["unregistered"])
            return
        request.say(f"{view.name} belongs to {known.founder.name}, registered {server_time(known.at)}")
        if known.successor.life:
            request.say(f"Successor: {known.successor.name}")
        request.say(f"Accounts with access: {len(known.present)}", *_settings(known))
        if view.doubtful:
            request.say(with_absent(request.call.edge, "No access gives a rank now: " + NOT_DONE["doubt"]))

    look(request, channel, found)


def _settings(known: Registration) -> list[str]:
    """List the settings that differ from the defaults, except for texts."""
    shown = [f"{name.upper()} {value}" for name in SETTINGS if name != "entrymsg" and (value := known.setting(name))]
    return [f"Settings: {', '.join(shown)}"] if shown else []


@on_channel(
    "TRANSFER <channel> <account>",
    "give your channel to another account",
    words=(2, 2),
    login=True,
)
def transfer(request: Request, channel: GroupId) -> None:
    edge, login = request.call.edge, login_of(request)

    def found(to: Login) -> None:
        steps = hand_channel_on(edge, login, channel, to, override=is_oper(request))
        run(edge, steps, answered(request, lambda done: f"{done.name} belongs to {to.name} now."))

    find_account(request, request.words[1], found)


@on_channel(
    "SUCCESSOR <channel> <account|none>",
    "choose who inherits your channel when your account is dropped",
    words=(2, 2),
    login=True,
)
def successor(request: Request, channel: GroupId) -> None:
    edge, login = request.call.edge, login_of(request)

    def found(view: ChannelView, known: Registration) -> None:
        former = Login(known.successor.name, known.successor.life)
        if clean(request.words[1]).lower() == "none":
            choose(former, Login("", ""))
        else:
            find_account(request, request.words[1], lambda to: choose(former, to))

    def choose(former: Login, to: Login) -> None:
        steps = choose_successor(edge, login, channel, to, former, override=is_oper(request))
        run(edge, steps, answered(request, lambda done: f"{to.name or 'Nobody'} inherits {done.name}."))

    look(request, channel, found)


# Ranks by access ------------------------------------------------------------------------------------------------------


def _rank(word: str, letter: str, about: str, *, adding: bool) -> None:
    @on_channel(f"{word} <channel> [nick]", about, "Without a nick: yourself.", words=(1, 2), login=True)
    def give(request: Request, channel: GroupId) -> None:
        edge, login = request.call.edge, login_of(request)
        nick = clean(request.words[1]) if len(request.words) == 2 else request.call.nick
        source, folded = CHANSERV.source(edge.settings), edge.settings.casemap(nick)
        here = (user.uid for user in edge.users.values() if edge.settings.casemap(user.person.nick) == folded)
        known = next(here, None)
        command = GiveRank(login.life, source, adding, letter, known, nick, None, is_oper(request))
        request.call.submit(channel, command, answered(request, lambda done: f"Done in {done.name}."))


_rank("OP", "o", "make a member operator", adding=True)
_rank("DEOP", "o", "take the rank of an operator", adding=False)
_rank("HALFOP", "h", "make a member half-operator", adding=True)
_rank("DEHALFOP", "h", "take the rank of a half-operator", adding=False)
_rank("VOICE", "v", "give a member voice", adding=True)
_rank("DEVOICE", "v", "take a member's voice", adding=False)
