"""ChanServ's commands about people: KICK, BAN, UNBAN, INVITE, GETKEY and WHY. The caller's access judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.edge.accounts.missing_nodes import with_absent
from gateway.irc import numerics as n
from gateway.irc.extbans import LEVEL, complete
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import LATER, login_of
from gateway.services.chanserv import CHANSERV, NOT_DONE, answered, is_oper, look, on_channel
from gateway.services.table import Request
from gateway.state.channel.lists import MaskList
from gateway.state.channel.messages import Invite, Kick, ModeChange, ModesDone, SetModes
from gateway.state.channel.questions import ChannelView
from gateway.state.channel.registration import INVITERS, Registration
from gateway.state.channel.views import EVERYTHING
from gateway.state.nick.messages import NickView, Tell, Who
from gateway.state.people import Person, Refusal
from ring.ids import GroupId

NO_NICK = n.TEXT[n.ERR_NOSUCHNICK]


def done(request: Request, text: str) -> Callable[[Any], None]:
    """Make a continuation for a command that members have, too: the person reads the text, or the refusal."""

    def shown(outcome: Any) -> None:
        if isinstance(outcome, Refusal):
            request.say(_reason(outcome))
        elif isinstance(outcome, ModesDone) and outcome.refusals:
            request.say(*map(_reason, outcome.refusals))
        elif outcome is None or isinstance(outcome, ModesDone):
            request.say(text)
        else:
            answered(request, text)(outcome)

    return shown


def _reason(refusal: Refusal) -> str:
    if refusal.params[-1] == n.TEXT[n.ERR_CHANOPRIVSNEEDED]:
        return NOT_DONE["access"]
    return f"{refusal.params[0]}: {refusal.params[-1]}"


def find_person(request: Request, nick: str, then: Callable[[Person | None], None]) -> None:
    """Ask for the person with the nick, and go on: with None if nobody has the nick."""
    edge, home = request.call.edge, request.call.edge.find_nick(nick)

    def found(view: NickView | None) -> None:
        if view is None:
            request.say(with_absent(edge, LATER))
        else:
            then(view.holder)

    if home is None:
        then(None)
    else:
        request.call.ask(home, Who(), found)


def find_present(request: Request, nick: str, then: Callable[[Person], None]) -> None:
    """Ask for the person with the nick, and go on; or tell the caller that nobody has the nick."""
    find_person(request, nick, lambda person: request.say(NO_NICK) if person is None else then(person))


def is_mask(word: str) -> bool:
    return any(sign in word for sign in "!@*?.:/")


def matching(request: Request, masks: list[str], person: Person) -> list[str]:
    """List the masks that match the person. Bans of people who are in another channel are left out."""
    edge, now = request.call.edge, request.call.edge.network.now_ms
    lists = {mask: MaskList(edge.settings.casemap, ((mask, "", now),)) for mask in masks}
    return [mask for mask, one in lists.items() if one.fits(person.known_as, now, person, None)]


def whole_mask(request: Request, word: str) -> str:
    """Complete a mask as people write masks."""
    return complete(word, extended=request.call.edge.network.level >= LEVEL)


def set_modes(request: Request, channel: GroupId, changes: list[ModeChange], text: str) -> None:
    """Change modes of the channel by the access of the caller."""
    source = CHANSERV.source(request.call.edge.settings)
    command = SetModes("", source, tuple(changes), is_oper(request), life=login_of(request).life)
    request.call.submit(channel, command, done(request, text))


@on_channel(
    "KICK <channel> <nick> [reason]",
    "put a member out of the channel",
    "Your access needs the flag r or R. The reason names your account.",
    words=(2, 100),
    login=True,
)
def kick(request: Request, channel: GroupId) -> None:
    edge, login = request.call.edge, login_of(request)
    nick, source = clean(request.words[1]), CHANSERV.source(request.call.edge.settings)
    reason = edge.text(f"({login.name}) {' '.join(request.words[2:])}".strip(), edge.settings.limits.kick_len)

    def found(person: Person) -> None:
        command = Kick("", source, person.uid, person.nick, reason, is_oper(request), life=login.life)
        request.call.submit(channel, command, done(request, f"{person.nick} is put out."))

    find_present(request, nick, found)


@on_channel(
    "BAN <channel> <nick|mask>",
    "ban somebody from the channel: the host of the nick, or a mask",
    "Your access needs the flag r or R.",
    words=(2, 2),
    login=True,
)
def ban(request: Request, channel: GroupId) -> None:
    word = clean(request.words[1])

    def add(mask: str) -> None:
        set_modes(request, channel, [ModeChange(True, "b", mask)], f"{mask} is banned.")

    def found(person: Person | None) -> None:
        add(whole_mask(request, word) if person is None else f"*!*@{person.host}")

    if is_mask(word):
        add(whole_mask(request, word))
    else:
        find_person(request, word, found)


@on_channel(
    "UNBAN <channel> [nick|mask]",
    "take a ban away, or all bans that match the person with the nick",
    "Your access needs the flag r or R. Without a nick: yourself.",
    words=(1, 2),
    login=True,
)
def unban(request: Request, channel: GroupId) -> None:
    word = clean(request.words[1]) if len(request.words) == 2 else request.call.nick

    def remove(masks: list[str]) -> None:
        changes = [ModeChange(False, "b", mask) for mask in masks]
        set_modes(request, channel, changes, f"Bans taken away: {' '.join(masks) or 'none'}")

    def found(person: Person) -> None:
        look(request, channel, lambda view, _: remove(matching(request, banned(view), person)), EVERYTHING)

    if is_mask(word):
        remove([whole_mask(request, word)])
    else:
        find_present(request, word, found)


def banned(view: ChannelView) -> list[str]:
    return [mask for mask, _, _ in view.entries]


@on_channel(
    "INVITE <channel> [nick]",
    "invite somebody into the channel, past its bans and its key",
    "Your access needs the flag i or R. Without a nick: yourself. AKICK still keeps people out.",
    words=(1, 2),
    login=True,
)
def invite(request: Request, channel: GroupId) -> None:
    nick = clean(request.words[1]) if len(request.words) == 2 else request.call.nick

    def found(person: Person) -> None:
        invite_person(request, channel, person)

    find_present(request, nick, found)


def invite_person(request: Request, channel: GroupId, person: Person) -> None:
    """Invite the person by the access of the caller, and tell the person."""
    call, name = request.call, clean(request.words[0])
    service = CHANSERV.person(call.edge.settings)

    def invited(outcome: Any) -> None:
        if outcome is None:
            tell = Tell(service, "INVITE", name.encode(), None, person.nick)
            call.submit(call.edge.nick(person.nick), tell, lambda _: request.say(f"{person.nick} is invited."))
        else:
            done(request, "")(outcome)

    facts = ("", service.source, person.uid, person.nick, is_oper(request))
    call.submit(channel, Invite(*facts, life=login_of(request).life), invited)


@on_channel(
    "GETKEY <channel>",
    "show the channel's key (mode k)",
    "Your access needs the flag i or R.",
    words=(1, 1),
    login=True,
)
def get_key(request: Request, channel: GroupId) -> None:
    life = login_of(request).life

    def found(view: ChannelView, known: Registration) -> None:
        if not set(known.flags(life)) & set(INVITERS) and not is_oper(request):
            request.say(NOT_DONE["access"])
        elif view.doubtful:
            request.say(with_absent(request.call.edge, NOT_DONE["doubt"]))
        elif "k" in view.modes:
            request.say(f"The key of {view.name} is {view.params[0]}")
        else:
            request.say(f"{view.name} has no key.")

    look(request, channel, found)


@on_channel(
    "WHY <channel> [nick]",
    "show why somebody has a rank on entering, or is kept out",
    "Without a nick: yourself. To ask about others, your access needs the flag A.",
    words=(1, 2),
    login=True,
)
def why(request: Request, channel: GroupId) -> None:
    life = login_of(request).life
    nick = clean(request.words[1]) if len(request.words) == 2 else request.call.nick

    def found(person: Person | None) -> None:
        if person is None:
            request.say(NO_NICK)
            return
        target = person
        look(request, channel, lambda view, known: explain(view, known, target), EVERYTHING)

    def explain(view: ChannelView, known: Registration, person: Person) -> None:
        if person.uid != request.call.user.uid and "A" not in known.flags(life) and not is_oper(request):
            request.say(NOT_DONE["access"])
            return
        request.say(_rank_of(known, person), *_bars(request, view, known, person))

    find_person(request, nick, found)


def _rank_of(known: Registration, person: Person) -> str:
    """Tell which access gives the person a rank."""
    flags, entry = known.flags(person.life), known.access.get(person.life)
    if not person.life:
        return f"{person.nick} is not logged in: no access counts."
    if person.life == known.founder.life:
        return f"{person.nick} is logged in as {person.account}, the founder."
    if not flags or entry is None:
        return f"{person.nick} is logged in as {person.account}, who has no access."
    ranks = known.ranks(person.life) or "none"
    return f"{person.nick} is logged in as {person.account}: flags {flags}, by {entry.by}; ranks on entering: {ranks}."


def _bars(request: Request, view: ChannelView, known: Registration, person: Person) -> list[str]:
    """Tell which akick and which bans match the person. No akick keeps a person with access out."""
    akick = known.akick(lambda mask: bool(matching(request, [mask], person)), int(request.call.edge.now * 1000))
    lines = [f"The ban {mask} matches." for mask in matching(request, banned(view), person)]
    if akick is not None and not known.flags(person.life):
        until = f" until {server_time(akick.until)}" if akick.until else ""
        lines.insert(0, f"Kept out by AKICK {akick.mask}{until}, by {akick.by}: {akick.reason or 'no reason'}")
    return lines


@on_channel(
    "STATUS <channel> [nick]",
    "show your access to a channel, and your ranks there; or somebody else's",
    "To ask about others, your access needs the flag A.",
    words=(1, 2),
    login=True,
)
def status(request: Request, channel: GroupId) -> None:
    me, life = request.call.user.person, login_of(request).life
    nick = clean(request.words[1]) if len(request.words) == 2 else request.call.nick

    def found(person: Person) -> None:
        look(request, channel, lambda view, known: tell(view, known, person), EVERYTHING)

    def tell(view: ChannelView, known: Registration, person: Person) -> None:
        is_me = person.uid == me.uid
        its_life = life if is_me else person.life
        if not is_me and "A" not in known.flags(life) and not is_oper(request):
            request.say(NOT_DONE["access"])
            return
        who, has = ("You are", "Your") if is_me else (f"{person.nick} is", "The")
        role = (
            f"{who} the founder"
            if known.founder.life == its_life
            else f"{has} flags are {known.flags(its_life) or 'none'}"
        )
        request.say(f"{role}; the ranks on entering {view.name} are {known.ranks(its_life) or 'none'}.")
        ranks = next((one.prefixes for one in view.members if one.person.uid == person.uid), None)
        request.say(f"The ranks now are {ranks or 'none'}." if ranks is not None else f"{who} not in the channel.")

    find_present(request, nick, found)
