"""KLINE, DLINE, XLINE, SHUN, and the commands that lift these bans. The list of bans: gateway/state/bans."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from gateway.commands.table import command
from gateway.edge.bans.index import BanIndex, Facts
from gateway.edge.bans.masks import WANTED, read_mask, shown
from gateway.edge.bans.network_bans import BANS
from gateway.edge.client.call import Call
from gateway.edge.client.long_answer import LongAnswer
from gateway.edge.procedures import Do, Procedure, run
from gateway.edge.slices import PART
from gateway.irc import numerics as n
from gateway.irc.spans import read_span, span_text
from gateway.irc.times import server_time
from gateway.state.bans.messages import Done, Entry, Lift, NotDone, Put

NAMES: Final = {"kline": "KLINE", "dline": "DLINE", "xline": "XLINE", "shun": "SHUN"}
"""The command that adds a ban, by the kind of the ban."""

SNOMASK: Final = "b"
"""The snomask of operators who are told of changed bans."""

LETTERS: Final = {
    "k": ("kline", n.RPL_STATSKLINE),
    "d": ("dline", n.RPL_STATSDLINE),
    "x": ("xline", n.RPL_STATSXLINE),
    "s": ("shun", n.RPL_STATSSHUN),
}
"""The lists of STATS, by letter: kind, and numeric of a line."""


class Typed(NamedTuple):
    """A ban as an operator has typed the ban. span_s: 0 for good."""

    kind: str
    mask: str
    span_s: int
    reason: str


def read_ban(call: Call, kind: str, params: list[str]) -> Typed | None:
    """Read "[time] mask [reason ...]"; tell the caller what is wrong."""
    words = list(params)
    span = read_span(words[0]) if len(words) > 1 else None
    if span is not None:
        del words[0]
    mask = read_mask(kind, words[0], call.edge.settings.casemap) if words else None
    if mask is None:
        call.notice(f"That is no mask for {NAMES[kind]}. Give {WANTED[kind]}.")
        return None
    reason = call.edge.text(" ".join(words[1:]), call.edge.settings.bans.reason_len)
    return Typed(kind, mask, span or 0, reason)


def by_of(call: Call) -> str:
    """Name the caller, for the list."""
    return f"{call.nick}({call.user.identity.oper})"


def add_ban(call: Call, typed: Typed) -> None:
    """Add a ban to the list, and tell the caller the result."""
    at = call.edge.network.now_ms
    entry = Entry(
        typed.kind, typed.mask, at, by_of(call), at + typed.span_s * 1000 if typed.span_s else 0, typed.reason
    )
    if _hits_caller(call, entry):
        call.notice(f"{NAMES[typed.kind]} {shown(typed.kind, typed.mask)} would hit you: nothing was changed.")
        return
    call.audit(NAMES[entry.kind].lower(), shown(entry.kind, entry.mask), entry.reason, SNOMASK)
    most = call.edge.settings.bans.entries_max
    call.submit(BANS, Put(entry, most), partial(_added, call, entry, typed.span_s))


def _added(call: Call, entry: Entry, span_s: int, outcome: Any) -> None:
    name, mask = NAMES[entry.kind], shown(entry.kind, entry.mask)
    if isinstance(outcome, Done):
        word = "added" if outcome.is_new else "changed"
        call.notice(f"{name} {mask} {word}, {'for ' + span_text(span_s) if span_s else 'for good'}.")
    elif isinstance(outcome, NotDone):
        call.notice(
            f"The network has {call.edge.settings.bans.entries_max} bans of this kind (bans.entries_max): "
            "lift another ban first. Nothing was changed."
        )
    else:
        call.report(outcome)


def _hits_caller(call: Call, entry: Entry) -> bool:
    user, casemap, at = call.user, call.edge.settings.casemap, call.edge.network.now_ms
    person, index = user.person, BanIndex(casemap, [entry])
    account = casemap(person.account) if person.account else ""
    hosts = (person.host, person.cloak, person.vhost, person.origin)
    facts = [Facts(person.user, c.address, hosts, account, person.real) for c in user.connections]
    return any(index.find(one, at) or index.shun(one, at) for one in facts)


def lift_ban(call: Call, kind: str, text: str) -> None:
    """Lift a ban, and tell the caller the result."""
    mask = read_mask(kind, text, call.edge.settings.casemap)
    if mask is None:
        call.notice(f"That is no mask for {NAMES[kind]}. Give {WANTED[kind]}.")
        return
    call.audit(f"un{NAMES[kind].lower()}", shown(kind, mask), "", SNOMASK)
    call.submit(BANS, Lift(kind, mask, by_of(call)), partial(_lifted, call, kind, mask))


def _lifted(call: Call, kind: str, mask: str, outcome: Any) -> None:
    if isinstance(outcome, Done):
        call.notice(f"{NAMES[kind]} {shown(kind, mask)} lifted.")
    elif isinstance(outcome, NotDone):
        call.notice(f"There is no {NAMES[kind]} {shown(kind, mask)}. `STATS {NAMES[kind][0].lower()}` lists these.")
    else:
        call.report(outcome)


def _adds(kind: str) -> Callable[[Call], None]:
    def add(call: Call) -> None:
        typed = read_ban(call, kind, call.params)
        if typed is not None:
            add_ban(call, typed)

    return add


def _lifts(kind: str) -> Callable[[Call], None]:
    return lambda call: lift_ban(call, kind, call.params[0])


for _kind, _name in NAMES.items():
    command(_name, 1, capability="ban")(_adds(_kind))
    command(f"UN{_name}", 1, capability="ban")(_lifts(_kind))


# STATS ----------------------------------------------------------------------------------------------------------------


def list_bans(call: Call, letter: str, end: Callable[[], None]) -> None:
    """Show a list of bans, as fast as the client reads: letter, mask, seconds left (0: for good), time of the last
    change (Unix seconds), operator, reason. Source of the form: UnrealIRCd, RPL_STATSGLINE."""
    kind, numeric = LETTERS[letter]
    state, at = call.edge.bans.state, call.edge.network.now_ms
    entries = state.active(kind, at) if state is not None else []

    def show(entry: Entry) -> None:
        left = max(1, (entry.until - at) // 1000) if entry.until else 0
        call.reply(numeric, letter, shown(kind, entry.mask), str(left), str(entry.at // 1000), entry.by, entry.reason)

    run(call.edge, show_all(call, entries, show, end))


def show_all(
    call: Call, entries: list[Entry], show: Callable[[Entry], None], end: Callable[[], None]
) -> Procedure[None]:
    """Show entries in parts. show: sends the lines of an entry. end: sends the last line."""
    answer = LongAnswer(call)
    for start in range(0, len(entries), PART):
        answer.show(partial(_show_part, show, entries[start : start + PART]))
        yield Do(answer.rest)
    answer.show(end)
    answer.end()


def _show_part(show: Callable[[Entry], None], part: list[Entry]) -> None:
    for entry in part:
        show(entry)


def when(entry: Entry) -> str:
    """Write until when an entry counts."""
    return f"until {server_time(entry.until)}" if entry.until else "for good"
