"""Capabilities: what is offered, and what of it changes how lines look. Source: IRCv3 capability negotiation."""

from __future__ import annotations

from collections.abc import Container, Mapping

from gateway.accounts.mechanisms import MECHANISMS
from gateway.edge.lines import ACCOUNT, TAGS, TIME
from gateway.edge.settings import EdgeSettings

CAPS: dict[str, str] = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "chghost": "",
    "draft/account-registration": "",
    "draft/chathistory": "",
    "draft/event-playback": "",
    "draft/message-redaction": "",
    "draft/read-marker": "",
    "echo-message": "",
    "extended-join": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "sasl": ",".join(MECHANISMS),
    "server-time": "",
    "setname": "",
    "userhost-in-names": "",
    "znc.in/playback": "",
    "znc.in/self-message": "",
}
"""Name -> value for CAP LS 302."""

SELVES = frozenset(("echo-message", "znc.in/self-message"))
"""Who has asked for one of these can be shown what its own account has said elsewhere."""

_HISTORY = frozenset(("draft/chathistory", "draft/event-playback", "draft/message-redaction", "znc.in/playback"))


def offered(settings: EdgeSettings) -> dict[str, str]:
    """What this network can do, as CAPS."""
    offer, accounts = dict(CAPS), settings.accounts
    if not settings.history.enabled:
        for name in _HISTORY:
            del offer[name]
    if not accounts.enabled:
        del offer["sasl"]
    if not accounts.enabled or accounts.registration == "closed":
        del offer["draft/account-registration"]
    else:
        early = ["before-connect"] if registers_early(settings) else []
        offer["draft/account-registration"] = ",".join([*early, "custom-account-name"])
    return offer


def registers_early(settings: EdgeSettings) -> bool:
    """Whether REGISTER works before connecting: not where a password of the server's has to come first."""
    return settings.accounts.registration in ("open", "before_connect") and settings.server_password_hash is None


def implied(version: int) -> frozenset[str]:
    """What who knows this version of negotiation has without asking for it, and keeps."""
    return frozenset(("cap-notify",) if version >= 302 else ())


def news(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What CAP NEW (with values) and CAP DEL say of a change of the offer. Source: IRCv3 cap-notify."""
    new = [f"{name}={value}" if value else name for name, value in now.items() if before.get(name) != value]
    return new, [name for name in before if name not in now]


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
