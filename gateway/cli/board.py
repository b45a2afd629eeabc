"""The board of `circlet top`: tables of nodes and channels, and views of a single node or channel. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gateway.admin_clients.requests import Load, Problem, Traced
from gateway.load import Busy

Pane = Literal["nodes", "channels"]

SORTS: Final = ("rate", "members", "name", "lag")
"""The orders of the channels; the key `s` chooses the next order."""

HELP: Final = "q quit   s sort   tab other table   up, down choose   enter detail   esc back"

WIDE: Final = 118
MIDDLE: Final = 78
NARROW: Final = 44
"""Columns of a terminal for all facts of a node, most facts, or the main facts."""


class Rates(NamedTuple):
    """Rates per second, between the last two looks at a node. None before the second look."""

    lines_received: float
    lines_sent: float
    bytes_received: float
    bytes_sent: float


class Channel(NamedTuple):
    """A channel, and the name of the channel's master."""

    busy: Busy
    master: str


class NodeSeen:
    """The last looks at a node. problem: the reason if the node does not answer now."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.load: Load | None = None
        self.rates: Rates | None = None
        self.problem = ""

    def heard(self, now: Load) -> None:
        before, self.load, self.problem = self.load, now, ""
        self.rates = _rates(before, now) if before is not None else None


def _rates(before: Load, now: Load) -> Rates | None:
    """Return None if the node has started anew between the looks."""
    took_s = now.at - before.at
    if took_s <= 0 or before.status.incarnation != now.status.incarnation:
        return None
    return Rates(
        (now.lines_received - before.lines_received) / took_s,
        (now.lines_sent - before.lines_sent) / took_s,
        (now.bytes_received - before.bytes_received) / took_s,
        (now.bytes_sent - before.bytes_sent) / took_s,
    )


class Board:
    """names: ring key -> node name; the caller adds new names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.nodes: dict[str, NodeSeen] = {}  # by ring key
        self.sort: str = SORTS[0]
        self.pane: Pane = "channels"
        self.chosen = 0  # row of the pane
        self.detail: str | None = None  # the shown channel (name) or node (ring key), if only one is shown
        self._names = names
        self._traced: dict[str, Traced | Problem] = {}  # ring key -> the node's part in the shown channel

    # What nodes say -------------------------------------------------------------------------------------------------

    def heard(self, key: str, answer: Load | Problem) -> None:
        node = self.nodes.setdefault(key, NodeSeen(self.name(key)))
        node.name = self.name(key)
        if isinstance(answer, Load):
            node.heard(answer)
        else:
            node.problem = answer.text

    def traced(self, key: str, answer: Traced | Problem) -> None:
        """Take the node's part in the shown channel."""
        self._traced[key] = answer

    @property
    def traced_channel(self) -> str | None:
        """The name of the shown channel, if only one channel is shown."""
        return self.detail if self.pane == "channels" else None

    # What is shown of it --------------------------------------------------------------------------------------------

    def name(self, key: str) -> str:
        return self._names.get(key, key)

    def node_rows(self) -> list[tuple[str, NodeSeen]]:
        return sorted(self.nodes.items(), key=lambda item: item[1].name)

    def channel_rows(self) -> list[Channel]:
        """List the busiest channels of all nodes that answer, sorted."""
        found = [
            Channel(busy, node.name)
            for node in self.nodes.values()
            if node.load is not None and not node.problem
            for busy in node.load.channels
        ]
        keys: dict[str, Callable[[Channel], Any]] = {
            "rate": lambda one: (-one.busy.rate, -one.busy.members, one.busy.name),
            "members": lambda one: (-one.busy.members, one.busy.name),
            "name": lambda one: one.busy.name,
            "lag": lambda one: (-one.busy.lag, one.busy.name),
        }
        return sorted(found, key=keys[self.sort])

    # Keys -----------------------------------------------------------------------------------------------------------

    def press(self, key: str) -> bool:
        """Handle a key. Returns whether the program has to end."""
        if key == "q":
            return True
        rows = self._row_names()
        if key == "s":
            self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        elif key == "tab" and self.detail is None:
            self.pane, self.chosen = ("channels" if self.pane == "nodes" else "nodes"), 0
        elif key in ("up", "k"):
            self.chosen = max(self.chosen - 1, 0)
        elif key in ("down", "j"):
            self.chosen = min(self.chosen + 1, max(len(rows) - 1, 0))
        elif key == "enter" and self.detail is None and rows:
            self.detail, self._traced = rows[min(self.chosen, len(rows) - 1)], {}
        elif key == "esc":
            self.detail = None
        return False

    def _row_names(self) -> list[str]:
        if self.pane == "nodes":
            return [key for key, _ in self.node_rows()]
        return [channel.busy.name for channel in self.channel_rows()]

    # Looks ----------------------------------------------------------------------------------------------------------

    def picture(self, width: int, height: int = 0) -> RenderableType:
        """Draw the board for a terminal of this size. With height 0 (a pipe) draw all rows, without a chosen row."""
        if self.detail is not None:
            alone = self._channel_alone(self.detail) if self.pane == "channels" else self._node_alone(self.detail)
            return Group(alone, Text(HELP, style="dim", no_wrap=True, overflow="crop"))
        nodes = self._nodes(width, chosen=height > 0 and self.pane == "nodes")
        room = max(height - len(self.nodes) - 8, 3) if height else 0
        channels = self._channels(width, room, chosen=height > 0 and self.pane == "channels")
        footer = [Text(HELP, style="dim", no_wrap=True, overflow="crop")] if height else []
        return Group(nodes, channels, *footer)

    def _nodes(self, width: int, *, chosen: bool) -> Table:
        many = len(NODE_COLUMNS) if width >= WIDE else 7 if width >= MIDDLE else 4 if width >= NARROW else 1
        columns = NODE_COLUMNS[:many]
        made = _table("node", *(head for head, _ in columns))
        for index, (_, node) in enumerate(self.node_rows()):
            style = "reverse" if chosen and index == self.chosen else "red" if node.problem else ""
            name = node.name if width >= WIDE else node.name.partition(".")[0]
            if node.load is None or node.problem:
                made.add_row(Text(name), Text("no answer"), style=style)
            else:
                made.add_row(Text(name), *(Text(cell(node, node.load)) for _, cell in columns), style=style)
        return made

    def _channels(self, width: int, room: int, *, chosen: bool) -> Table:
        """Draw the table of channels. room: the number of rows; 0 for all rows."""
        rows = self.channel_rows()
        first = max(min(self.chosen - room + 1, len(rows) - room), 0) if room and chosen else 0
        many = 5 if width >= NARROW else 2
        made = _table(*(f"channel, by {self.sort}", "entries/s", "members", "lag", "master")[:many])
        for index, (busy, master) in list(enumerate(rows))[first : first + room if room else None]:
            style = "reverse" if chosen and index == self.chosen else ""
            master = master if width >= MIDDLE else master.partition(".")[0]
            cells = (busy.name, f"{busy.rate:g}", str(busy.members), str(busy.lag), master)
            made.add_row(*(Text(cell) for cell in cells[:many]), style=style)
        return made

    def _node_alone(self, key: str) -> RenderableType:
        node = self.nodes.get(key)
        if node is None or node.load is None:
            return Text(f"{self.name(key)} does not answer: {node.problem if node is not None else ''}")
        s = node.load.status
        facts = [
            f"{s.name} ({s.ring_key}), version {s.version}, feature level {s.level}",
            f"does not answer: {node.problem}" if node.problem else f"up for {s.up_s:g} s",
            f"{s.clients} clients, {s.users} users; masters {node.load.groups_mastered} groups, of them "
            f"{s.channels_mastered} channels; holds {s.channels_backed_up} channels, follows {s.channels_followed}",
            f"{s.takeovers} takeovers, {s.hand_offs} hand-offs, {s.merges} merges; lag {s.lag_s:g} s",
            *([f"store: {s.store}"] if s.store else []),
            *([f"stopped groups: {', '.join(s.stopped)}"] if s.stopped else []),
        ]
        links = _table("link with", "up for", "round trip")
        for other, up_s in s.links.items():
            trip = s.round_trips.get(other)
            links.add_row(self.name(other), f"{up_s:g} s", f"{trip * 1000:.1f} ms" if trip is not None else "")
        return Group(Text("\n".join(facts)), links)

    def _channel_alone(self, channel: str) -> RenderableType:
        made = _table(f"{channel} on", "role", "term", "entries", "acknowledged")
        for key, node in self.node_rows():
            found = self._traced.get(key)
            if isinstance(found, Traced):
                acked = ", ".join(f"{self.name(one.key)} {one.acked}" for one in found.progress)
                term = str(found.terms[-1].number) if found.terms else ""
                made.add_row(node.name, found.role.replace("_", " "), term, str(found.last), acked)
            else:
                made.add_row(node.name, f"no answer: {found.text}" if found is not None else "")
        return made


