"""UBAN: one command over all bans of the network, and what is known of a nick, an account or an address.

Source of the command: ergo, UBAN.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from gateway.commands.bans import LETTERS, NAMES, add_ban, lift_ban, read_ban, show_all, when
from gateway.commands.table import command
from gateway.edge.bans.index import BanIndex, Facts
from gateway.edge.bans.masks import ACCOUNT, read_mask, shown
from gateway.edge.client import flood
from gateway.edge.client.call import Call
from gateway.edge.client.long_answer import LongAnswer
from gateway.edge.procedures import Do, Procedure, run
from gateway.edge.rpc.asks import FindAsk
from gateway.edge.rpc.gathering import people
from gateway.edge.slices import PART
from gateway.irc.addresses import read_network
from gateway.irc.casemapping import Casemap
from gateway.irc.masks import match
from gateway.irc.names import is_nick
from gateway.irc.spans import read_span
from gateway.state.bans.messages import Entry
from gateway.state.people import Person

USAGE: Final = (
    "Say UBAN ADD [KLINE|DLINE|XLINE|SHUN] [time] target [:reason], UBAN DEL [kind] target, UBAN LIST [kind|mask], or "
    "UBAN INFO target. A target is an address, a network, user@host, or an account."
)

SHOWN: Final = 50
"""At most so many people are named; all are counted."""

_KINDS: Final = {name: kind for kind, name in NAMES.items()}


@command("UBAN", 1, capability="ban")
def uban(call: Call) -> None:
    verb, words = call.params[0].upper(), list(call.params[1:])
    kind = _KINDS.get(words[0].upper()) if words else None
    rest = words[1:] if kind is not None else words
    if verb == "LIST":
        _list(call, kind, rest[0] if rest else "*")
    elif verb == "ADD" and rest:
        _add(call, kind, rest)
    elif verb == "DEL" and rest:
        _del(call, kind, rest[0])
    elif verb == "INFO" and words:
        _info(call, words[0])
    else:
        call.notice(USAGE)


def _kind_of(target: str) -> str:
    """Return the kind of ban for a target: addresses are refused at once, people by KLINE."""
    return "dline" if read_network(target) is not None else "kline"


def _as_mask(target: str, limit: int) -> str:
    """Return the target as a mask of KLINE: a plain name is an account."""
    return f"{ACCOUNT}{target}" if is_nick(target.lower(), limit) and "." not in target else target


def _add(call: Call, kind: str | None, words: list[str]) -> None:
    place = 1 if len(words) > 1 and read_span(words[0]) is not None else 0
    target, limit = words[place], call.edge.settings.limits.nick_len
    chosen = kind or _kind_of(target)
    if chosen in ("kline", "shun"):
        words[place] = _as_mask(target, limit)
    typed = read_ban(call, chosen, words)
    if typed is not None:
        add_ban(call, typed)


def _del(call: Call, kind: str | None, target: str) -> None:
    """Lift the ban of this kind; without a kind, all bans of the target."""
    edge, state = call.edge, call.edge.bans.state
    mask, at = _as_mask(target, edge.settings.limits.nick_len), edge.network.now_ms
    active = {entry.key for one in NAMES for entry in (state.active(one, at) if state is not None else ())}
    found = []
    for one in (kind,) if kind else NAMES:
        typed = mask if one in ("kline", "shun") else target
        if (one, read_mask(one, typed, edge.settings.casemap)) in active:
            found.append((one, typed))
    for one, typed in found:
        lift_ban(call, one, typed)
    if not found:
        call.notice(f"There is no ban of {target[:200]}. UBAN LIST lists all bans.")


def _line(entry: Entry) -> str:
    reason = f": {entry.reason}" if entry.reason else ""
    return f"{NAMES[entry.kind]} {shown(entry.kind, entry.mask)}, {when(entry)}, by {entry.by}{reason}"


def _list(call: Call, kind: str | None, mask: str) -> None:
    state, at, casemap = call.edge.bans.state, call.edge.network.now_ms, call.edge.settings.casemap
    kinds = [kind] if kind else [one for one, _ in LETTERS.values()]
    entries = [entry for one in kinds for entry in (state.active(one, at) if state is not None else ())]
    wanted = [entry for entry in entries if match(mask, entry.mask, casemap)]
    run(call.edge, show_all(call, wanted, lambda e: call.notice(_line(e)), lambda: call.notice(f"{len(wanted)} bans.")))


# INFO -----------------------------------------------------------------------------------------------------------------


def facts_of(person: Person, casemap: Casemap) -> Facts:
    """Return what bans know of a person."""
    hosts = (person.host, person.cloak, person.vhost, person.origin)
    return Facts(person.user, person.origin, hosts, casemap(person.account) if person.account else "", person.real)


def _info(call: Call, target: str) -> None:
    call.worked(flood.QUESTION * (len(call.edge.network.live()) - 1))
    run(call.edge, _tell_info(call, target))


def _tell_info(call: Call, target: str) -> Procedure[None]:
    """Tell what all nodes know of a nick, account, address, network or mask: people, the bans of these people, and whom
    a ban would hit."""
    edge, casemap = call.edge, call.edge.settings.casemap
    answer = LongAnswer(call)
    known = yield from _found(call, answer, target)
    nick = [person for person in known if casemap(person.nick) == casemap(target)]
    for person in (nick or known)[:SHOWN]:
        answer.show(partial(_show_person, call, person))
        yield Do(answer.rest)
    masks = [target]
    for person in nick:  # a nick cannot be banned, but the nick's address and account can
        masks = [person.origin, *([f"{ACCOUNT}{person.account}"] if person.account else [])]
    for mask in masks:
        kind = _kind_of(mask)
        written = read_mask(kind, _as_mask(mask, edge.settings.limits.nick_len), casemap)
        if written is not None:
            yield from _tell_hits(call, answer, Entry(kind, written, 0, ""))
    answer.show(lambda: call.notice("End of UBAN INFO."))
    answer.end()


def _found(call: Call, answer: LongAnswer, target: str) -> Procedure[list[Person]]:
    """Return the people of all nodes who may fall under a target. Each node knows its own people."""
    sought = target.rpartition("@")[2].removeprefix(ACCOUNT)
    gathering, found = people(call.edge, FindAsk(sought or "*", (), True)), list[Person]()
    while not answer.is_over and (rows := (yield from gathering.next(PART))):
        found += rows
    if gathering.silent:
        answer.show(lambda: call.notice(f"No answer in time from {', '.join(sorted(gathering.silent))}."))
    return found


def _tell_hits(call: Call, answer: LongAnswer, entry: Entry) -> Procedure[None]:
    casemap = call.edge.settings.casemap
    index = BanIndex(casemap, [entry])
    found = yield from _found(call, answer, entry.mask)
    hit = [person.nick for person in found if index.find(facts_of(person, casemap), 1)]
    names = ", ".join(sorted(hit)[:20]) + (", ..." if len(hit) > 20 else "")
    mask = shown(entry.kind, entry.mask)
    answer.show(
        lambda: call.notice(f"{NAMES[entry.kind]} {mask} would hit {len(hit)} people{': ' if hit else ''}{names}")
    )
    state, at = call.edge.bans.state, call.edge.network.now_ms
    same = state.entries.get(entry.key) if state is not None else None
    if same is not None and same.is_active(at):
        answer.show(lambda: call.notice(f"There is {_line(same)}"))


def _show_person(call: Call, person: Person) -> None:
    edge, casemap, at = call.edge, call.edge.settings.casemap, call.edge.network.now_ms
    node = next((record.name for record in edge.network.live() if record.key == person.node), person.node)
    account = f", account {person.account}" if person.account else ""
    call.notice(f"{person.source}, address {person.origin}{account}, real name {person.real}, on {node}")
    state = edge.bans.state
    entries = [entry for kind in NAMES for entry in (state.active(kind, at) if state is not None else ())]
    index, facts = BanIndex(casemap, entries), facts_of(person, casemap)
    for entry in (index.find(facts, at), index.shun(facts, at)):
        if entry is not None:
            call.notice(f"{person.nick} falls under {_line(entry)}")
