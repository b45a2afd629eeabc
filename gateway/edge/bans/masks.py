"""The masks of network bans: read as operators type masks, and kept in a single spelling."""

from __future__ import annotations

from typing import Final

from gateway.irc.addresses import Network, read_network
from gateway.irc.casemapping import Casemap
from gateway.irc.masks import is_understood

ACCOUNT: Final = "~account:"
"""Begins the mask of an account, as an extended ban of a channel does. Source: IRCv3 account-extban."""

_ACCOUNTS: Final = (ACCOUNT, "~a:", "$a:")
MASK_BYTES: Final = 200

PERSONS: Final = frozenset(("kline", "shun"))
"""Kinds of bans of people: by user and host, by address, or by account."""

WANTED: Final = {
    "kline": "user@host, an address, a network as 192.0.2.0/24, or ~account:name",
    "shun": "user@host, an address, a network as 192.0.2.0/24, or ~account:name",
    "dline": "an address as 192.0.2.7, or a network as 192.0.2.0/24",
    "xline": r"a real name with * and ?, and \s for a space",
}
"""How to type a mask, by the kind of the ban."""


def read_mask(kind: str, text: str, casemap: Casemap) -> str | None:
    """Read a typed mask of a ban of this kind. Returns the mask in the canonical spelling; None for another text."""
    if not text or len(text.encode("utf-8", "surrogatepass")) > MASK_BYTES or " " in text:
        return None
    if kind == "dline":
        network = read_network(text)
        return written(network) if network is not None else None
    if kind == "xline":
        return text.replace(r"\s", " ").lower()
    for prefix in _ACCOUNTS:
        if text.lower().startswith(prefix):
            name = text[len(prefix) :]
            return ACCOUNT + casemap(name) if name and not set(name) & set("*?!@ ") else None
    return _read_person(text)


def _read_person(text: str) -> str | None:
    """Read user@host, or a host alone. A word without a dot or a colon is a nick, and no mask."""
    user, at, host = text.removeprefix("*!").rpartition("@")
    if not at and not set(host) & set(".:/*"):
        return None
    network = read_network(host)
    mask = f"{user or '*'}@{written(network) if network is not None else host.lower() or '*'}"
    return mask.lower() if is_understood(f"*!{mask}") and "!" not in mask else None


def written(network: Network) -> str:
    """Write a network; a network of one address as the address."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def shown(kind: str, mask: str) -> str:
    """Write a mask as operators type the mask."""
    return mask.replace(" ", r"\s") if kind == "xline" else mask


def network_of(kind: str, mask: str) -> Network | None:
    """Return the network that a ban names, if any user from the network is banned."""
    if kind == "dline":
        return read_network(mask)
    user, _, host = mask.rpartition("@")
    return read_network(host) if kind == "kline" and user == "*" else None
