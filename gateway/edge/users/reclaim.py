"""Let the former holder of a nick leave all channels at once, if the nick is claimed while the holder's node is dead.

The nick's group gives the nick to the new user and knows nobody's channels. So the new user's node tells every node,
and each node lets its followed and mastered channels quit the member with this nick, if the member's node is dead. A
node remembers the claim for `grace_s`: a channel may have no master at the moment, or the node may learn of the death
later (P29).
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.edge.ports import EdgePort, ReclaimingPort
from gateway.edge.rpc.asks import ReclaimedAsk
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import LOST, Quit
from ring.ids import GroupId

AGAIN_S = 1.0
MOST = 10_000
"""Most nicks to be remembered; the oldest nick is forgotten first."""


class Reclaimed(NamedTuple):
    """A claimed nick. uid: of the new holder. until: Unix seconds. gone: (channel, uid) of each member put out."""

    uid: str
    until: float
    gone: dict[tuple[GroupId, str], None]


class Reclaiming(ReclaimingPort):
    """Nicks claimed lately, perhaps from people of dead nodes."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self._nicks: dict[str, Reclaimed] = {}  # by folded nick
        self._again_at = 0.0
        self._haunted: list[GroupId] = []  # channels with members of dead nodes, at the last look at all channels
        self._seen: tuple[int, float] | None = None  # version of the peers, and time, of that look

    def claimed(self, uid: str, nick: str) -> None:
        """Tell every node of a user here who has got the nick. Costs nothing unless a node died within `grace_s`."""
        network = self._edge.network
        if network.level < ReclaimedAsk.SINCE or not network.lost_lately(network.settings.grace_s):
            return
        self.hear(ReclaimedAsk(uid, nick))
        for key in network.others():
            network.ask_node(key, ReclaimedAsk(uid, nick), lambda _: None)

    def hear(self, ask: ReclaimedAsk) -> None:
        edge = self._edge
        folded = edge.settings.casemap(ask.nick)
        self._nicks.pop(folded, None)
        self._nicks[folded] = Reclaimed(ask.uid, edge.now + edge.network.settings.grace_s, {})
        if len(self._nicks) > MOST:
            del self._nicks[next(iter(self._nicks))]
        self._look()

    def tick(self, now: float) -> None:
        if not self._nicks or now < self._again_at:
            return
        self._nicks = {nick: found for nick, found in self._nicks.items() if now < found.until}
        self._look()

    def _look(self) -> None:
        """Put out members of dead nodes; not while a partition heals, as a node thought dead may answer in a moment."""
        edge, network = self._edge, self._edge.network
        self._again_at = edge.now + AGAIN_S
        if network.returned_lately(network.settings.dead_after_s):
            return
        for group in self._with_ghosts():
            state = edge.network.state(group)
            if isinstance(state, Channel):
                self._quit_ghosts(group, state)

    def _with_ghosts(self) -> list[GroupId]:
        """Return the channels with members of dead nodes. All channels are looked through once for each change of the
        peers, and once a second, and not for each claim: hundreds of people come back after a death."""
        edge, network = self._edge, self._edge.network
        version, at = self._seen or (-1, 0.0)
        if version != network.peers_version or edge.now >= at + AGAIN_S:
            self._seen = (network.peers_version, edge.now)
            channels = dict.fromkeys([*(group for group, _, _ in network.mastered("channel")), *edge.rooms])
            self._haunted = [group for group in channels if self._is_haunted(network.state(group))]
        return self._haunted

    def _is_haunted(self, state: object) -> bool:
        return isinstance(state, Channel) and not all(map(self._edge.lives, state.subscribers))

    def _quit_ghosts(self, group: GroupId, channel: Channel) -> None:
        edge = self._edge
        for uid, member in channel.members.items():
            found = self._nicks.get(edge.settings.casemap(member.person.nick))
            if found is None or found.uid == uid or edge.lives(member.person.edge):
                continue
            if (group, uid) not in found.gone:
                found.gone[group, uid] = None  # a member who is back later lives beyond a partition
                edge.network.submit(group, Quit(uid, LOST, lost=True))
