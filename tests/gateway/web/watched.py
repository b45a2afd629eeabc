"""A simulated network whose nodes tell each other's pages about their state, as node processes do."""

from __future__ import annotations

from gateway.happenings import Happenings
from gateway.look import Looks
from gateway.status import Around
from gateway.web.lookout import Lookout
from ring.durations import REST_S
from tests.gateway.commands.stage import network
from tests.sim.net import Net


class Watched:
    """lookouts: by name of the node. happenings: `hear` has to ask for the events told there."""

    def __init__(self, nodes: int = 3) -> None:
        self.net: Net = network(nodes)
        self.happenings: dict[str, Happenings] = {}
        self.lookouts: dict[str, Lookout] = {}
        self._heard = 0.0
        for name in self.net.nodes:
            self.start(name)

    def start(self, name: str) -> None:
        """Begin the node's first life, or the node's next life."""
        core = self.net.nodes[name].core
        happenings = self.happenings[name] = Happenings(core)
        looks = Looks(core, dict, Around, happenings)
        core.edge.outside.look = looks.packed
        self.lookouts[name] = Lookout(core, looks)

    def hear(self) -> None:
        """Let the notes of all nodes since the last call reach their happenings; each node has ticked since."""
        for name, node in self.net.nodes.items():
            for at, note in node.notes:
                if at > self._heard and node.up:
                    self.happenings[name].hear(note)
        self._heard = self.net.now
        self.net.run(2 * REST_S)

    def look(self, name: str = "n1", within_s: float = 5.0) -> Lookout:
        """The node's view, once all nodes were asked and have answered."""
        lookout, done = self.lookouts[name], []
        node = self.net.nodes[name]
        self.net.run(1.0)
        self.net.turn(node, lambda: lookout.ask(lambda: done.append(True)))
        assert self.net.until(lambda: bool(done), within_s), "not all nodes have answered"
        return lookout
