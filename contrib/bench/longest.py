"""How long a server makes other clients wait during long work: a LIST of all channels, and a takeover.

    .venv/bin/python -m contrib.bench.longest [--only list takeover] [--channels N] [--groups N] [--peer ngircd|none]

Two situations, each on fresh servers, while another client sends a PING every 5 ms and measures the wait for the PONG:

- list: one server with so many channels. A client sends LIST, and reads as fast as the client can.
- takeover: three linked nodes; so many channels that one node masters, with a member on each of the other two nodes.
  The master is killed with -9, and at once each member on the first node says a line in each channel.
"""

from __future__ import annotations

import argparse
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median

from contrib.bench.measure import cores, cpu_s
from contrib.bench.people import Crowd, Person
from contrib.bench.servers import PEERS, Servers, check, dialling, start
from ring.placement import Ring, owners

PER_PERSON = 100
"""Channels of each person: the default of `chan_limit`."""

PING_S = 0.005
WITHIN_S = 120.0
REST_S = 3.0

Figures = dict[str, float]


def _ping(address: tuple[str, int], nick: str, ends: Connection) -> None:
    """Send a PING every PING_S after the PONG of the last, until told to stop; send back the waits in seconds."""
    with socket.create_connection(address) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
        reader = sock.makefile("rb")
        for line in reader:
            word = line.split(b" ")[1].strip()
            if line.startswith(b"PING"):
                sock.sendall(b"PONG " + line.split(b" ", 1)[1])
            elif word in (b"376", b"422"):
                break
        ends.send(0)
        waits = []
        while not ends.poll(PING_S):
            began = time.perf_counter()
            sock.sendall(b"PING t\r\n")
            while b" PONG " not in reader.readline():
                pass
            waits.append(time.perf_counter() - began)
    ends.send(waits)


@contextmanager
def pinging(address: tuple[str, int], nick: str) -> Iterator[list[float]]:
    """Measure the waits of another client in a process of its own. The list is filled at the end of the block."""
    found: list[float] = []
    ours, theirs = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_ping, args=(address, nick, theirs), daemon=True)
    process.start()
    ours.recv()
    yield found
    ours.send(0)
    found.extend(ours.recv())
    process.join()


def _read_until(people: list[Person], word: bytes, count: int) -> int:
    """Read until the word has come so often, to all people together. Returns how often the word came."""
    found, rests = 0, dict.fromkeys((one.socket.fileno() for one in people), b"")
    by_fd = {one.socket.fileno(): one for one in people}
    with select.epoll() as poll:
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        while found < count:
            events = poll.poll(WITHIN_S)
            if not events:
                raise TimeoutError(f"{found} of {count} lines came")
            for fd, _ in events:
                data = rests[fd] + by_fd[fd].drain()
                end = data.rfind(b"\n") + 1
                found += data.count(word, 0, end)
                rests[fd] = data[end:]
    return found


def _filled(servers: Servers, kind: str, channels: list[list[str]], addresses: list[tuple[str, int]]) -> Crowd:
    crowd = Crowd(addresses, channels)
    crowd.enter(8, dialling(kind))
    crowd.settle()
    time.sleep(REST_S)
    return crowd


def list_all(kind: str, count: int, core: int | None) -> Figures:
    """Measure a LIST of so many channels."""
    names = [[f"#c{n}" for n in range(at, min(count, at + PER_PERSON))] for at in range(0, count, PER_PERSON)]
    with start(kind, 1, core) as servers:
        crowd = _filled(servers, kind, [*names, []], servers.addresses)
        lister = crowd.people[-1]
        try:
            with pinging(servers.addresses[0], "pinger") as waits:
                time.sleep(1.0)
                before, began = cpu_s(servers.pids), time.perf_counter()
                lister.socket.send(b"LIST\r\n")
                rows = _read_list(lister)
                took, spent = time.perf_counter() - began, cpu_s(servers.pids) - before
        finally:
            crowd.close()
    return {"rows": rows, "list s": took, "CPU s": spent, "longest PING ms": max(waits) * 1000}


def _read_list(lister: Person) -> int:
    """Read to the end of the list. Returns the number of rows."""
    rest, rows = b"", 0
    with select.epoll() as poll:
        poll.register(lister.socket.fileno(), select.EPOLLIN)
        while b" 323 " not in rest:
            if not poll.poll(WITHIN_S):
                raise TimeoutError(f"{rows} rows came, and no end of the list")
            rest += lister.drain()
            end = rest.rfind(b"\n") + 1
            rows += rest.count(b" 322 ", 0, end)
            last = rest.rfind(b"\n", 0, end - 1) + 1
            rest = rest[last:] if b" 323 " in rest[last:end] else rest[end:]
    return rows


def takeover(kind: str, count: int, core: int | None) -> Figures:
    """Measure the takeover of so many channels of the third node."""
    ring, third = Ring([f"127.0.0.{number}" for number in (1, 2, 3)]), "127.0.0.3"
    names: list[str] = []
    number = 0
    while len(names) < count:
        number += 1
        if owners(f"#c{number}", ring, 1) == (third,):
            names.append(f"#c{number}")
    parts = [names[at : at + PER_PERSON] for at in range(0, count, PER_PERSON)]
    with start(kind, 3, core) as servers:
        # Two people for each part, on the first and the second node.
        crowd = _filled(servers, kind, [part for part in parts for _ in range(2)], servers.addresses[:2])
        speakers, listeners = crowd.people[::2], crowd.people[1::2]
        try:
            with pinging(servers.addresses[0], "pinga") as first, pinging(servers.addresses[1], "pingb") as second:
                time.sleep(1.0)
                survivors = servers.pids[:2]
                before = cpu_s(survivors)
                servers.measured[2].kill()
                began = time.perf_counter()
                for person in speakers:
                    person.say_everywhere()
                heard = _read_until(listeners, b" PRIVMSG ", count)
                took, spent = time.perf_counter() - began, cpu_s(survivors) - before
                time.sleep(REST_S)  # the backups are arranged meanwhile
        finally:
            crowd.close()
    return {"heard": heard, "all heard s": took, "CPU s": spent, "longest PING ms": max(*first, *second) * 1000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("list", "takeover"), default=["list", "takeover"])
    parser.add_argument("--channels", type=int, default=50_000, help="of the list")
    parser.add_argument("--groups", type=int, default=5_000, help="of the takeover")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", choices=(*PEERS, "none"), default="ngircd", help="also lists its channels")
    arguments = parser.parse_args()
    peers = [arguments.peer] if arguments.peer != "none" else []
    for kind in peers:
        check(kind)
    pinned = cores()
    core = pinned[0] if pinned else None
    rounds: dict[str, list[Figures]] = {}
    for _ in range(arguments.rounds):
        for kind in ("circlet", *peers) if "list" in arguments.only else ():
            rounds.setdefault(f"list, {kind}", []).append(list_all(kind, arguments.channels, core))
        if "takeover" in arguments.only:
            rounds.setdefault("takeover, circlet", []).append(takeover("circlet", arguments.groups, core))
    for name, found in rounds.items():
        middle = {what: median(one[what] for one in found) for what in found[0]}
        print(f"{name}:", ", ".join(f"{what} {value:,.2f}" for what, value in middle.items()))  # noqa: T201


if __name__ == "__main__":
    main()
