"""Bring a node into the network, from the first question to the first client.

Theory of operation. `StartUp` does no I/O: the driver (gateway/io/starting.py) calls begin(), then tick() several
times a second with the observations, and reports the results of Look and Probe. Every call returns the effects to carry
out, in order. The steps:

- LOOK: the directories are asked for their public lists, as anybody may ask. No other program hears of this node yet.
  An answer leads on, and so does START_FIND_S without an answer, for a node with a saved roster.
- PROBE: a few of the known nodes are visited as an admin client, to compare the network key and settings. A success, or
  no refusal, leads on: to ANNOUNCE, to MEET if no directory answers, or to FOLLOW if this node is the whole network. If
  nodes refuse and none lets the node in, the node goes back to LOOK.
- ANNOUNCE: the node listens for links, and the directories are told of the node. A whole list of a directory leads on.
- MEET: nodes that start together get to know each other for START_SETTLE_S; the other nodes are dialled. Refusals at
  links without any link end the process (END).
- FOLLOW: the node follows the network's own group, which holds the bans (P40), for at most START_FOLLOW_S.
- SERVE: clients are accepted.

A node without directories begins with PROBE. A node that directories or peers refuse stays before MEET, says what to
change, and looks again: nothing is routed to the node. A node without a roster and without an answer from a directory
waits, because the network may be there already: a saved roster, or any answer of a directory, an empty list too, ends
the wait.

Invariants. Clients are accepted in SERVE only, and links are dialled from MEET on. No step before ANNOUNCE tells a
directory of the node. `refused` is empty unless somebody refuses the node. `StartUp` alone writes all fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from random import Random
from typing import Any, Literal, NamedTuple

from ring.durations import (
    START_FIND_S,
    START_FOLLOW_S,
    START_LINK_S,
    START_LOOK_S,
    START_REFUSED_S,
    START_SAY_S,
    START_SETTLE_S,
)
from ring.membership.directory.leases import folded, place
from ring.membership.directory.query import Answered
from ring.roster import NodeRecord

PROBES = 8
"""At most this many of the known nodes are visited."""


class Step(Enum):
    """The steps of a start, in order: see the docstring of the module."""

    LOOK = auto()
    PROBE = auto()
    ANNOUNCE = auto()
    MEET = auto()
    FOLLOW = auto()
    SERVE = auto()
    END = auto()


class Seen(NamedTuple):
    """Tell the start-up the driver's observations. Directories are named by index."""

    granted: frozenset[int] = frozenset()  # directories that have given this node a lease
    rejected: Mapping[int, str] = {}  # directories that refuse this node -> why
    listed: bool = False  # some directory has given the whole list to this node
    linked: int = 0  # links that are up
    refusals: Mapping[str, str] = {}  # at links since the start: name of the peer -> reason
    following: bool = False  # the network's own group


class Look(NamedTuple):
    """Ask every directory for its public list, and report `looked`."""


class Probe(NamedTuple):
    """Visit these nodes as an admin client, and report `probed`."""

    records: tuple[NodeRecord, ...]


class Announce(NamedTuple):
    """Tell the directories of this node from now on.

    only: the indexes of the directories to tell; None: all directories, and the node listens for links from now on.
    """

    only: frozenset[int] | None


class Link(NamedTuple):
    """Dial the nodes of the roster."""


class Attend(NamedTuple):
    """Follow the network's own group."""


class Open(NamedTuple):
    """Accept clients."""


class Say(NamedTuple):
    """Write to the log."""

    level: Literal["info", "warning", "error"]
    event: str
    facts: dict[str, Any]


class End(NamedTuple):
    """End the process, and say why the node must not serve."""

    reason: str


Effect = Look | Probe | Announce | Link | Attend | Open | Say | End


