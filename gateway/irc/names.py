"""The rules for names: nicks, channels and users."""

from __future__ import annotations

import re

from gateway.irc.message import encode
from ring.placement import hash32

CHANTYPES = "#"
STATUS_SIGNS = "@%+"
"""The signs of messages to members with at least a rank. No message is for founders or protected members alone."""
SERVICES = frozenset(
    [
        *("adminserv", "alis", "botserv", "chanserv", "dnsserv", "gameserv", "global", "groupserv", "helpserv"),
        *("histserv", "hostserv", "infoserv", "ircserv", "logserv", "memoserv", "moduleserv", "nickserv", "noteserv"),
        *("operserv", "proxyserv", "rootserv", "rpgserv", "saslserv", "securityserv", "seenserv", "services"),
        *("statserv", "userserv"),
    ]
)
"""Names of services on other networks, in lower case. Nobody can have such a nick, and no account such a name: people
would trust the nick with passwords. The names consist of letters, so every casemapping folds the names alike."""

GUESTS = 100_000
TRIES = 100
"""The most forced nicks that a node tries for a user."""


FALLBACK_USER = "user"
MAX_UID = 64

# Source: RFC 2812, section 2.3.1. Only ASCII: casemapping folds only ASCII, so look-alikes would be different nicks.
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_UID = re.compile(r"0[0-9a-z]+(?:-[0-9a-z]+){2}", re.IGNORECASE)
_GUEST = re.compile(r"guest[0-9]{5}", re.IGNORECASE)
_CHANNEL = re.compile(r"#[^\x00-\x20,\x7f-\x9f\ud800-\udfff\U0010ff80-\U0010ffff]*")
_NO_USER = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}.~+-]+")


def is_valid_nick(text: str, limit: int) -> bool:
    """Whether the text is a valid nick; if not, the answer is 432. limit: bytes."""
    return len(text) <= limit and _NICK.fullmatch(text) is not None


def is_service(nick: str) -> bool:
    return nick.lower() in SERVICES


def forced_nick(uid: str, tries: int = 0) -> str:
    """Make the nick that the network gives the user. tries: the number of tries before.

    The nick is `Guest` and five digits, a form that nobody can ask for (P27). After the last try, the nick is the uid:
    nobody else has the uid.
    """
    return f"Guest{hash32(f'{uid}#{tries}') % GUESTS:05}" if tries < TRIES else uid


def is_guest_nick(nick: str) -> bool:
    return _GUEST.fullmatch(nick) is not None


def is_nick(text: str, limit: int) -> bool:
    """Whether somebody may have this nick: a valid nick, or a uid, which the network gives and nobody claims (P27)."""
    return is_valid_nick(text, limit) or (len(text) <= MAX_UID and _UID.fullmatch(text) is not None)


def is_valid_channel(text: str, limit: int) -> bool:
    """Whether the text is a valid name of a channel; if not, the answer is 403 or 476. limit: bytes of UTF-8.

    A valid name is UTF-8 (see `message.is_utf8`) without spaces, commas and control characters.
    """
    if len(text) > limit or _CHANNEL.fullmatch(text) is None:
        return False
    return text.isascii() or len(encode(text)) <= limit


def is_channel(text: str) -> bool:
    """Whether a target means a channel rather than a nick. The channel's name may be invalid."""
    return text[:1] == CHANTYPES


def split_status(target: str, prefixes: str = STATUS_SIGNS) -> tuple[str, str]:
    """Split the rank off a target: "@#erlang" -> ("@", "#erlang"), a message to members of at least the rank.

    prefixes: highest rank first. Of several prefixes, the lowest counts, as the lowest rank includes the higher ranks.
    Only a channel has ranks: "@joe" -> ("", "@joe").
    """
    name = target.lstrip(prefixes)
    if len(name) == len(target) or not is_channel(name):
        return "", target
    return max(target[: len(target) - len(name)], key=prefixes.index), name


def clean_user(text: str, limit: int) -> str:
    """Clean a user name: remove characters that would break a nick!user@host, cut to `limit` bytes, never empty."""
    return _NO_USER.sub("", text)[:limit] or FALLBACK_USER