def _table(*headers: str) -> Table:
    made = Table(box=box.SIMPLE_HEAD, expand=False)
    for header in headers:
        made.add_column(header, overflow="ellipsis", no_wrap=True)
    return made


def _rate(node: NodeSeen, of: Callable[[Rates], float]) -> str:
    return f"{of(node.rates):.1f}" if node.rates is not None else ""


def _trip(load: Load) -> str:
    """Format the longest round trip of the node's links."""
    trips = load.status.round_trips.values()
    return f"{max(trips) * 1000:.1f} ms" if trips else ""


NODE_COLUMNS: Final[tuple[tuple[str, Callable[[NodeSeen, Load], str]], ...]] = (
    ("clients", lambda node, load: str(load.status.clients)),
    ("lines in/s", lambda node, load: _rate(node, lambda rates: rates.lines_received)),
    ("out/s", lambda node, load: _rate(node, lambda rates: rates.lines_sent)),
    ("lag", lambda node, load: f"{load.status.lag_s:g} s"),
    ("groups", lambda node, load: str(load.groups_mastered)),
    ("channels", lambda node, load: str(load.status.channels_mastered)),
    ("memory", lambda node, load: f"{load.memory / 1e6:.0f} MB" if load.memory else ""),
    ("KB in/s", lambda node, load: _rate(node, lambda rates: rates.bytes_received / 1000)),
    ("out/s", lambda node, load: _rate(node, lambda rates: rates.bytes_sent / 1000)),
    ("links", lambda node, load: str(len(load.status.links))),
    ("round trip", lambda node, load: _trip(load)),
)
"""The columns of a node. A narrow terminal shows only the first columns."""
