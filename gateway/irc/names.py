"""What a nick, a channel and a user may be called."""

from __future__ import annotations

import re

from gateway.irc.message import encode
from ring.placement import hash32

CHANTYPES = "#"
SERVICES = frozenset(
    [
        *("adminserv", "alis", "botserv", "chanserv", "dnsserv", "gameserv", "global", "groupserv", "helpserv"),
        *("histserv", "hostserv", "infoserv", "ircserv", "logserv", "memoserv", "moduleserv", "nickserv", "noteserv"),
        *("operserv", "proxyserv", "rootserv", "rpgserv", "saslserv", "securityserv", "seenserv", "services"),
        *("statserv", "userserv"),
    ]
)
"""What services are called on other networks, in lower case: nobody goes by such a nick, and no account has one, for
people would trust it with their passwords. All are letters alone, so every casemapping folds them alike."""

GUESTS = 100_000
TRIES = 100
"""So many forced nicks are tried for one user."""


FALLBACK_USER = "user"
MAX_UID = 64

# Source: RFC 2812, section 2.3.1. ASCII alone: casemapping folds nothing else, so look-alikes would be other nicks.
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_UID = re.compile(r"0[0-9a-z]+(?:-[0-9a-z]+){2}", re.IGNORECASE)
_GUEST = re.compile(r"guest[0-9]{5}", re.IGNORECASE)
_CHANNEL = re.compile(r"#[^\x00-\x20,\x7f-\x9f\ud800-\udfff\U0010ff80-\U0010ffff]*")
_NO_USER = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}.~+-]+")


def is_valid_nick(text: str, limit: int) -> bool:
    """False is answered with 432. limit: bytes."""
    return len(text) <= limit and _NICK.fullmatch(text) is not None


def is_service(nick: str) -> bool:
    return nick.lower() in SERVICES


def forced_nick(uid: str, tries: int = 0) -> str:
    """The nick that the network gives the user at the try with this number, from 0.

    `Guest` and five digits, a form that nobody can ask for (P27); in the end the uid, which nobody else has.
    """
    return f"Guest{hash32(f'{uid}#{tries}') % GUESTS:05}" if tries < TRIES else uid


def is_guest_nick(nick: str) -> bool:
    return _GUEST.fullmatch(nick) is not None


def is_nick(text: str, limit: int) -> bool:
    """Whether somebody may go by it: a nick that can be claimed, or a uid, which nobody can claim (P27)."""
    return is_valid_nick(text, limit) or (len(text) <= MAX_UID and _UID.fullmatch(text) is not None)


def is_valid_channel(text: str, limit: int) -> bool:
    """False is answered with 403 or 476. limit: bytes of UTF-8.

    Valid UTF-8 (see `message.is_utf8`), no space, comma or control character.
    """
    if len(text) > limit or _CHANNEL.fullmatch(text) is None:
        return False
    return text.isascii() or len(encode(text)) <= limit


def is_channel(text: str) -> bool:
    """Whether a target means a channel, well named or not, rather than a nick."""
    return text[:1] == CHANTYPES


def split_status(target: str, prefixes: str = "@%+") -> tuple[str, str]:
    """ "@#erlang" -> ("@", "#erlang"): a message to those of that rank and above.

    prefixes: highest first. Of several, the lowest counts, as it includes the others. Only a channel has ranks:
    "@joe" -> ("", "@joe").
    """
    name = target.lstrip(prefixes)
    if len(name) == len(target) or not is_channel(name):
        return "", target
    return max(target[: len(target) - len(name)], key=prefixes.index), name


def clean_user(text: str, limit: int) -> str:
    """A user name without what would break a nick!user@host, at most `limit` bytes, never empty."""
    return _NO_USER.sub("", text)[:limit] or FALLBACK_USER
