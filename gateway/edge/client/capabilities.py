"""Capabilities: what is offered, and what of it changes how lines look. Source: IRCv3 capability negotiation."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from gateway.accounts.mechanisms import MECHANISMS
from gateway.edge.client.lines import ACCOUNT, TAGS, TIME, Line
from gateway.edge.settings import EdgeSettings
from gateway.irc.limits import BODY_BYTES
from gateway.irc.message import encode

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

MANY = 302
"""The version of negotiation from which a client reads values, and several lines of one answer."""

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


def listed(offer: Mapping[str, str], version: int) -> list[str]:
    """The offer as CAP LS of this version says it. Drafts come last for who can read but one line: see lines."""
    if version >= MANY:
        return [f"{name}={value}" if value else name for name, value in offer.items()]
    return sorted(offer, key=lambda name: (name.startswith("draft/"), name))


def lines(server: str, nick: str, sub: str, names: Iterable[str], version: int) -> list[Line]:
    """CAP lines, none longer than a line may be.

    ACK, NEW and DEL are as many as are needed; so are LS and LIST, of which each but the last says that more follows,
    for clients of that version. To others these are one line, as NAK is to all, with the names that fit.
    Source: IRCv3 capability negotiation.
    """
    room = BODY_BYTES + 1 - len(encode(f":{server} CAP {nick} {sub} * :"))  # the last name needs no space after it
    rows: list[list[str]] = [[]]
    left = room
    for name in names:
        size = len(encode(name)) + 1
        if rows[-1] and size > left:
            rows.append([])
            left = room
        rows[-1].append(name)
        left -= size
    lists = sub in ("LS", "LIST")
    if sub == "NAK" or (lists and version < MANY):
        del rows[1:]
    more = ("*",) if lists else ()
    texts = [" ".join(row) for row in rows]
    return [Line(server, "CAP", (nick, sub, *more, text)) for text in texts[:-1]] + [
        Line(server, "CAP", (nick, sub, texts[-1]))
    ]


def registers_early(settings: EdgeSettings) -> bool:
    """Whether REGISTER works before connecting: not where a password of the server's has to come first."""
    return settings.accounts.registration in ("open", "before_connect") and settings.server_password_hash is None


def implied(version: int) -> frozenset[str]:
    """What who knows this version of negotiation has without asking for it, and keeps."""
    return frozenset(("cap-notify",) if version >= MANY else ())


def news(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What CAP NEW (with values) and CAP DEL say of a change of the offer. Source: IRCv3 cap-notify."""
    new = {name: value for name, value in now.items() if before.get(name) != value}
    return listed(new, MANY), [name for name in before if name not in now]


def variant(caps: frozenset[str]) -> int:
    """The bits of a connection that tell which rendering of an event it gets."""
    return (
        (TIME if "server-time" in caps else 0)
        | (TAGS if "message-tags" in caps else 0)
        | (ACCOUNT if "account-tag" in caps else 0)
    )


def change(
    caps: frozenset[str], asked: str, offer: Container[str], kept: Container[str] = frozenset()
) -> frozenset[str] | None:
    """The capabilities after a CAP REQ, or None if any of it is not offered or cannot be taken back: all or nothing.

    kept: what is implied by the version of negotiation, and stays.
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
