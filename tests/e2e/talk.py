"""Several people talk in one channel from several nodes, in numbered lines, while the network suffers."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.e2e.network import Client, Network

CHANNEL = "#erlang"


class Talk:
    """People with echo-message, one per node number given; the first is the channel's operator."""

    def __init__(self, network: Network, *numbers: int) -> None:
        self.network = network
        self.people = {number: network.client(number, f"p{number}", "echo-message") for number in numbers}
        self.said: list[str] = []
        self.rounds = 0
        for person in self.people.values():
            person.send(f"JOIN {CHANNEL}")
            person.expect(f" 366 {person.nick} {CHANNEL} ")
        first = self.people[numbers[0]]
        first.send(f"TOPIC {CHANNEL} :kept", f"MODE {CHANNEL} +b troll!*@*", f"MODE {CHANNEL} +v p{numbers[-1]}")
        first.sync()
        self.round()

    def round(self) -> None:
        """Everybody says a line, all at once; then each person waits for a PONG."""
        self.rounds += 1
        for person in self.people.values():
            text = f"{person.nick}-{self.rounds}"
            self.said.append(text)
            person.send(f"PRIVMSG {CHANNEL} :{text}")
        for person in self.people.values():
            person.sync()

    def on_while(self, going: Callable[[], bool]) -> None:
        while going():
            self.round()

    def on_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.on_while(lambda: time.monotonic() < end)

    def without(self, number: int) -> Client:
        """The person's node is about to go. The person talks no more, and has read every earlier line."""
        self.settled()
        return self.people.pop(number)

    def settled(self) -> None:
        """Everybody has read every earlier line. A PONG proves only that the words of the asking person have reached
        the others' sockets, so each person reads on to one more PONG when all have had a PONG.
        """
        for _ in range(2):
            for person in self.people.values():
                person.sync()

    def check(self, *, one_order: bool = True) -> None:
        """Nothing lost, nothing twice, one order, and the same channel for everybody."""
        self.settled()
        heard = {person.nick: person.heard(CHANNEL) for person in self.people.values()}
        for nick, lines in heard.items():
            assert sorted(lines) == sorted(set(lines)), f"{nick} heard twice: {lines}"
            mine = [line for line in self.said if line in lines or line.partition("-")[0] in heard]
            missing = [line for line in mine if line not in lines]
            assert not missing, f"{nick} never heard {missing}"
        if one_order:
            lines = list(heard.values())
            common = set(lines[0]).intersection(*lines[1:])
            assert len({tuple(line for line in mine if line in common) for mine in lines}) == 1, heard
        for person in self.people.values():
            assert self.looks(person) == self.looks(next(iter(self.people.values())))

    def looks(self, person: Client) -> dict[str, object]:
        """Topic, modes, bans and members as the person is told now."""
        seen = len(person.got)
        person.send(f"TOPIC {CHANNEL}", f"MODE {CHANNEL}", f"MODE {CHANNEL} b", f"NAMES {CHANNEL}")
        person.sync()
        answers = [line.split(" ") for line in person.got[seen:]]
        told = {numeric: [" ".join(words[3:]) for words in answers if words[1] == numeric] for numeric in NUMERICS}
        names = sorted(name for line in told.pop("353") for name in line.partition(":")[2].split())
        return {**told, "names": names}

    def quits(self) -> list[str]:
        return [line for person in self.people.values() for line in person.got if " QUIT " in line]


NUMERICS = ("332", "324", "367", "353")
