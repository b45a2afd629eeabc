"""Masks: nick!user@host patterns of bans, exceptions, invitations and WHO."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from gateway.irc.addresses import Network, is_host_mask, is_within, read_network
from gateway.irc.casemapping import Casemap, CasemapName, casefold

_TOKEN = re.compile(r"\\[*?]|\*+|\?|\\|[^*?\\]+")
_NICK_ONLY = "!*@*"
_HOST_ONLY = "*!*@"
_NOBODY = re.compile("[:$,#]")
"""Characters that neither a nick nor a user name has."""

_REMEMBERED = 1024  # a MaskSet caches the answers for this many prefixes


def match_source(mask: str, source: str, casemap: Casemap) -> bool:
    """Whether a user@host or nick!user@host fits the mask. The mask's host may be an address or a network (CIDR)."""
    head, at, network = _divide(mask)
    who, _, host = source.rpartition("@")
    if network is None:
        return match(mask, source, casemap)
    return bool(at) and match(head, who, casemap) and is_within(host, network)


def sources(known: str) -> list[str]:
    """List every nick!user@host of a person. known: nick!user@host, and after spaces further hosts; an empty host is
    none."""
    first, *hosts = known.split(" ")
    who = first.rpartition("@")[0]
    return [first, *(f"{who}@{host}" for host in hosts if host)]


def _divide(mask: str) -> tuple[str, str, Network | None]:
    """Divide a mask into the text before the last "@", the "@", and the network; None if the host is no address."""
    head, at, host = mask.rpartition("@")
    return head, at, read_network(host)


def is_understood(mask: str) -> bool:
    """Whether somebody may fit a whole nick!user@host mask. "$a:x", "~q:x" and "m:x" fit nobody here: these are
    extended bans on other networks."""
    nick, _, rest = mask.partition("!")
    user, _, host = rest.rpartition("@")
    return _NOBODY.search(nick + user) is None and "$" not in host and is_host_mask(host)


def meaning(mask: str, casemap: Casemap) -> str:
    """Make a key that is equal for masks with the same meaning, even if the spelling of an address differs."""
    head, at, network = _divide(mask)
    return compile_mask(f"{head}{at}{network}" if network is not None else mask, casemap.name).pattern


def match(mask: str, text: str, casemap: Casemap) -> bool:
    """Whether the whole of `text` fits `mask`: * is any characters, ? a single character, \\* a star, \\? a question
    mark.

    A backslash before any other character is a plain backslash, as nicks may have backslashes.
    Time O(len(mask) * len(text)). Source: RFC 2812, section 2.5.
    """
    return compile_mask(mask, casemap.name).match(casemap(text)) is not None


@lru_cache(maxsize=4096)
def compile_mask(mask: str, mapping: CasemapName) -> re.Pattern[str]:
    """Compile a mask to a pattern for folded text.

    Every run of text between stars is an atomic group: the pattern takes the first place where the run fits, and never
    tries another place. Globs need no more, and a mask with many stars stays fast.
    """
    runs = [""]
    for token in _TOKEN.findall(mask):
        if token[0] == "*":
            runs.append("")
        elif token == "?":
            runs[-1] += "."
        else:  # fold only after the split into tokens: rfc1459 would fold the backslash of an escape, too
            runs[-1] += re.escape(casefold(token[1:] if len(token) == 2 and token[1] in "*?" else token, mapping))
    if len(runs) == 1:
        return re.compile(rf"{runs[0]}\Z", re.DOTALL)
    first, *middle, last = runs
    return re.compile(first + "".join(rf"(?>.*?{run})" for run in middle if run) + rf".*{last}\Z", re.DOTALL)


def normalise_mask(text: str) -> str:
    """Complete a mask, as people write masks, to a full nick!user@host mask.

    "joe" -> "joe!*@*", "u@h" -> "*!u@h", "n!u" -> "n!u@*". A word with a dot, colon or slash is a host, as no nick has
    these: "irc.example" -> "*!*@irc.example". ":1" -> "*!*@::1": the protocol takes the first colon of a last
    parameter away.
    """
    if text[:1] == ":" and read_network(f":{text}") is not None:
        text = f":{text}"
    if "!" not in text and "@" not in text:
        nick, user, host = ("*", "*", text) if any(sign in text for sign in ".:/") else (text, "*", "*")
    else:
        nick, bang, rest = text.partition("!")
        if not bang:
            nick, rest = "*", text
        user, at, host = rest.rpartition("@")
        if not at:
            user, host = rest, "*"
    return re.sub(r"(?<!\\)\*{2,}", "*", f"{nick or '*'}!{user or '*'}@{host or '*'}")


