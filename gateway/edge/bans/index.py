"""Finds the ban that a person, a connection or an address falls under.

Theory of operation. Most bans name an address, a network or an account. Addresses are looked up once for each length of
prefix among the bans, so thousands of such bans cost no more than a few. Globs of hosts and of real names are tried one
after the other. An entry counts as long as the time has not passed its end: so an index with expired entries is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway.edge.bans.masks import ACCOUNT
from gateway.irc.addresses import Network, read_network
from gateway.irc.casemapping import Casemap
from gateway.irc.masks import compile_mask
from gateway.state.bans.messages import Entry

Pattern = re.Pattern[str]


class Facts(NamedTuple):
    """What is known of a person or a connection. hosts: as others know the person. account: folded; "" for none."""

    user: str = ""
    address: str = ""
    hosts: tuple[str, ...] = ()
    account: str = ""
    real: str = ""


class Networks:
    """Entries by network: prefix length -> network -> mask -> (pattern of the user name or None, entry)."""

    def __init__(self) -> None:
        self._tables: dict[tuple[int, int], dict[int, dict[str, tuple[Pattern | None, Entry]]]] = {}

    def add(self, network: Network, pattern: Pattern | None, entry: Entry) -> None:
        table = self._tables.setdefault((network.version, network.prefixlen), {})
        table.setdefault(_number(network, network.prefixlen), {})[entry.mask] = (pattern, entry)

    def discard(self, network: Network, mask: str) -> None:
        place = network.version, network.prefixlen
        table = self._tables.get(place, {})
        number = _number(network, network.prefixlen)
        entries = table.get(number, {})
        entries.pop(mask, None)
        if not entries:
            table.pop(number, None)
        if not table:
            self._tables.pop(place, None)

    def find(self, address: str) -> Iterator[tuple[Pattern | None, Entry]]:
        """Return the entries whose network has the address. Time O(lengths of prefixes)."""
        found = read_network(address) if self._tables and address else None
        if found is None:
            return
        for (version, length), table in self._tables.items():
            if version == found.version and length <= found.prefixlen:
                yield from table.get(_number(found, length), {}).values()


def _number(network: Network, length: int) -> int:
    return int(network.network_address) >> (network.max_prefixlen - length)


class People:
    """Entries of people: by account, by network, or by globs of user and host. A dline names a network alone."""

    def __init__(self, casemap: Casemap) -> None:
        self._casemap = casemap
        self._accounts: dict[str, Entry] = {}
        self._networks = Networks()
        self._globs: dict[str, tuple[Pattern, Entry]] = {}

    def add(self, entry: Entry) -> None:
        mask = entry.mask
        if mask.startswith(ACCOUNT):
            self._accounts[mask.removeprefix(ACCOUNT)] = entry
            return
        user, _, host = mask.rpartition("@")
        network, name = read_network(host), self._casemap.name
        if network is not None:
            pattern = compile_mask(user, name) if user not in ("", "*") else None
            self._networks.add(network, pattern, entry)
        else:
            self._globs[mask] = (compile_mask(mask, name), entry)

    def discard(self, mask: str) -> None:
        self._accounts.pop(mask.removeprefix(ACCOUNT), None)
        self._globs.pop(mask, None)
        network = read_network(mask.rpartition("@")[2])
        if network is not None:
            self._networks.discard(network, mask)

    def of_address(self, address: str, at: int) -> Entry | None:
        """Return the entry of every user from an address."""
        return next((e for pattern, e in self._networks.find(address) if pattern is None and e.is_active(at)), None)

    def find(self, facts: Facts, at: int) -> Entry | None:
        """Return an entry that the facts fall under at a time (Unix ms)."""
        entry = self._accounts.get(facts.account) if facts.account else None
        if entry is not None and entry.is_active(at):
            return entry
        user = self._casemap(facts.user)
        for pattern, entry in self._by_host(facts):
            if entry.is_active(at) and (pattern is None or pattern.match(user)):
                return entry
        hosts = dict.fromkeys((facts.address, *facts.hosts)) if self._globs else ()
        places = [self._casemap(f"{facts.user}@{host}") for host in hosts if host]
        for pattern, entry in self._globs.values():
            if entry.is_active(at) and any(pattern.match(place) for place in places):
                return entry
        return None

    def _by_host(self, facts: Facts) -> Iterator[tuple[Pattern | None, Entry]]:
        for host in dict.fromkeys((facts.address, *facts.hosts)):
            yield from self._networks.find(host)


class BanIndex:
    """All entries that say who is banned, by kind."""

    def __init__(self, casemap: Casemap, entries: Iterable[Entry] = ()) -> None:
        self._casemap = casemap
        self._klines, self._dlines, self._shuns = People(casemap), People(casemap), People(casemap)
        self._names: dict[str, tuple[Pattern, Entry]] = {}
        self._entries: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            self.put(entry)

    def put(self, entry: Entry) -> bool:
        """Take over the last change of an entry. Returns whether the entry is another than before."""
        before = self._entries.get(entry.key)
        if before == entry or (before is None and entry.is_lifted):
            return False
        if before is not None:
            self._discard(before)
        if not entry.is_lifted:
            self._add(entry)
        return True

    def _people(self, kind: str) -> People | None:
        return {"kline": self._klines, "shun": self._shuns, "dline": self._dlines}.get(kind)

    def _add(self, entry: Entry) -> None:
        self._entries[entry.key] = entry
        people = self._people(entry.kind)
        if people is not None:
            people.add(entry)
        elif entry.kind == "xline":
            self._names[entry.mask] = (compile_mask(entry.mask, self._casemap.name), entry)

    def _discard(self, entry: Entry) -> None:
        del self._entries[entry.key]
        people = self._people(entry.kind)
        if people is not None:
            people.discard(entry.mask)
        self._names.pop(entry.mask, None) if entry.kind == "xline" else None

    def drop_expired(self, at: int) -> None:
        """Forget entries that do not count any more."""
        for entry in [entry for entry in self._entries.values() if not entry.is_active(at)]:
            self._discard(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def has(self, kinds: Iterable[str]) -> bool:
        """Tell whether there is an entry of one of these kinds."""
        wanted = frozenset(kinds)
        return any(kind in wanted for kind, _ in self._entries)

    def of_address(self, address: str, at: int) -> Entry | None:
        """Return the ban by which a connection from the address is refused at once."""
        if not self._entries:
            return None
        return self._dlines.of_address(address, at) or self._klines.of_address(address, at)

    def find(self, facts: Facts, at: int) -> Entry | None:
        """Return the ban that ends a person with these facts."""
        if not self._entries:
            return None
        found = self._dlines.of_address(facts.address, at) or self._klines.find(facts, at)
        return found or self._by_name(facts.real, at)

    def _by_name(self, real: str, at: int) -> Entry | None:
        folded = self._casemap(real) if self._names else ""
        return next((e for pattern, e in self._names.values() if e.is_active(at) and pattern.match(folded)), None)

    def shun(self, facts: Facts, at: int) -> Entry | None:
        """Return the shun that mutes a person with these facts."""
        return self._shuns.find(facts, at) if self._entries else None
