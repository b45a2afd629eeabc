"""The load: speakers, receivers and rates, and the count of every arriving line.

The load is cheap, as it must not be the limit: a read of a socket is one recv_into and one count of line ends.
Only some receivers, the probes, look into the lines, for latency and for order; the lines of everybody are counted.
A few receivers of each target, the watchers, are read at once, and tell how many messages are in flight; the other
receivers of big channels are read every SWEEP_S, many lines at a time.
"""

from __future__ import annotations

import gc
import select
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from contrib.bench.people import Crowd, CrowdError

BODY = 100  # bytes of each message
STALL_S = 15.0  # without progress at the end: what has not arrived is missing
SWEEP_S = 0.01
WATCHERS = 2  # receivers of each target, so that one is left where the other speaks
_HEAD = b"%05d %08d %016x "
_PAD = b"x" * (BODY - 32)


class MissingError(Exception):
    """Deliveries are missing, twice or out of order: the run does not count."""


@dataclass(frozen=True)
class Target:
    """A channel or a nick, and the numbers of the people who hear a message to the target."""

    name: str
    members: frozenset[int]


@dataclass(frozen=True)
class Slot:
    """The turn of a sender: the script goes round the slots. A slot numbers its messages, so a probe sees a gap."""

    sender: int
    target: Target

    @property
    def fan(self) -> int:
        return len(self.target.members - {self.sender})


@dataclass(frozen=True)
class Pace:
    """Either a window of messages in flight, or a fixed rate of messages a second."""

    window: int = 0
    rate: int = 0


@dataclass
class Outcome:
    messages: int
    deliveries: int
    elapsed_s: float
    own_s: float  # CPU time of the load itself
    latencies_ns: list[int] = field(repr=False)


class Probe:
    """Reads the lines of a receiver: the time of sending of each line, and the order within the line's slot."""

    def __init__(self, nick: str, latencies: list[int]) -> None:
        self.nick = nick
        self.latencies = latencies
        self.seen: Counter[int] = Counter()
        self.rest = b""

    def feed(self, data: bytes, now: int) -> None:
        lines = (self.rest + data).split(b"\r\n")
        self.rest = lines.pop()
        for line in lines:
            body = line[-BODY:]
            if b" PRIVMSG " not in line:
                raise MissingError(f"{self.nick} heard something else: {line!r}")
            slot, number, sent = int(body[:5]), int(body[6:14]), int(body[15:31], 16)
            if number != self.seen[slot]:
                raise MissingError(f"{self.nick} heard message {number} of slot {slot}, after {self.seen[slot]} of it")
            self.seen[slot] = number + 1
            self.latencies.append(now - sent)


def watchers(script: Sequence[Slot]) -> set[int]:
    """Choose people so that each target has WATCHERS chosen people, or all members of the target."""
    chosen: set[int] = set()
    for target in {slot.target: None for slot in script}:
        lacking = WATCHERS - len(chosen & target.members)
        chosen.update(sorted(target.members - chosen)[: max(0, lacking)])
    return chosen


def has_echo(crowd: Crowd, slot: Slot) -> bool:
    """Whether the sender of the slot reads the own messages."""
    return crowd.people[slot.sender].has_echo


