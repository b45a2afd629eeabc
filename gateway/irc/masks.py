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
"""Neither a nick nor a user name has these."""

_REMEMBERED = 1024  # prefixes whose answer a MaskSet keeps


def match_source(mask: str, source: str, casemap: Casemap) -> bool:
    """Whether a user@host or nick!user@host fits the mask, in which the host may be an address or a network (CIDR)."""
    head, at, network = _divide(mask)
    who, _, host = source.rpartition("@")
    if network is None:
        return match(mask, source, casemap)
    return bool(at) and match(head, who, casemap) and is_within(host, network)


def _divide(mask: str) -> tuple[str, str, Network | None]:
    """The text before the last "@", the "@", and the addresses after the "@"; None if the host is no address."""
    head, at, host = mask.rpartition("@")
    return head, at, read_network(host)


def is_understood(mask: str) -> bool:
    """Whether somebody may fit a whole nick!user@host mask. "$a:x", "~q:x" and "m:x", which are extended bans on other
    networks, name nobody here."""
    nick, _, rest = mask.partition("!")
    user, _, host = rest.rpartition("@")
    return _NOBODY.search(nick + user) is None and "$" not in host and is_host_mask(host)


def meaning(mask: str, casemap: Casemap) -> str:
    """Equal for masks that mean the same, addresses in any spelling included."""
    head, at, network = _divide(mask)
    return compile_mask(f"{head}{at}{network}" if network is not None else mask, casemap.name).pattern


def match(mask: str, text: str, casemap: Casemap) -> bool:
    """Whether the whole of `text` fits `mask`: * any characters, ? one character, \\* and \\? themselves.

    A backslash before anything else is a plain one: nicks have them. Time O(len(mask) * len(text)).
    Source: RFC 2812, section 2.5.
    """
    return compile_mask(mask, casemap.name).match(casemap(text)) is not None


@lru_cache(maxsize=4096)
def compile_mask(mask: str, mapping: CasemapName) -> re.Pattern[str]:
    """A pattern for `match` on folded text.

    Every run between stars is taken where it first fits and never tried elsewhere (an atomic group), which is enough
    for globs and keeps a mask with many stars from running away.
    """
    runs = [""]
    for token in _TOKEN.findall(mask):
        if token[0] == "*":
            runs.append("")
        elif token == "?":
            runs[-1] += "."
        else:  # folded only now: to rfc1459, the backslash of an escape is a letter
            runs[-1] += re.escape(casefold(token[1:] if len(token) == 2 and token[1] in "*?" else token, mapping))
    if len(runs) == 1:
        return re.compile(rf"{runs[0]}\Z", re.DOTALL)
    first, *middle, last = runs
    return re.compile(first + "".join(rf"(?>.*?{run})" for run in middle if run) + rf".*{last}\Z", re.DOTALL)


def normalise_mask(text: str) -> str:
    """What a person writes as a full nick!user@host mask.

    "joe" -> "joe!*@*", "u@h" -> "*!u@h", "n!u" -> "n!u@*"; a word with a dot, colon or slash can be no nick:
    "irc.example" -> "*!*@irc.example". ":1" -> "*!*@::1": of a last parameter the protocol takes the first colon away.
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
    """Masks that a prefix may fit. Two that are the same but for the case are one.

    Plain nicks, hosts and addresses, as in most bans, cost a single look-up for any number of masks; a repeated
    question (a speaker in a channel) costs a single look-up too.
    """

    __slots__ = ("_addresses", "_answers", "_casemap", "_hosts", "_masks", "_networks", "_nicks", "_patterns")

    def __init__(self, casemap: Casemap, masks: Iterable[str] = ()) -> None:
        self._casemap = casemap
        self._masks: dict[str, str] = {}
        self._nicks: set[str] = set()
        self._hosts: set[str] = set()
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._addresses: Counter[Network] = Counter()  # of masks of one address and nothing else, in every spelling
        self._networks: dict[str, tuple[re.Pattern[str], Network]] = {}  # what fits before the "@", and after it
        self._answers: dict[str, bool] = {}
        for mask in masks:
            self.add(mask)

    def add(self, mask: str) -> bool:
        """False if it was there."""
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
        """The mask as it was added, now gone; None if it was not there."""
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
        """prefix: a whole nick!user@host."""
        if not self._masks:
            return False
        answer = self._answers.get(prefix)
        if answer is None:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            answer = self._answers[prefix] = self._ask(prefix)
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
        """Equal for masks that are the same but for the case. Copies of a channel's state depend on it: it stays so."""
        return compile_mask(mask, self._casemap.name).pattern


def _is_address_alone(head: str, network: Network) -> bool:
    return head == "*!*" and network.num_addresses == 1


def _plain(part: str, mask: str) -> str:
    """`part` if it is what was left of `mask` and stands for itself alone; else ""."""
    return "" if part == mask or re.search(r"[*?!@]", part) else part
