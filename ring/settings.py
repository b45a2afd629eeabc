"""How the group engine is set, the same on all nodes of a network, and the durations that follow from the settings.

Durations that no operator sets are in durations.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ring.durations import REST_S
from ring.ids import GroupId
from ring.membership.peers import RingSettings


class Settings(NamedTuple):
    """Set the limits of one node's engine. Times in seconds.

    dead_after_s: silence that counts as death. grace_s: how long the members of a dead edge may return. keep_s: age
    above which lines are shown to nobody; 0: no limit. keep_own_s: the same, for groups with a limit of their own.
    """

    ring: RingSettings
    dead_after_s: float
    grace_s: float
    heartbeat_s: float
    settle_max_s: float
    hand_off_after_s: float
    check_every_s: float
    keep_s: float
    keep_own_s: Mapping[GroupId, float]

    @property
    def lately_s(self) -> float:
        """A node that was heard within this time lives, by the word of whoever heard the node (P19)."""
        return self.dead_after_s / 2

    @property
    def stopped_after_s(self) -> float:
        """A node whose timers have not run for longer asks its peers before it serves a group again (P20)."""
        return self.dead_after_s - 2 * self.heartbeat_s

    @property
    def rest_s(self) -> float:
        """The timers of a node run this often at least: a longer stop of the node has to be noticed (P20)."""
        return min(REST_S, self.stopped_after_s / 3)

    @property
    def log_keep_s(self) -> float:
        """Logs keep at least the messages of this time: of a death, and of the people's way back (P16)."""
        return self.dead_after_s + self.grace_s

    @property
    def origin_keep_s(self) -> float:
        """The numbers of an origin are kept for this time after the origin's life has ended (P8)."""
        return self.grace_s + 2 * self.dead_after_s

    @property
    def prepare_wait_s(self) -> float:
        """A node that was asked for its replica and has not answered for longer is asked no longer (P14)."""
        return self.dead_after_s + 1.0
