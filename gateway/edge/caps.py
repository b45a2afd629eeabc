"""Capabilities: what is offered, and what of it changes how lines look. Source: IRCv3 capability negotiation."""

from __future__ import annotations

from gateway.edge.lines import ACCOUNT, TAGS, TIME

CAPS: dict[str, str] = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "chghost": "",
    "echo-message": "",
    "extended-join": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "server-time": "",
    "setname": "",
    "userhost-in-names": "",
}
"""Name -> value for CAP LS 302."""


def variant(caps: frozenset[str]) -> int:
    """The bits of a connection that tell which rendering of an event it gets."""
    return (
        (TIME if "server-time" in caps else 0)
        | (TAGS if "message-tags" in caps else 0)
        | (ACCOUNT if "account-tag" in caps else 0)
    )


def change(caps: frozenset[str], asked: str) -> frozenset[str] | None:
    """The capabilities after a CAP REQ, or None if any of it is not offered: all or nothing."""
    wanted = set(caps)
    for word in asked.split():
        name = word.removeprefix("-")
        if name not in CAPS:
            return None
        if word.startswith("-"):
            wanted.discard(name)
        else:
            wanted.add(name)
    return frozenset(wanted)
