"""The modes and lists of a channel: the part of the state that MODE changes, but for the ranks of members."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from gateway.irc.casemapping import Casemap
from gateway.irc.flood_limits import FloodLimits, read_limits
from gateway.irc.mode_params import Rate, read_rate
from gateway.irc.modes import CHANNEL_MODES
from gateway.state.channel.judging_messages import Knocked
from gateway.state.channel.lists import MaskList
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.snapshot import TOMBSTONES
from gateway.state.channel.tally import Tally
from ring.replication.state_machine import StateBase

STRICT = frozenset("CMT")
"""The modes by which a channel judges what is said, beside +m and the bans: see saying.py."""

NO_TIMES: deque[int] = deque(maxlen=0)
"""Nobody has knocked: shared by most channels."""

KNOCKERS = 100
"""The most people whose last knock a channel remembers."""

_T = TypeVar("_T")


def bury(tombstones: dict[str, _T], name: str, one: _T, most: int = TOMBSTONES) -> None:
    """Remember something that is gone. The oldest go first."""
    tombstones.pop(name, None)
    tombstones[name] = one
    if len(tombstones) > most:
        del tombstones[next(iter(tombstones))]


class ModeState(StateBase):
    """The modes and lists of a channel. A subclass begins with `clear_modes`.

    Only this class changes `modes`, `params` and what follows from these.
    """

    def __init__(self, casemap: Casemap) -> None:
        self._casemap = casemap
        self.tally: Tally | None = None  # None while no mode limits a rate
        self.flood: FloodLimits | None = None  # of +F
        self.knocks: deque[int] = NO_TIMES  # times of the last knocks, Unix ms; counted as in tally.py
        self.knocked: dict[str, int] = {}  # uid -> time of the last knock

    def clear_modes(self) -> None:
        """Forget all modes and lists."""
        self.take_modes(set())
        self.take_params({})
        self.lapses: dict[str, int] = {}  # letter of a mode that +F has set -> Unix ms when the mode ends
        self.key: str | None = None
        self.limit: int | None = None
        self.lists = {letter: MaskList(self._casemap) for letter in CHANNEL_MODES.lists}
        self.written: dict[str, int] = {}  # mode letter -> Unix ms of the last change, for a merge (P26)
        self.lifted: dict[str, int] = {}  # list letter and mask -> time of the removal, Unix ms

    def take_modes(self, modes: set[str]) -> None:
        """Take other modes without a parameter."""
        self.modes = modes
        self._note_strictness()

    def _note_strictness(self) -> None:
        self.strict = self.flood is not None or not self.modes.isdisjoint(STRICT)  # most channels are not

    def take_params(self, params: dict[str, str]) -> None:
        """Take other parameters of modes, but for k and l. Counting begins with the first mode that limits a rate."""
        self.params = params
        self.join_rate: Rate | None = read_rate(params["j"]) if "j" in params else None
        self.flood = read_limits(params["F"]) if "F" in params else None
        self._note_strictness()
        if self.join_rate is None and self.flood is None:
            self.tally = None
        elif self.tally is None:
            self.tally = Tally()

    def set_mode(self, change: ModeChange, source: str, at: int) -> None:
        """Change a mode or a list. source: nick!user@host of the person that makes the change. at: Unix ms."""
        letter, param, adding = change.letter, change.param, change.adding
        if letter in self.lists:
            if param is not None:
                self._set_mask(letter, change.stored or param, source, at, adding=adding)
        elif letter in CHANNEL_MODES.flags:
            self.set_flag(letter, at, adding=adding)
        elif letter == "l":
            self.limit = int(param) if adding and param else None
            self.written[letter] = at
        elif letter == "k":
            self.key = param if adding else None
            self.written[letter] = at
        elif letter in CHANNEL_MODES.when_set:
            kept = {known: value for known, value in self.params.items() if known != letter}
            self.take_params({**kept, letter: param} if adding and param else kept)
            self.written[letter] = at

    def note_knock(self, event: Knocked, at: int) -> bool:
        if self.knocks is NO_TIMES:
            self.knocks = deque(maxlen=KNOCKERS)
        self.knocks.append(at)
        bury(self.knocked, event.uid, at, KNOCKERS)
        return False

    def set_flag(self, letter: str, at: int, *, adding: bool) -> None:
        self.take_modes(self.modes | {letter} if adding else self.modes - {letter})
        self.written[letter] = at
        self.lapses.pop(letter, None)

    def _set_mask(self, letter: str, mask: str, source: str, at: int, *, adding: bool) -> None:
        entries = self.lists[letter]
        if adding:
            entries.add(mask, source, at)
            self.lifted.pop(letter + entries.key(mask), None)
        else:
            entries.remove(mask)
            bury(self.lifted, letter + entries.key(mask), at)
