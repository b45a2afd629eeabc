"""Guests on all nodes talk to each other in private, while the network suffers (P32, P49)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.sim.chaos import WANTED, Story
from tests.sim.checks import CHECKS, own_order

BURST = 4
"""At most so many lines are said to one person at once."""


class WhisperStory(Story):
    """A story of people who talk, as any other, but most of the talk is private."""

    def act(self) -> None:
        person, chance = self.chance.choice(self.people), self.chance
        if person.closed is not None or not person.node.up or person.node is self.silent:
            return
        act = chance.random()
        if act < 0.75:
            other = chance.choice([other for other in self.people if other is not person])
            for _ in range(chance.randint(1, BURST)):
                person.whisper(other)
        elif act < 0.80:
            person.say()
        elif act < 0.95:
            person.ping()
        elif act < 0.96:
            person.send(f"AWAY {chance.choice(('', ':tea'))}")
        elif act < 0.99:
            person.send(f"NICK {person.nick}{chance.choice('abc')}", f"NICK {person.nick}")
        else:
            person.send(f"NICK {chance.choice(WANTED)}")


def letters_come(story: WhisperStory) -> Iterator[str]:
    """Every message echoed to its speaker was read, if the reader kept nick and node."""
    here = [person for person in story.here() if not (person.put_out or person.is_renamed)]
    for person in here:
        for text, other in person.letters:
            if text in person.echoed - other.read_in_private and other in here:
                yield f"{other.nick} never read {text}"


def letters_are_answered(story: WhisperStory) -> Iterator[str]:
    """No private message waits for an answer."""
    for node in story.net.nodes.values():
        if node.up and node.core.edge.direct.remote.is_busy:
            yield f"{node.name}: private messages wait"


def own_order_on_one_side(story: WhisperStory) -> Iterator[str]:
    """One person's messages are read in order, unless logs have parted: a node follows no nick's group of other nodes,
    so after a partition the node may tell the master of the other side before both logs are one (seed 155).
    """
    if not story.forked:
        yield from own_order(story)


WHISPER_CHECKS: tuple[Callable[[WhisperStory], Iterator[str]], ...] = (
    *(promise for promise in CHECKS if promise is not own_order), own_order_on_one_side, letters_come,
    letters_are_answered,
)  # fmt: skip
