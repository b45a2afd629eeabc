"""Ask the directories the public's questions, which need no key: the live nodes, and the nodes refused lately."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from ring.durations import LIST_RETRY_S
from ring.membership.directory.client import Send
from ring.membership.directory.datagrams import (
    VERSION,
    Ask,
    AskRefused,
    Cookie,
    Denial,
    Denials,
    Dropped,
    Listed,
    Listing,
    pack,
    unpack,
)
from ring.roster import MAX_NODES, NodeRecord, is_sane, newer


class Answered(NamedTuple):
    """A directory's public list, and the name of the network that the directory serves."""

    network: str
    nodes: Sequence[NodeRecord]


class _Asked:
    """Keep the progress of the question at one directory."""

    def __init__(self, nonce: int) -> None:
        self.nonce = nonce
        self.cookie = b""
        self.after = ""
        self.due = 0.0
        self.tries = 0
        self.nodes: list[Listed] = []
        self.network = ""
        self.done = False
        self.problem = "no answer"


class _Question(ABC):
    """Ask each directory until the directory has answered: first for a cookie, then with the cookie."""

    def __init__(self, directories: int, rng: Random) -> None:
        """rng: unpredictable (SystemRandom), so that nobody off the path can answer."""
        self._asked = [_Asked(rng.getrandbits(62)) for _ in range(directories)]

    @property
    def finished(self) -> bool:
        return all(asked.done for asked in self._asked)

    def tick(self, now: float) -> list[Send]:
        """Ask the directories without an answer, at growing intervals. Call a few times a second."""
        return [self._ask(index, now) for index, asked in enumerate(self._asked) if not asked.done and now >= asked.due]

    def receive(self, data: bytes, directory: int, now: float) -> list[Send]:
        """Take a datagram from this directory's address."""
        asked = self._asked[directory]
        try:
            answer = unpack(data)
        except Dropped as drop:
            if drop.reason == "version":
                asked.problem = f"speaks version {drop.version} of the protocol, this program {VERSION}"
            return []
        if not isinstance(answer, Cookie | Listing | Denials) or answer.nonce != asked.nonce or asked.done:
            return []
        if not isinstance(answer, Cookie):
            return [self._ask(directory, now)] if self._take(asked, answer) else []
        if asked.cookie == answer.cookie:
            return []
        asked.cookie, asked.tries = answer.cookie, 0
        return [self._ask(directory, now)]

    def _ask(self, directory: int, now: float) -> Send:
        asked = self._asked[directory]
        asked.due = now + LIST_RETRY_S * 1.5 ** min(asked.tries, 16)
        asked.tries += 1
        return Send(directory, pack(self._question(asked)))

    @abstractmethod
    def _question(self, asked: _Asked) -> Ask | AskRefused: ...

    @abstractmethod
    def _take(self, asked: _Asked, answer: Listing | Denials) -> bool:
        """Keep an answer, and note whether the answer was the last. Returns whether to ask on at once."""


class Query(_Question):
    """Ask each directory for the whole list, and merge the lists. A list ends at MAX_NODES."""

    def __init__(self, directories: int, rng: Random) -> None:
        super().__init__(directories, rng)
        self.network: str | None = None  # as the directories name the network

    @property
    def answered(self) -> bool:
        """Tell whether some directory has given a whole list."""
        return any(asked.done for asked in self._asked)

    @property
    def problems(self) -> dict[int, str]:
        """Return the problems of the directories that gave no whole list."""
        return {index: asked.problem for index, asked in enumerate(self._asked) if not asked.done}

    def lists(self) -> list[Answered | None]:
        """Return the whole list of each directory; None for a directory without a whole list so far."""
        return [
            Answered(asked.network, [listed.record for listed in asked.nodes]) if asked.done else None
            for asked in self._asked
        ]

    def nodes(self) -> list[Listed]:
        """Return the nodes known by now, by ring key: the newest record of each, and the time since last heard."""
        best: dict[str, Listed] = {}
        for asked in self._asked:
            for node in asked.nodes:
                known = best.get(node.record.key)
                same = known is not None and known.record == node.record
                if known is None or newer(node.record, known.record) or (same and node.age_s < known.age_s):
                    best[node.record.key] = node
        return [best[key] for key in sorted(best)]

    def _question(self, asked: _Asked) -> Ask:
        return Ask(asked.nonce, asked.cookie, asked.after)

    def _take(self, asked: _Asked, answer: Listing | Denials) -> bool:
        if not isinstance(answer, Listing):
            return False
        nodes = [
            node
            for node in answer.nodes
            if is_sane(node.record) and node.record.key > asked.after and 0 <= node.age_s < 2**53
        ]
        asked.nodes += nodes[: MAX_NODES - len(asked.nodes)]
        if answer.network.isprintable():
            self.network = asked.network = answer.network[:128]
        if answer.after > asked.after and nodes and len(asked.nodes) < MAX_NODES:
            asked.after, asked.tries = answer.after, 0
            return True
        asked.done = answer.after == "" or len(asked.nodes) >= MAX_NODES
        return False


class DenialQuery(_Question):
    """Ask each directory for the nodes refused lately. Builds of feature level 0 do not answer."""

    def __init__(self, directories: int, rng: Random) -> None:
        super().__init__(directories, rng)
        self.found: set[Denial] = set()

    def _question(self, asked: _Asked) -> AskRefused:
        return AskRefused(asked.nonce, asked.cookie)

    def _take(self, asked: _Asked, answer: Listing | Denials) -> bool:
        if isinstance(answer, Denials):
            asked.done = True
            self.found |= {one for one in answer.nodes if f"{one.key}{one.name}{one.ip}{one.reason}".isprintable()}
        return False
