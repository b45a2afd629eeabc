"""SPAMFILTER and DEFCON: the spam filter of the network, and the network's level of defence."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from gateway.commands.bans import by_of, show_all, when
from gateway.commands.table import command
from gateway.edge.bans.filters import ACTIONS, PARTS, flaw, is_expression
from gateway.edge.bans.masks import MASK_BYTES
from gateway.edge.bans.network_bans import BANS
from gateway.edge.client.call import Call
from gateway.edge.procedures import run
from gateway.irc.defcon_table import LEVELS, PEACE, stopped
from gateway.irc.spans import read_span, span_text
from gateway.state.bans.messages import Done, Entry, Lift, NotDone, Put

SPAMFILTER_USAGE: Final = (
    "Say SPAMFILTER ADD action parts [time] pattern :reason, SPAMFILTER DEL pattern, or SPAMFILTER LIST. Actions: "
    "block, report, kill, ban:1h. Parts: m messages, n nicks, r real names."
)
DEFCON_USAGE: Final = (
    "Say DEFCON alone for the present level, or DEFCON level [time] [:reason], with a level from 5 to 1."
)


@command("SPAMFILTER", 1, capability="spamfilter")
def spamfilter(call: Call) -> None:
    verb = call.params[0].upper()
    if verb == "ADD" and len(call.params) >= 4:
        _add(call, call.params[1:])
    elif verb == "DEL" and len(call.params) >= 2:
        mask = _mask(call.params[1])
        call.audit("spamfilter del", mask, "", "b")
        call.submit(BANS, Lift("filter", mask, by_of(call)), partial(_deleted, call, mask))
    elif verb == "LIST":
        _list(call)
    else:
        call.notice(SPAMFILTER_USAGE)


def _mask(text: str) -> str:
    """Return the one spelling of a pattern: case does not count in globs."""
    return text if is_expression(text) else text.lower()


def _add(call: Call, words: list[str]) -> None:
    action, _, length = words[0].lower().partition(":")
    parts, action_s = "".join(sorted({*words[1].lower()})), read_span(length) if length else 0
    span = read_span(words[2]) if len(words) > 3 else None
    rest = words[3:] if span is not None else words[2:]
    mask = _mask(rest[0])
    if action not in ACTIONS or not parts or set(parts) - {*PARTS} or action_s is None or (length and action != "ban"):
        call.notice(SPAMFILTER_USAGE)
        return
    if len(mask.encode("utf-8", "surrogatepass")) > MASK_BYTES or not mask.strip("*?"):
        call.notice(f"A pattern has at most {MASK_BYTES} bytes, and more than wildcards.")
        return
    if why := flaw(mask):
        call.notice(f"That is no regular expression that RE2 knows: {call.edge.text(why, 200)}")
        return
    at, reason = call.edge.network.now_ms, call.edge.text(" ".join(rest[1:]), call.edge.settings.bans.reason_len)
    until = at + span * 1000 if span else 0
    entry = Entry("filter", mask, at, by_of(call), until, reason, action=action, parts=parts, action_s=action_s)
    call.audit("spamfilter add", mask, f"{action} {parts} {reason}", "b")
    most = call.edge.settings.bans.filters_max
    call.submit(BANS, Put(entry, most), partial(_added, call, mask, span or 0, most))


def _added(call: Call, mask: str, span_s: int, most: int, outcome: Any) -> None:
    if isinstance(outcome, Done):
        word = "added" if outcome.is_new else "changed"
        call.notice(f"Spam filter {mask} {word}, {'for ' + span_text(span_s) if span_s else 'for good'}.")
    elif isinstance(outcome, NotDone):
        call.notice(
            f"The network has {most} spam filters (bans.filters_max): delete another first. Nothing was changed."
        )
    else:
        call.report(outcome)


def _deleted(call: Call, mask: str, outcome: Any) -> None:
    if isinstance(outcome, Done):
        call.notice(f"Spam filter {mask} deleted.")
    elif isinstance(outcome, NotDone):
        call.notice(f"There is no spam filter {mask}. SPAMFILTER LIST lists the filters.")
    else:
        call.report(outcome)


def _list(call: Call) -> None:
    state = call.edge.bans.state
    entries = state.active("filter", call.edge.network.now_ms) if state is not None else []

    def show(entry: Entry) -> None:
        action = f"ban:{span_text(entry.action_s)}" if entry.action == "ban" and entry.action_s else entry.action
        reason = f": {entry.reason}" if entry.reason else ""
        call.notice(f"{entry.mask} ({action}, {entry.parts}), {when(entry)}, by {entry.by}{reason}")

    run(call.edge, show_all(call, entries, show, lambda: call.notice(f"{len(entries)} spam filters.")))


@command("DEFCON", capability="defcon")
def defcon(call: Call) -> None:
    if not call.params:
        level = call.edge.bans.defcon
        call.notice(f"DEFCON {level} stops {stopped(level)}.")
        return
    words = list(call.params[1:])
    span = read_span(words[0]) if words else None
    if call.params[0] not in map(str, LEVELS):
        call.notice(DEFCON_USAGE)
        return
    level, reason = int(call.params[0]), " ".join(words[1:] if span is not None else words)
    reason = call.edge.text(reason, call.edge.settings.bans.reason_len)
    at = call.edge.network.now_ms
    until = at + span * 1000 if span and level != PEACE else 0
    entry = Entry("defcon", "", at, by_of(call), until, reason, action=str(level))
    call.audit("defcon", str(level), reason, "o")
    call.submit(BANS, Put(entry, 1), partial(_chosen, call, entry, span or 0))


def _chosen(call: Call, entry: Entry, span_s: int, outcome: Any) -> None:
    if isinstance(outcome, Done):
        level, long = int(entry.action), f" for {span_text(span_s)}" if entry.until else ""
        call.notice(f"The network is at DEFCON {level}{long}. DEFCON {level} stops {stopped(level)}.")
    else:
        call.report(outcome)