class MaskSet:
    """A set of masks, and whether a prefix fits any mask. Masks that differ only in case are the same mask.

    Most bans are plain nicks, hosts and addresses: any number of such masks costs a single look-up. A repeated question
    (a person speaks in a channel) costs a single look-up, too.
    """

    __slots__ = ("_addresses", "_answers", "_casemap", "_hosts", "_masks", "_networks", "_nicks", "_patterns")

    def __init__(self, casemap: Casemap, masks: Iterable[str] = ()) -> None:
        self._casemap = casemap
        self._masks: dict[str, str] = {}
        self._nicks: set[str] = set()
        self._hosts: set[str] = set()
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._addresses: Counter[Network] = Counter()  # address -> number of masks *!*@address (in different spellings)
        self._networks: dict[str, tuple[re.Pattern[str], Network]] = {}  # key -> pattern before the "@", and network
        self._answers: dict[str, bool] = {}
        for mask in masks:
            self.add(mask)

    def add(self, mask: str) -> bool:
        """Add a mask; False if the set already has the mask."""
        key = self.key(mask)
        if key in self._masks:
            return False
        self._masks[key] = mask
        self._answers.clear()
        head, _, network = _divide(mask)
        if network is not None and _is_address_alone(head, network):
            self._addresses[network] += 1
        elif network is not None:
            self._networks[key] = (compile_mask(head, self._casemap.name), network)
        elif nick := _plain(mask.removesuffix(_NICK_ONLY), mask):
            self._nicks.add(self._casemap(nick))
        elif host := _plain(mask.removeprefix(_HOST_ONLY), mask):
            self._hosts.add(self._casemap(host))
        else:
            self._patterns[key] = compile_mask(mask, self._casemap.name)
        return True

    def discard(self, mask: str) -> str | None:
        """Remove a mask, and return the mask in the spelling of `add`; None if the set does not have the mask."""
        key = self.key(mask)
        found = self._masks.pop(key, None)
        if found is None:
            return None
        self._answers.clear()
        self._patterns.pop(key, None)
        self._networks.pop(key, None)
        head, _, network = _divide(found)
        if network is not None and _is_address_alone(head, network):
            self._addresses -= Counter([network])
        self._nicks.discard(self._casemap(found.removesuffix(_NICK_ONLY)))
        self._hosts.discard(self._casemap(found.removeprefix(_HOST_ONLY)))
        return found

    def matches(self, prefix: str) -> bool:
        """Whether the prefix, a whole nick!user@host, fits any mask. prefix: further hosts of the person may follow, as
        `sources` reads these."""
        if not self._masks:
            return False
        answer = self._answers.get(prefix)
        if answer is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            answer = self._answers[prefix] = any(map(self._ask, sources(prefix)))
        return answer

    def _ask(self, prefix: str) -> bool:
        folded = self._casemap(prefix)
        who, _, host = folded.rpartition("@")
        return (
            folded.partition("!")[0] in self._nicks
            or host in self._hosts
            or any(pattern.match(folded) for pattern in self._patterns.values())
            or (bool(self._addresses) and read_network(host) in self._addresses)
            or any(head.match(who) and is_within(host, network) for head, network in self._networks.values())
        )

    def __contains__(self, mask: str) -> bool:
        return self.key(mask) in self._masks

    def __iter__(self) -> Iterator[str]:
        return iter(self._masks.values())

    def __len__(self) -> int:
        return len(self._masks)

    def key(self, mask: str) -> str:
        """Make a key that is equal for masks that differ only in case.

        The key may never change: all replicas of a channel's state must compute the same key.
        """
        return compile_mask(mask, self._casemap.name).pattern


def _is_address_alone(head: str, network: Network) -> bool:
    return head == "*!*" and network.num_addresses == 1


def _plain(part: str, mask: str) -> str:
    """`part` if `part` is shorter than `mask` and has no wildcards and separators; else ""."""
    return "" if part == mask or re.search(r"[*?!@]", part) else part
