"""Describes happenings in words, for the page of the ring. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from gateway.happenings import Happening
from gateway.words import counted, listed

KINDS: Final = {
    "channel": "channel", "nick": "nick", "account": "account", "session": "session", "conversation": "conversation",
    "guard": "password guard",
}  # fmt: skip
"""Kinds of groups in people's words, in the order of a sentence."""


AGAIN_S: Final = 10.0
"""The same happening, reported by several nodes within this time, is shown once."""

ONCE: Final = frozenset(("node_leaving", "node_left", "node_returned"))
"""Happenings that occur once in a life of a node."""

SHARED: Final = ONCE | {"node_dead", "node_alive", "level_raised"}
"""Happenings that every node notices."""

REMEMBERED: Final = 1000
"""The number of different happenings that are remembered, each with its latest TIMES times."""

TIMES: Final = 16


class Retold:
    """Knows the happenings that another node has already reported."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str, int, int], deque[float]] = {}

    def is_known(self, happening: Happening) -> bool:
        """Tell whether another node has reported this happening, and remember it. A node may report late."""
        if happening.event not in SHARED:
            return False
        event = "node_left" if happening.left else happening.event
        key = event, happening.peer, happening.life, happening.level
        times = self._told.setdefault(key, deque(maxlen=TIMES))
        is_once = event in ONCE and happening.life > 0  # older builds leave the life out
        if any(is_once or abs(happening.at - at) < AGAIN_S for at in times):
            return True
        times.append(happening.at)
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        return False


def told(key: str, happening: Happening, name_of: Callable[[str], str]) -> dict[str, Any]:
    """Write a happening in the form of /events. key: ring key of the node concerned. name_of: returns a node's name by
    ring key.
    """
    node = name_of(key)
    return {
        "at": round(happening.at, 3),
        "node": node,
        "event": happening.event,
        "peer": name_of(happening.peer) if happening.peer else None,
        "groups": happening.groups,
        "channels": list(happening.channels),
        "text": words(node, happening, name_of),
    }


def words(node: str, happening: Happening, name_of: Callable[[str], str]) -> str:
    """Describe a happening in words. node: the name of the node concerned. name_of: returns a node's name by ring
    key.
    """
    peer = name_of(happening.peer) if happening.peer else ""
    groups, time = _groups(happening), _time(happening.longest_ms)
    match happening.event:
        case "takeover":
            return f"{node} took over {groups}{f' from {peer}' if peer else ''}{time}"
        case "hand_off_received":
            return f"{peer} handed {groups} to {node}{time}"
        case "hand_off_failed":
            return f"{node} could not hand over {groups} and tries again"
        case "merge":
            return f"{node} merged the two sides of {groups} after a partition{time}"
        case "node_dead" if happening.left:
            return f"{peer} has stopped"
        case "node_left":
            return f"{peer} has stopped"
        case "node_dead":
            return f"{peer} is dead: the other nodes serve what {peer} mastered"
        case "node_alive":
            return f"{peer} is back: {node} hears {peer} again"
        case "node_returned":
            return f"{peer} is back: {peer} was started again"
        case "node_leaving":
            return f"{peer} is stopping, and hands over what {peer} masters"
        case "level_raised":
            return f"the network acts at feature level {happening.level} from now on"
        case "was_stopped":
            return f"{node} had stopped for a while and asks the others who serves its groups now"
        case _:
            return f"{node}: {happening.event}"


def _groups(happening: Happening) -> str:
    """List the groups: "3 channels (#a, #b and others) and 1 nick"."""
    kinds = [kind for kind in KINDS if happening.groups.get(kind)]
    others = sum(count for kind, count in happening.groups.items() if kind not in KINDS)
    parts = []
    for kind in kinds:
        part = counted(happening.groups[kind], KINDS[kind])
        if kind == "channel" and happening.channels:
            more = ["others"] if len(happening.channels) < happening.groups[kind] else []
            part += f" ({listed([*happening.channels, *more])})"
        parts.append(part)
    if others:
        parts.append(counted(others, "other group"))
    return listed(parts) if parts else "nothing"


def _time(ms: float) -> str:
    if ms <= 0:
        return ""
    return f" in {ms:.0f} ms" if ms < 1000 else f" in {ms / 1000:.1f} s"
