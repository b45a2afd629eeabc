"""Happenings in words, for the page of the ring. No I/O."""

from __future__ import annotations

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
"""The same happening, told by several nodes within this time, is shown once."""

SHARED: Final = frozenset(("node_dead", "node_alive", "node_leaving", "level_raised"))
"""Happenings that every node finds by itself."""


class Retold:
    """Knows which happenings another node has told already."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str, int], float] = {}

    def is_known(self, happening: Happening) -> bool:
        """Whether another node has told this happening; remembers it. Happenings come nearly in order of time."""
        if happening.event not in SHARED:
            return False
        key = happening.event, happening.peer, happening.level
        before = self._at.get(key)
        self._at = {other: at for other, at in self._at.items() if abs(happening.at - at) < AGAIN_S}
        if before is not None and abs(happening.at - before) < AGAIN_S:
            return True
        self._at[key] = happening.at
        return False


def told(key: str, happening: Happening, name_of: Callable[[str], str]) -> dict[str, Any]:
    """A happening in the form of /events. key: ring key of the node to which this has happened. name_of: the name of a
    node, by its ring key."""
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
    """A happening in words. node: the name of the node to which this has happened. name_of: the name of a node, by its
    ring key."""
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
        case "node_dead":
            return f"{peer} is dead: the other nodes serve what {peer} mastered"
        case "node_alive":
            return f"{peer} is back: {node} hears {peer} again"
        case "node_leaving":
            return f"{peer} is stopping, and hands over what {peer} masters"
        case "level_raised":
            return f"the network acts at feature level {happening.level} from now on"
        case "was_stopped":
            return f"{node} had stopped for a while and asks the others who serves its groups now"
        case _:
            return f"{node}: {happening.event}"


def _groups(happening: Happening) -> str:
    """3 channels (#a, #b and others) and 1 nick"""
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
