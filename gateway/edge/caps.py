"""Capabilities: what is offered, and what of it changes how lines look. Source: IRCv3 capability negotiation."""

from __future__ import annotations

from collections.abc import Container

from gateway.edge.lines import ACCOUNT, TAGS, TIME
from gateway.edge.settings import EdgeSettings

CAPS: dict[str, str] = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "chghost": "",
    "draft/chathistory": "",
    "draft/event-playback": "",
    "draft/message-redaction": "",
    "echo-message": "",
    "extended-join": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "server-time": "",
    "setname": "",
    "userhost-in-names": "",
    "znc.in/playback": "",
}
"""Name -> value for CAP LS 302."""

_HISTORY = frozenset(("draft/chathistory", "draft/event-playback", "draft/message-redaction", "znc.in/playback"))


def offered(settings: EdgeSettings) -> dict[str, str]:
    """What this network can do, as CAPS."""
    return CAPS if settings.history.enabled else {name: CAPS[name] for name in CAPS if name not in _HISTORY}


def variant(caps: frozenset[str]) -> int:
    """The bits of a connection that tell which rendering of an event it gets."""
    return (
        (TIME if "server-time" in caps else 0)
        | (TAGS if "message-tags" in caps else 0)
        | (ACCOUNT if "account-tag" in caps else 0)
    )


def change(caps: frozenset[str], asked: str, offer: Container[str]) -> frozenset[str] | None:
    """The capabilities after a CAP REQ, or None if any of it is not offered: all or nothing."""
    wanted = set(caps)
    for word in asked.split():
        name = word.removeprefix("-")
        if name not in offer:
            return None
        if word.startswith("-"):
            wanted.discard(name)
        else:
            wanted.add(name)
    return frozenset(wanted)
