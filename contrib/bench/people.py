"""A crowd of plain IRC clients on non-blocking sockets: connecting, registering and joining."""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Callable, Sequence

QUIET_S = 150.0  # without a byte from a server that owes us some; a SYN that was dropped often comes again after 64 s
JOINS = 20  # channels that a line names: a line has at most 510 bytes
CALM_S = 3.0  # after the last line: what linked servers tell each other is on its way for a while

_REFUSED = re.compile(rb"^(?:@\S+ )?\S+ 4\d\d .*", re.MULTILINE)


class CrowdError(Exception):
    """The server refused, cut or forgot a person; the text names the person and the server's words."""


class Person:
    """A client. `step` holds the next event for which the client waits before the talk."""

    def __init__(
        self, number: int, address: tuple[str, int], channels: Sequence[str], caps: frozenset[str] = frozenset()
    ) -> None:
        self.nick = f"u{number:05d}"
        self.wishes = caps  # the client asks for those of these capabilities that the server offers
        self.offered: set[str] = set()
        self.has_echo = False
        self.number = number
        self.address = address
        self.channels = channels
        self.waits = len(channels)  # names lists still to end
        self.step: Callable[[bytes], bool] = self._register
        self.rest = b""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def dial(self) -> None:
        self.socket.connect_ex(self.address)

    def greet(self) -> None:
        start = ["CAP LS 302"] if self.wishes else []
        self._say(*start, f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}")

    def ping(self) -> None:
        """Send a PING; `step` ends with the PONG, and the server sends all earlier lines before the PONG."""
        self.step = self._ponged
        self._say("PING sync")

    def say_everywhere(self) -> None:
        self._say(*(f"PRIVMSG {channel} :hello" for channel in self.channels))

    def hear(self) -> bool:
        """Read once. True as soon as the present step has ended."""
        data = self.rest + self.drain()
        if self.step == self._joined:
            return self._count_joined(data)
        lines = data.split(b"\r\n")
        self.rest = lines.pop()
        ended = [self.step(line) for line in lines]  # every line, also after the step has ended
        return any(ended)

    def drain(self) -> bytes:
        """Read once without a look at the lines."""
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            raise CrowdError(f"{self.nick} was cut off: {error}") from error
        if not data:
            raise CrowdError(f"{self.nick} was cut; the last words: {self.rest[-200:]!r}")
        return data

    def _say(self, *lines: str) -> None:
        self.socket.send("".join(f"{line}\r\n" for line in lines).encode())

    def _register(self, line: bytes) -> bool:
        """Wait for the end of the MOTD, and answer a PING that comes before."""
        if line.startswith(b"@"):
            line = line.partition(b" ")[2]
        word = line.split(b" ", 2)[1] if line.startswith(b":") else line.split(b" ", 1)[0]
        if word in (b"376", b"422"):
            self.step = self._joined
            if not self.channels:
                return True
            for start in range(0, len(self.channels), JOINS):
                self._say("JOIN " + ",".join(self.channels[start : start + JOINS]))
        elif word == b"PING":
            self._say("PONG " + line.split(b" ", 1)[1].decode())
        elif word == b"CAP":
            self._negotiate(line.decode().split(" "))
        elif word == b"ERROR" or word[:1] in (b"4", b"5"):
            raise CrowdError(f"{self.nick} was refused: {line!r}")
        return False

    def _negotiate(self, words: list[str]) -> None:
        """Ask for the wished capabilities among the offered ones. words: of a CAP line. "*": more lines come."""
        names = {word.lstrip(":").partition("=")[0] for word in words[4:]}
        if words[3] == "LS":
            self.offered |= names
            if "*" not in names:
                wanted = sorted(self.wishes & self.offered)
                self._say(f"CAP REQ :{' '.join(wanted)}" if wanted else "CAP END")
        elif words[3] == "ACK":
            self.has_echo = "echo-message" in names
            self._say("CAP END")
        else:
            raise CrowdError(f"{self.nick} may not have the capabilities: {' '.join(words)}")

    def _joined(self, line: bytes) -> bool:
        return self._count_joined(line + b"\r\n")

    def _count_joined(self, data: bytes) -> bool:
        """Count the ends of names lists, all lines at once: each newcomer hears of many others meanwhile."""
        end = data.rfind(b"\n") + 1
        self.rest = data[end:]
        self.waits -= data.count(b" 366 ", 0, end)
        if refused := _REFUSED.search(data, 0, end):
            raise CrowdError(f"{self.nick} could not join: {refused[0]!r}")
        return self.waits <= 0

    def _ponged(self, line: bytes) -> bool:
        return b" PONG " in line and line.endswith(b"sync")


class Crowd:
    """The people of a workload on the servers of a subject, spread evenly over the addresses."""

    def __init__(
        self,
        addresses: Sequence[tuple[str, int]],
        channels_of: Sequence[Sequence[str]],
        caps: frozenset[str] = frozenset(),
    ) -> None:
        self.people = [Person(n, addresses[n % len(addresses)], own, caps) for n, own in enumerate(channels_of)]

    def enter(self, at_once: int, dialling: int = 1024) -> float:
        """Connect, register and join, at most `at_once` people at a time. Returns the duration in seconds.

        dialling: at most so many people have dialled and heard nothing so far. So the server's backlog never overflows.
        """
        began = time.perf_counter()
        waiting = list(reversed(self.people))
        inside: set[int] = set()
        heard: set[int] = set()
        by_fd = {person.socket.fileno(): person for person in self.people}
        with select.epoll() as poll:
            dialled = 0
            while len(inside) < len(by_fd):
                while waiting and dialled - len(inside) < at_once and dialled - len(heard) < dialling:
                    person = waiting.pop()
                    person.dial()
                    poll.register(person.socket.fileno(), select.EPOLLOUT)
                    dialled += 1
                events = poll.poll(QUIET_S)
                if not events:
                    raise CrowdError(f"{len(by_fd) - len(inside)} of {len(by_fd)} people wait in vain to get in")
                for fd, event in events:
                    person = by_fd[fd]
                    if event & select.EPOLLOUT:
                        _check_connected(person)
                        poll.modify(fd, select.EPOLLIN)
                        person.greet()
                        continue
                    if fd in inside:
                        person.drain()
                        continue
                    heard.add(fd)
                    if person.hear():
                        inside.add(fd)
        return time.perf_counter() - began

    def settle(self) -> None:
        """Wait until everybody has had a PONG and no line comes for a moment. Later lines are of the measurement."""
        for person in self.people:
            person.ping()
        owing = {person.socket.fileno() for person in self.people}
        by_fd = {person.socket.fileno(): person for person in self.people}
        with select.epoll() as poll:
            for fd in by_fd:
                poll.register(fd, select.EPOLLIN)
            while True:
                events = poll.poll(QUIET_S if owing else CALM_S)
                if not events:
                    break
                for fd, _ in events:
                    if by_fd[fd].hear():
                        owing.discard(fd)
        if owing:
            raise CrowdError(f"{len(owing)} people had no PONG within {QUIET_S:.0f} s")

    def say_everywhere(self) -> None:
        """Let each person say a line in each channel of the person. `settle` waits until all lines are said."""
        for person in self.people:
            person.say_everywhere()

    def close(self) -> None:
        for person in self.people:
            person.socket.close()


def _check_connected(person: Person) -> None:
    if error := person.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise CrowdError(f"{person.nick} could not connect: error {error}")