class Load:
    """Drives one crowd through a script of slots."""

    def __init__(self, crowd: Crowd, script: Sequence[Slot], probe_every: int) -> None:
        self.crowd = crowd
        self.script = script
        self.probe_every = probe_every
        self._prefixes = [f"PRIVMSG {slot.target.name} :".encode() for slot in script]
        self._fans = [slot.fan + has_echo(crowd, slot) for slot in script]  # lines that a message makes
        self._watching = watchers(script) | {person.number for person in crowd.people[::probe_every]}
        self._watched = [  # lines of a message that watchers read
            len(slot.target.members & self._watching - {slot.sender})
            + (has_echo(crowd, slot) and slot.sender in self._watching)
            for slot in script
        ]
        self._watchers = {crowd.people[number].socket.fileno() for number in self._watching}
        self._others = [p.socket.fileno() for p in crowd.people if p.number not in self._watching]
        self._sockets = {person.socket.fileno(): person.socket for person in crowd.people}
        self._unsent: dict[int, bytes] = {}  # by sender: what the kernel did not take

    def run(self, pace: Pace, seconds: float) -> Outcome:
        """Talk for a while, then wait for the last delivery. Raises MissingError and CrowdError."""
        self._counts = [0] * len(self.script)
        self._turn = self._sent = self._expected = self._received = 0
        self._owed = self._heard = 0  # lines of watchers
        self._got = dict.fromkeys(self._sockets, 0)
        self._latencies: list[int] = []
        people = self.crowd.people[:: self.probe_every]
        self._probes = {person.socket.fileno(): Probe(person.nick, self._latencies) for person in people}
        gc.disable()
        own = time.process_time()
        try:
            elapsed = self._talk(pace, seconds)
            own = time.process_time() - own
        finally:
            gc.enable()
        self._verify()
        echoes = sum(self._counts[at] for at, slot in enumerate(self.script) if has_echo(self.crowd, slot))
        return Outcome(self._sent, self._received - echoes, elapsed, own, self._latencies)

    def _talk(self, pace: Pace, seconds: float) -> float:
        buffer = bytearray(1 << 18)
        with select.epoll() as poll:
            for fd in self._watchers:
                poll.register(fd, select.EPOLLIN)
            began = moved = swept = time.perf_counter()
            while True:
                now = time.perf_counter()
                if now - swept > SWEEP_S:
                    swept = now
                    if self._sweep(buffer):
                        moved = now
                if now - began < seconds:
                    self._say(self._due(pace, now - began))
                elif self._received >= self._expected or now - moved > STALL_S:
                    elapsed = moved - began
                    self._read(poll.poll(0.1), buffer)  # a line too many would come now
                    self._sweep(buffer)
                    return elapsed
                # A fixed rate spins, as epoll cannot sleep for less than a millisecond; it has a core of its own.
                if events := poll.poll(0 if pace.rate else SWEEP_S, 8192):
                    self._read(events, buffer)
                    moved = time.perf_counter()

    def _due(self, pace: Pace, at_s: float) -> int:
        """Count the messages to send now."""
        if pace.rate:
            return int(at_s * pace.rate) + 1 - self._sent
        if not self._owed:
            return pace.window
        return pace.window - (self._owed - self._heard) * self._sent // self._owed

    def _say(self, count: int) -> None:
        turns: dict[int, list[bytes]] = {sender: [data] for sender, data in self._unsent.items()}
        self._unsent.clear()
        for _ in range(count):
            turn = self._turn
            head = _HEAD % (turn, self._counts[turn], time.perf_counter_ns())
            turns.setdefault(self.script[turn].sender, []).append(self._prefixes[turn] + head + _PAD + b"\r\n")
            self._counts[turn] += 1
            self._expected += self._fans[turn]
            self._owed += self._watched[turn]
            self._sent += 1
            self._turn = (turn + 1) % len(self.script)
        for sender, chunks in turns.items():
            data = b"".join(chunks)
            try:
                taken = self.crowd.people[sender].socket.send(data)
            except BlockingIOError:
                taken = 0
            if taken < len(data):
                self._unsent[sender] = data[taken:]

    def _read(self, events: list[tuple[int, int]], buffer: bytearray) -> None:
        sockets, got, probes = self._sockets, self._got, self._probes
        received = 0
        for fd, _ in events:
            size = sockets[fd].recv_into(buffer)
            if not size:
                raise CrowdError("the server cut a client in mid-run")
            lines = buffer.count(10, 0, size)
            got[fd] += lines
            received += lines
            if fd in probes:
                probes[fd].feed(bytes(memoryview(buffer)[:size]), time.perf_counter_ns())
        self._received += received
        self._heard += received

    def _sweep(self, buffer: bytearray) -> int:
        """Read everybody who is no watcher. Returns the number of lines."""
        sockets, got = self._sockets, self._got
        received = 0
        for fd in self._others:
            try:
                size = sockets[fd].recv_into(buffer)
            except BlockingIOError:
                continue
            if not size:
                raise CrowdError("the server cut a client in mid-run")
            lines = buffer.count(10, 0, size)
            got[fd] += lines
            received += lines
        self._received += received
        return received

    def _verify(self) -> None:
        """Compare the lines of each person with the lines of the script for this person."""
        said: Counter[Target] = Counter()
        own: Counter[int] = Counter()
        for slot, count in zip(self.script, self._counts, strict=True):
            said[slot.target] += count
            echoes = has_echo(self.crowd, slot)
            if slot.sender in slot.target.members:
                own[slot.sender] += 0 if echoes else count
            elif echoes:
                own[slot.sender] -= count
        due: Counter[int] = Counter()
        for target, count in said.items():
            for member in target.members:
                due[member] += count
        off = {
            person.nick: self._got[person.socket.fileno()] - (due[person.number] - own[person.number])
            for person in self.crowd.people
        }
        wrong = {nick: by for nick, by in off.items() if by}
        if wrong:
            first = ", ".join(f"{nick} {by:+d}" for nick, by in list(wrong.items())[:5])
            raise MissingError(
                f"{self._expected - self._received} of {self._expected} deliveries are missing; "
                f"{len(wrong)} people are wrong by: {first}"
            )
