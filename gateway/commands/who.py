"""WHO and WHOX: a channel, a nick, or a mask.

A mask is looked for on all nodes, in a network of at most 16 nodes and for operators. Otherwise a nick in full is
looked up in the nick's group, and any other mask is looked for among the people of this node and of the caller's
channels (P39).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from gateway.commands.channels import followed
from gateway.commands.listing import gather, names_of
from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.edge.client.long_answer import LongAnswer
from gateway.edge.procedures import Do, Procedure, run
from gateway.edge.rpc.answers import SIGNS, filter_of
from gateway.edge.rpc.asks import FindAsk
from gateway.edge.rpc.gathering import people
from gateway.edge.slices import PART
from gateway.irc import numerics as n
from gateway.irc.names import is_valid_channel
from gateway.irc.whox import WhoxQuery, parse_whox
from gateway.services.table import service
from gateway.state.channel.questions import ChannelView, Look, MemberView
from gateway.state.channel.state import Member
from gateway.state.channel.veil import members_for
from gateway.state.nick.messages import NickView, Who
from gateway.state.people import Person
from ring.ids import GroupId


@command("WHO", lists=(0,))
def who(call: Call) -> None:
    mask = call.params[0] if call.params else "*"
    flags = call.params[1] if len(call.params) > 1 else ""
    query = parse_whox(flags)
    opers = query.opers if query is not None else flags == "o"
    called = service(call, mask)
    if called is not None:
        if not opers:
            _rows(call, "*", [(called.person(call.edge.settings), "")], query, False)
        _end(call, mask)
    elif is_valid_channel(mask, call.edge.settings.limits.channel_len):
        group = call.edge.channel(mask)
        call.after([group], lambda: _channel(call, group, mask, query, opers))
    else:
        oper = call.user.identity.may("see")
        if call.edge.census.asks_all or oper:
            ask = FindAsk("*" if mask == "0" else mask, names_of(call), oper, opers)
            show = partial(_show_people, call, query)
            begin = partial(gather, call, people(call.edge, ask), show, partial(_end, call, mask))
        else:
            begin = partial(_find_near, call, mask, query, opers=opers)
        call.in_turn(lambda: call.after_all(list(call.user.unsettled), begin))


def _channel(call: Call, group: GroupId, mask: str, query: WhoxQuery | None, opers: bool) -> None:
    channel = followed(call, group)

    def show(view: ChannelView | None) -> None:
        name, members = (view.name, view.members) if view is not None else (mask, ())
        run(call.edge, _show_channel(call, group, mask, name, members, query, opers=opers))

    if channel is not None:
        members = [*members_for(channel, call.user.uid).values()]
        run(call.edge, _show_channel(call, group, mask, channel.name, members, query, opers=opers))
    else:
        call.ask(group, Look(call.user.uid, "who", call.user.identity.may("see")), show)


def _show_channel(
    call: Call,
    group: GroupId,
    mask: str,
    name: str,
    members: Sequence[Member | MemberView],
    query: WhoxQuery | None,
    *,
    opers: bool,
) -> Procedure[None]:
    """Show the members of the moment; a member shown as gone meanwhile is left out."""
    known, answer = call.edge.people, LongAnswer(call)

    def show(part: Sequence[Member | MemberView]) -> None:
        there = [m for m in part if not known.is_gone(m.person.uid, group)]
        _rows(call, name, ((known.newest(m.person), m.prefixes) for m in there), query, opers)

    for at in range(0, len(members), PART):
        if not answer.is_over:
            answer.show(partial(show, members[at : at + PART]))
            yield Do(answer.rest)
    answer.show(partial(_end, call, mask))
    answer.end()


def _find_near(call: Call, mask: str, query: WhoxQuery | None, *, opers: bool) -> None:
    """Look up a nick, or look for a mask among the people that this node sees, and say so."""

    def found(view: NickView | None) -> None:
        if view is not None and view.holder is not None:
            _rows(call, "*", [(view.holder, "")], query, opers)
            _end(call, mask)
        else:
            run(call.edge, _show_near(call, mask, query, opers=opers))

    nick = call.edge.find_nick(mask)
    if nick is not None:
        call.ask(nick, Who(), found)
    else:
        found(None)


def _show_near(call: Call, mask: str, query: WhoxQuery | None, *, opers: bool) -> Procedure[None]:
    edge, answer = call.edge, LongAnswer(call)
    fits, near = filter_of(edge, "*" if mask == "0" else mask), list(_near(call).values())
    for at in range(0, len(near), PART):
        if not answer.is_over:
            rows = [(person, "") for person in near[at : at + PART] if fits(person)]
            answer.show(partial(_rows, call, "*", rows, query, opers))
            yield Do(answer.rest)
    answer.show(partial(call.notice, "The network is large: your channels were looked through, and this part of it."))
    answer.show(partial(_end, call, mask))
    answer.end()


def _near(call: Call) -> dict[str, Person]:
    """Return the people whom the caller may see and this node knows: of this node, and of the caller's channels."""
    edge, known, found = call.edge, call.edge.people, dict[str, Person]()
    for user in edge.users.values():
        if not user.quitting and ("i" not in user.person.modes or user is call.user):
            found[user.uid] = user.person
    for group in call.user.seats.rooms:
        channel = followed(call, group)
        for uid, member in members_for(channel, call.user.uid).items() if channel is not None else ():
            if not known.is_gone(uid, group):
                found[uid] = known.newest(member.person)
    return found


def _show_people(call: Call, query: WhoxQuery | None, found: list[Person]) -> None:
    _rows(call, "*", ((person, "") for person in found), query, False)


def _end(call: Call, mask: str) -> None:
    call.reply(n.RPL_ENDOFWHO, mask, n.TEXT[n.RPL_ENDOFWHO])


def _rows(call: Call, channel: str, found: Iterable[tuple[Person, str]], query: WhoxQuery | None, opers: bool) -> None:
    server, every = call.edge.settings.network.server_name, "multi-prefix" in call.connection.caps
    is_oper = call.user.identity.may("see")
    for person, ranks in found:
        if opers and "o" not in person.modes:
            continue
        signs = "".join(SIGNS[rank] for rank in (ranks if every else ranks[:1]))
        flags = ("H" if person.away is None else "G") + ("*" if "o" in person.modes else "") + signs
        if "B" in person.modes:
            flags += "B"
        if query is None:
            where = (channel, person.user, person.host, server, person.nick, flags)
            call.reply(n.RPL_WHOREPLY, *where, f"0 {person.real}")
            continue
        values = {
            "c": channel,
            "u": person.user,
            "i": person.origin if is_oper and person.uid else "255.255.255.255",
            "h": person.host,
            "s": server,
            "n": person.nick,
            "f": flags,
            "d": "0",
            "l": "0",
            "a": person.account or "0",
            "o": "n/a",
            "r": person.real,
        }
        call.reply(n.RPL_WHOSPCRPL, *query.row(values))