class StartUp:
    """Run the start of one node. step: the current step."""

    def __init__(
        self, record: NodeRecord, network: str, directories: Sequence[str], saved: Sequence[NodeRecord], rng: Random
    ) -> None:
        """record: the own record. network: the network's name. directories: the directories' addresses. saved: the
        saved roster, the own record included once the node has been in the network; empty for a node that never was."""
        self.step = Step.LOOK
        self.refused: dict[str, str] = {}  # name of the refusing node -> why; empty if no node refuses
        self._me = record
        self._network = network
        self._directories = directories
        self._was_in = bool(saved)
        self._others = [one for one in saved if one.key != record.key and not one.leaving]
        self._rng = rng
        self._since = 0.0  # of this step
        self._began = 0.0
        self._due = float("inf")  # when to look again
        self._said: dict[str, tuple[object, float]] = {}  # event -> (facts, when)
        self._only: frozenset[int] | None = None
        self._answers = 0  # directories that answered the last look

    # Inputs ---------------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> list[Effect]:
        """Begin. Call first."""
        self._began = now
        if self._directories:
            return self._go(Step.LOOK, now, Look())
        return self._probe(now)

    def looked(self, answers: Sequence[Answered | None], now: float) -> list[Effect]:
        """Take the public list of each directory; None for a directory that did not answer."""
        if self.step not in (Step.LOOK, Step.ANNOUNCE):
            return []
        given = {index: answer for index, answer in enumerate(answers) if answer is not None}
        self._answers = len(given)
        others = sorted({answer.network for answer in given.values()} - {self._network})
        if others and all(answer.network in others for answer in given.values()):
            return self._refuse({"the directories": f"network.name: here {self._network}, there {others[0]}"}, now)
        if not given:
            return self._nobody_answers(now)
        if self.step is Step.ANNOUNCE:
            return self._looked_again(given)
        listed = {one.key: one for answer in given.values() for one in answer.nodes if one.key != self._me.key}
        self._others = [listed[key] for key in sorted(listed)] or self._others
        self._only = self._taken(given)
        return self._probe(now)

    def probed(self, fit: bool, refusals: Mapping[str, str], now: float) -> list[Effect]:
        """Take the results of the visits. fit: some node let this node in as an admin client. refusals: name of a
        refusing node -> reason."""
        if self.step is not Step.PROBE:
            return []
        if refusals and not fit:
            self.step = Step.LOOK
            return self._refuse(dict(refusals), now)
        self.refused = {}
        if self._answers:
            return self._go(Step.ANNOUNCE, now, Announce(self._only))
        if self._directories or self._others:  # no directory answers: the saved roster must do
            return [Announce(None), *self._meet(now)]
        return [Announce(None), *self._go(Step.FOLLOW, now, Attend())]  # this node is the whole network

    def tick(self, seen: Seen, now: float) -> list[Effect]:
        """Look at the driver's observations, and go on if the step is done or the time is up."""
        match self.step:
            case Step.LOOK | Step.ANNOUNCE if now >= self._due:
                self._due = float("inf")
                return [Look()] if self.step is Step.LOOK else [Look(), *self._announced(seen, now)]
            case Step.ANNOUNCE:
                return self._announced(seen, now)
            case Step.MEET if now - self._since >= START_SETTLE_S:
                return self._met(seen, now)
            case Step.FOLLOW:
                return self._followed(seen, now)
        return []

    # Steps ----------------------------------------------------------------------------------------------------------

    def _go(self, step: Step, now: float, *effects: Effect) -> list[Effect]:
        self.step, self._since, self._due = step, now, float("inf")
        return list(effects)

    def _taken(self, given: Mapping[int, Answered]) -> frozenset[int] | None:
        """Return the directories that will refuse this node; None if there is no such directory."""
        return frozenset(i for i, answer in given.items() if any(map(self._clashes, answer.nodes))) or None

    def _looked_again(self, given: Mapping[int, Answered]) -> list[Effect]:
        """Compare the new lists: the other node may have gone, and so may a directory that listed the other node."""
        before, self._only = self._only, self._taken(given) if self._only else None
        return [Announce(self._only)] if self._only != before else []

    def _clashes(self, record: NodeRecord) -> bool:
        """Tell whether a directory that lists this record will refuse this node: same ring key or name, but another
        node.

        Only such directories are told of this node until they have taken this node in. A directory that was started a
        moment ago may not list the other node yet: the directory would take this node in the other node's place.
        """
        if record.key == self._me.key:
            return place(record) != place(self._me)
        return folded(record.name) == folded(self._me.name)

    def _probe(self, now: float) -> list[Effect]:
        asked = self._rng.sample(self._others, min(PROBES, len(self._others)))
        self._go(Step.PROBE, now)
        return [Probe(tuple(asked))] if asked else self.probed(False, {}, now)

    def _nobody_answers(self, now: float) -> list[Effect]:
        self._due = now + START_LOOK_S
        if now - self._began < START_FIND_S:
            return []
        if self.step is Step.ANNOUNCE:
            return []
        if not self._was_in:
            return self._wait(now)
        said = self._say("warning", "no_directory_answers", now, waited_s=round(now - self._began, 1))
        return [*said, *self._probe(now)]

    def _wait(self, now: float) -> list[Effect]:
        reason = (
            "no directory answers, and there is no saved roster: this node cannot know whether its network is there. "
            "Start a directory, or correct `directories`"
        )
        return self._say("warning", "waiting_for_directory", now, reason=reason)

    def _announced(self, seen: Seen, now: float) -> list[Effect]:
        """Wait until directories have taken this node in. More refusals than leases mean that another node is there."""
        if len(seen.rejected) > len(seen.granted) or (self._only and seen.rejected):
            return self._refuse(
                {f"directory {self._directories[index]}": why for index, why in seen.rejected.items()}, now
            )
        if self._only is not None:
            if seen.granted >= self._only:  # the other node has gone
                self._only = None
                return [Announce(None)]
        elif seen.listed:
            return self._meet(now)
        if now - self._since < START_FIND_S or seen.granted:
            return []
        if self._due == float("inf"):
            self._due = now + START_LOOK_S
        if not self._answers:  # the last look found no living directory
            return self._meet(now) if self._was_in else self._wait(now)
        reason = (
            "the directories answer anybody's question, but not this node's: the key in network.key_file is not the "
            "network's key"
        )
        return self._refuse({"the directories": reason}, now)

    def _meet(self, now: float) -> list[Effect]:
        self.refused = {}
        return self._go(Step.MEET, now, Link())

    def _met(self, seen: Seen, now: float) -> list[Effect]:
        if seen.refusals and not seen.linked:
            if now - self._since < START_LINK_S:
                return []
            self.refused = dict(seen.refusals)
            return self._go(Step.END, now, End(_words(self.refused)))
        return self._go(Step.FOLLOW, now, Link(), Attend())

    def _followed(self, seen: Seen, now: float) -> list[Effect]:
        if seen.following:
            return self._go(Step.SERVE, now, Open())
        if now - self._since < START_FOLLOW_S:
            return []
        late = self._say("warning", "network_not_followed", now, waited_s=START_FOLLOW_S)
        return [*late, *self._go(Step.SERVE, now, Open())]

    # Words ----------------------------------------------------------------------------------------------------------

    def _refuse(self, refused: dict[str, str], now: float) -> list[Effect]:
        """Serve nobody, say what to change, and look again."""
        self.refused = refused
        self._due = min(self._due, now + START_REFUSED_S)
        return self._say("error", "start_refused", now, by=", ".join(sorted(refused)), reason=_words(refused))

    def _say(self, level: Literal["warning", "error"], event: str, now: float, **facts: Any) -> list[Effect]:
        """Log once, and again after a minute or when the facts have changed."""
        before, when = self._said.get(event, (None, 0.0))
        if before == facts and now - when < START_SAY_S:
            return []
        self._said[event] = (facts, now)
        return [Say(level, event, facts)]


def _words(refused: Mapping[str, str]) -> str:
    """List each reason once, with the directories or nodes that give the reason."""
    by: dict[str, list[str]] = {}
    for who, reason in refused.items():
        by.setdefault(reason, []).append(who)
    return "; ".join(f"{', '.join(sorted(who))}: {reason}" for reason, who in sorted(by.items()))
