"""Capabilities: the offer, the changes, and the effect on lines. Source: IRCv3 capability negotiation."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from gateway.accounts.mechanisms import MECHANISMS
from gateway.edge.client.lines import ACCOUNT, TAGS, TIME, Line
from gateway.edge.settings import EdgeSettings
from gateway.irc.format import room_for_text, rows_of

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
    "draft/extended-isupport": "",
    "draft/message-redaction": "",
    "draft/metadata-3": "before-connect",
    "draft/pre-away": "",
    "draft/read-marker": "",
    "echo-message": "",
    "extended-join": "",
    "extended-monitor": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "no-implicit-names": "",
    "sasl": ",".join(MECHANISMS),
    "server-time": "",
    "setname": "",
    "standard-replies": "",
    "userhost-in-names": "",
    "znc.in/playback": "",
    "znc.in/self-message": "",
}
"""Name -> value for CAP LS 302."""

MANY = 302
"""From this version of negotiation on, a client reads values, and answers of several lines."""

SELVES = frozenset(("echo-message", "znc.in/self-message"))
"""With one of these, a client can be shown messages of the client's own account from elsewhere."""

_HISTORY = frozenset(("draft/chathistory", "draft/event-playback", "draft/message-redaction", "znc.in/playback"))


def offered(settings: EdgeSettings) -> dict[str, str]:
    """Return the capabilities of this network, in the form of CAPS."""
    offer, accounts = dict(CAPS), settings.accounts
    if not settings.history.enabled:
        for name in _HISTORY:
            del offer[name]
    limits = settings.metadata
    if limits.enabled:
        words = f"max-subs={limits.subs_max},max-keys={limits.keys_max},max-value-bytes={limits.value_max}"
        offer["draft/metadata-3"] += f",{words}"
    else:
        del offer["draft/metadata-3"]
    if not accounts.enabled:
        del offer["sasl"]
    if not accounts.enabled or accounts.registration == "closed":
        del offer["draft/account-registration"]
    else:
        early = ["before-connect"] if registers_early(settings) else []
        offer["draft/account-registration"] = ",".join([*early, "custom-account-name"])
    return offer


def listed(offer: Mapping[str, str], version: int) -> list[str]:
    """Return the offer in the form of CAP LS. For a client of an old version, drafts come last: see `lines`."""
    if version >= MANY:
        return [f"{name}={value}" if value else name for name, value in offer.items()]
    return sorted(offer, key=lambda name: (name.startswith("draft/"), name))


def lines(server: str, nick: str, sub: str, names: Iterable[str], version: int) -> list[Line]:
    """Make CAP lines, none longer than a line may be.

    ACK, NEW and DEL take as many lines as needed. From version MANY on, so do LS and LIST: each line but the last says
    that more lines follow. LS and LIST for older clients, and NAK for all, are one line with as many names as fit.
    Source: IRCv3 capability negotiation.
    """
    texts = rows_of(names, room_for_text(server, "CAP", nick, sub, "*")) or [""]
    lists = sub in ("LS", "LIST")
    if sub == "NAK" or (lists and version < MANY):
        del texts[1:]
    more = ("*",) if lists else ()
    return [Line(server, "CAP", (nick, sub, *more, text)) for text in texts[:-1]] + [
        Line(server, "CAP", (nick, sub, texts[-1]))
    ]


def registers_early(settings: EdgeSettings) -> bool:
    """Whether REGISTER works before connecting: not if a password of the server has to come first."""
    return settings.accounts.registration in ("open", "before_connect") and settings.server_password_hash is None


def implied(version: int) -> frozenset[str]:
    """Return the capabilities which a client of this version has without a request, and keeps."""
    return frozenset(("cap-notify",) if version >= MANY else ())


def news(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the words of CAP NEW (with values) and CAP DEL after a change of the offer. Source: IRCv3 cap-notify."""
    new = {name: value for name, value in now.items() if before.get(name) != value}
    return listed(new, MANY), [name for name in before if name not in now]


def variant(caps: frozenset[str]) -> int:
    """Return the bits which select the rendering of events for a connection."""
    return (
        (TIME if "server-time" in caps else 0)
        | (TAGS if "message-tags" in caps else 0)
        | (ACCOUNT if "account-tag" in caps else 0)
    )


def change(
    caps: frozenset[str], asked: str, offer: Container[str], kept: Container[str] = frozenset()
) -> frozenset[str] | None:
    """Return the capabilities after a CAP REQ; None if a word is not offered or cannot be taken back: all or nothing.

    kept: capabilities which the version of negotiation implies, and which stay.
    """
    wanted = set(caps)
    for word in asked.split():
        name = word.removeprefix("-")
        if name not in offer or (word.startswith("-") and name in kept):
            return None
        if word.startswith("-"):
            wanted.discard(name)
        else:
            wanted.add(name)
    return frozenset(wanted)
