"""AUDIT: the acts of operators that the network keeps (P53)."""

from __future__ import annotations

from typing import Any, Final

from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.edge.oversight.oversight import told
from gateway.irc.times import read_duration, server_time
from gateway.state.audit.messages import AUDIT, Acts, Read

COUNT: Final = 20
MOST: Final = 500
"""Acts that AUDIT shows without a count, and at most."""

_FIELDS: Final = {"by": "operator", "act": "act", "target": "target", "node": "node"}


@command("AUDIT", capability="audit")
def audit(call: Call) -> None:
    question = _question(call)
    if isinstance(question, str):
        call.notice(question)
    elif call.edge.network.level < Read.SINCE:
        call.notice("The network does not support this yet.")
    else:
        call.ask(AUDIT, question, lambda acts: _show(call, acts))


def _question(call: Call) -> Read | str:
    """Read the parameters. Returns what is wrong, in words, for parameters of another form."""
    facts: dict[str, Any] = {"count": COUNT}
    for word in " ".join(call.params).split():
        name, equals, value = word.partition("=")
        if not equals and word.isascii() and word.isdigit() and 0 < int(word[:9]) <= MOST:
            facts["count"] = int(word[:9])
        elif equals and value and name.lower() in _FIELDS:
            facts[_FIELDS[name.lower()]] = call.edge.text(value, 200)
        elif name.lower() == "since" and (ago_s := read_duration(value)) is not None:
            facts["since"] = max(0, call.edge.network.now_ms - ago_s * 1000)
        else:
            return (
                f"AUDIT does not understand {call.edge.text(word, 50)}: AUDIT [count, 1 to {MOST}] [by=name] "
                "[act=word] [target=mask] [node=name] [since=12h]"
            )
    return Read(**facts)


def _show(call: Call, acts: Acts | None) -> None:
    if acts is None:
        call.notice("The nodes that keep the audit do not answer: try again in a minute.")
        return
    for entry in acts.entries:
        call.notice(f"{server_time(entry.at)} {told(entry)}")
    more = f", and {acts.more} older ones" if acts.more else ""
    call.notice(f"Acts of operators: {len(acts.entries)}{more}.")
