"""Writes the files of a network on several machines, a folder for each machine, for `circlet init --nodes-at`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from config.generate import CLOAK_FILE, KEY_FILE, LOCAL_CLIENTS, MAX_NODES, InitError, write_files
from config.schema import SCHEMA_FILE, schema_text
from config.templates import DIRECTORY_PORT, NetworkText, NodeText, directory_text, node_text
from config.values import HOST_NAME, Endpoint, canonical_ip

DIRECTORIES = 3
"""The first machines run this many directories: a single directory is enough, the others are spares."""

MAX_NAME = 50
"""Keeps the names of nodes within 63 characters, and lets the name of the network fit into 005."""

LOOPBACK = "127.0.0.1"
STATE = "/var/lib/circlet"
"""The folder for a node's state in the systemd units."""


class Machine(NamedTuple):
    """number: from 1. folder: the files for the machine."""

    number: int
    ip: str
    folder: Path
    has_directory: bool


def is_trial(ips: Iterable[str]) -> bool:
    """Tell whether all addresses are on this machine, as in a trial."""
    return all(ip_address(ip).is_loopback for ip in ips)


def addresses(text: str) -> list[str]:
    """Read a comma-separated list of IP addresses; return canonical addresses. Raises InitError."""
    found = [_address(part.strip()) for part in text.split(",")]
    for index, address in enumerate(found):
        if address in found[:index]:
            raise InitError(f"{address} stands twice: a node for each machine, each with an address of its own")
    if len(found) > MAX_NODES:
        raise InitError(f"found {len(found)} addresses: 1 to {MAX_NODES}")
    here = [address for address in found if ip_address(address).is_loopback]
    if 0 < len(here) < len(found):
        raise InitError(
            f"{here[0]} is reached from its own machine only: give the address that the other machines reach"
        )
    return found


def _address(text: str) -> str:
    if not text:
        raise InitError("an address is missing: give the addresses as 192.0.2.1,192.0.2.2,192.0.2.3")
    try:
        address: IPv4Address | IPv6Address = ip_address(canonical_ip(text))
    except ValueError:
        raise InitError(
            f"{text} is not an IP address: give one like 192.0.2.7 or 2001:db8::7, without brackets, port or name"
        ) from None
    if address.is_unspecified or address.is_multicast:
        raise InitError(f"{text} is no address of one machine: give the address at which others reach the machine")
    if isinstance(address, IPv6Address) and (address.is_link_local or address.ipv4_mapped is not None):
        raise InitError(f"{text} is an address that not all machines can use: give a global or private address")
    return str(address)


def check_name(name: str) -> str:
    """Return the network's host name if valid. Raises InitError."""
    if not re.fullmatch(HOST_NAME, name) or len(name) > MAX_NAME:
        raise InitError(
            f"{name} is no name for a network: give a host name like irc.example.net, of at most {MAX_NAME} "
            "characters (it need not resolve)"
        )
    return name


def write_machines(folder: Path, ips: Sequence[str], name: str) -> list[Machine]:
    """Write a folder for each machine: the shared key, the schema, a node, and a directory on the first three machines.

    ips: from `addresses`. name: from `check_name`. In a trial on this machine, the state is kept beside the files.
    Raises InitError, before any file is written, if a file exists already.
    """
    trial = is_trial(ips)
    state = "state" if trial else STATE
    machines = [Machine(n, ip, folder / f"machine-{n}", n <= DIRECTORIES) for n, ip in enumerate(ips, 1)]
    directories = [Endpoint(machine.ip, DIRECTORY_PORT) for machine in machines if machine.has_directory]
    network = NetworkText(network_name(name), name, directories)
    texts, schema = dict[Path, str](), schema_text()
    for number, ip, place, has_directory in machines:
        page_host = ip if trial else LOOPBACK
        clients, where = LOCAL_CLIENTS if trial else "", f"Machine {number} of {name}"
        node = NodeText(number, f"node-{number}.{name}", ip, f"{state}/node-{number}", page_host, clients, where)
        texts[place / SCHEMA_FILE] = schema
        texts[place / f"node-{number}.yaml"] = node_text(network, node)
        if has_directory:
            texts[place / f"directory-{number}.yaml"] = directory_text(network, number, page_host)
    keys = [[machine.folder / name for machine in machines] for name in (KEY_FILE, CLOAK_FILE)]
    write_files(folder, keys, texts)
    return machines


def network_name(name: str) -> str:
    """Return the network's name for clients: the name without a leading `irc.`, if the rest is a host name."""
    rest = name.removeprefix("irc.")
    return rest if "." in rest else name
