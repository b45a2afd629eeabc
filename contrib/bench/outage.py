"""Ends one of three linked servers while people on all three talk, and shows the view of people on the others."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from contrib.bench.people import Crowd, CrowdError, Person
from contrib.bench.servers import Servers

CHANNEL = "#bench0"
BEFORE_S, AWAY_S, AFTER_S = 3.0, 2.0, 13.0
MEET_S = 60.0
QUIET_S = 3.0
"""After so long without a line, no line is left to come."""


@dataclass(frozen=True)
class Outage:
    """people: in one channel, spread over the servers. rate: messages a second, from six people on each server."""

    name: str
    what: str
    people: int
    rate: int
    signal: signal.Signals


@dataclass(frozen=True)
class Seen:
    """The view of the people on the two living servers, as sums over these people."""

    quits: int  # QUIT lines about people who were there all the time
    lost: int  # deliveries between them that never came
    doubled: int
    orders: int  # in which they have read the same messages
    silent_ms: float  # the longest that anybody heard nothing from the other of the two servers
    frozen_ms: float | None  # the longest hand-off of the channel, as the servers log it


class Observer:
    """One of these people, with every line that the person reads."""

    def __init__(self, person: Person, home: int) -> None:
        self.person = person
        self.home = home
        self.heard: list[bytes] = []
        self.quits = 0
        self.silent_s = 0.0
        self._heard_at: float | None = None
        self._rest = b""

    def read(self, data: bytes, now: float, stayed: dict[bytes, int]) -> None:
        lines = (self._rest + data).split(b"\r\n")
        self._rest = lines.pop()
        for line in lines:
            nick, _, rest = line[1:].partition(b"!")
            home = stayed.get(nick)
            if home is None:
                continue
            if b" QUIT " in rest:
                self.quits += 1
            elif b" PRIVMSG " in rest:
                self.heard.append(rest.rpartition(b":")[2])
                if home != self.home:
                    self.hears(now)

    @property
    def met(self) -> bool:
        return self._heard_at is not None

    def hears(self, now: float) -> None:
        """Something from the other server, or the end of all talk."""
        if self._heard_at is not None:
            self.silent_s = max(self.silent_s, now - self._heard_at)
        self._heard_at = now


def run(outage: Outage, servers: Servers) -> Seen:
    """Raises CrowdError if a living server cuts somebody off."""
    victim = _victim(servers)
    crowd = Crowd(servers.addresses, [[CHANNEL]] * outage.people)
    try:
        crowd.enter(8)
        crowd.settle()
        people = [person for person in crowd.people if person.number % 3 != victim]
        _meet([Observer(person, person.number % 3) for person in people])
        stay = [Observer(person, person.number % 3) for person in people]
        said = _talk(outage, servers, victim, stay)
    finally:
        crowd.close()
    return _sum_up(stay, said, max(_frozen_ms(servers), default=None))


def _meet(stay: list[Observer]) -> None:
    """Wait until all servers hear each other: ngircd's servers link slowly."""
    stayed, strangers = {o.person.nick.encode(): o.home for o in stay}, {o.person.socket.fileno(): o for o in stay}
    callers = {observer.home: observer.person for observer in stay}.values()
    end = time.monotonic() + MEET_S
    with select.epoll() as poll:
        for fd in strangers:
            poll.register(fd, select.EPOLLIN)
        while any(not observer.met for observer in stay):
            if time.monotonic() > end:
                raise CrowdError(f"the servers did not link within {MEET_S:.0f} s")
            for person in callers:
                person.socket.send(f"PRIVMSG {CHANNEL} :hello\r\n".encode())
            while events := poll.poll(0.5):
                for fd, _ in events:
                    strangers[fd].read(strangers[fd].person.socket.recv(1 << 18), 0.0, stayed)


def _victim(servers: Servers) -> int:
    """Return the most important server: Circlet's master of the channel, or ngircd's hub. Counted from 0."""
    config = servers.folder / "network" / "node-1.yaml"
    if not config.exists():
        return 0
    command = [sys.executable, "-m", "gateway.cli.main", "locate", CHANNEL, "--config", str(config), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return int(found["nodes"][0]["ring_key"].rpartition(".")[2]) - 1


def _talk(outage: Outage, servers: Servers, victim: int, stay: list[Observer]) -> Counter[int]:
    """Talk before, during and after; returns the number of messages by home and number of the speaker."""
    speakers = [*[o for o in stay if o.home == stay[0].home][:6], *[o for o in stay if o.home != stay[0].home][:6]]
    stayed = {o.person.nick.encode(): o.home for o in stay}
    by_fd = {o.person.socket.fileno(): o for o in stay}
    said: Counter[int] = Counter()
    began = last = ended = time.monotonic()
    course, sent = _course(outage, servers, victim), 0
    with select.epoll() as poll:
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        while True:
            talking = next(course, False)
            while talking and sent < (time.monotonic() - began) * outage.rate:
                speaker = speakers[sent % len(speakers)].person
                said[speaker.number] += 1
                text = f"PRIVMSG {CHANNEL} :{speaker.number} {said[speaker.number]}\r\n"
                speaker.socket.send(text.encode())
                sent += 1
            events = poll.poll(0.001 if talking else 0.1)
            now = time.monotonic()
            for fd, _ in events:
                data = by_fd[fd].person.socket.recv(1 << 18)
                if not data:
                    raise CrowdError(f"{by_fd[fd].person.nick} was cut, though its server lived")
                by_fd[fd].read(data, now, stayed)
                last = now
            ended = now if talking else ended
            if not talking and now - last > QUIET_S:
                for observer in stay:
                    observer.hears(ended)
                return said


def _course(outage: Outage, servers: Servers, victim: int) -> Iterator[bool]:
    """The steps of the story; True as long as people are to talk."""
    yield from _for(BEFORE_S)
    servers.measured[victim].send_signal(outage.signal)
    while servers.measured[victim].poll() is None:
        yield True
    yield from _for(AWAY_S)
    servers.again(victim)
    yield from _for(AFTER_S)


def _for(seconds: float) -> Iterator[bool]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield True


def _sum_up(stay: list[Observer], said: Counter[int], frozen_ms: float | None) -> Seen:
    lost = doubled = 0
    for observer in stay:
        heard = Counter(observer.heard)
        doubled += sum(heard.values()) - len(heard)
        lost += said.total() - said[observer.person.number] - len(heard)
    listeners = [o for o in stay if not said[o.person.number]]
    common = set(listeners[0].heard).intersection(*[o.heard for o in listeners])
    orders = {tuple(text for text in o.heard if text in common) for o in listeners}
    silent_ms = max(o.silent_s for o in listeners) * 1000
    return Seen(sum(o.quits for o in stay), lost, doubled, len(orders), silent_ms, frozen_ms)


def _frozen_ms(servers: Servers) -> list[float]:
    found = []
    for number in range(len(servers.commands)):
        for line in servers.log(number).splitlines():
            if '"hand_off"' in line and f'"channel:{CHANNEL}"' in line:
                found.append(float(json.loads(line)["frozen_ms"]))
    return found
