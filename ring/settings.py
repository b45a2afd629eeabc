"""How the group engine is set: the same on all nodes of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ring.ids import GroupId
from ring.membership.peers import RingSettings


class Settings(NamedTuple):
    """Set the limits of one node's engine. Times in seconds.

    dead_after_s: silence that counts as death. grace_s: how long the members of a dead edge may return. keep_s: age
    above which lines are shown to nobody; 0: no limit. keep_own_s: the same, for groups with a limit of their own.
    """

    ring: RingSettings = RingSettings()
    dead_after_s: float = 5.0
    grace_s: float = 30.0
    heartbeat_s: float = 1.0
    settle_max_s: float = 10.0
    hand_off_after_s: float = 1.0
    check_every_s: float = 5.0
    keep_s: float = 0.0
    keep_own_s: Mapping[GroupId, float] = {}
