"""Find out whether a silent node is dead or only cut off from here: ask the other peers before acting on a death (P19).

Theory of operation. A node that was silent for dead_after_s is a suspect. This node asks other peers in rounds
(PingRequest, PingReply) whether they hear the suspect. A peer that hears the suspect is the witness, and traffic to the
suspect goes through the witness. So a cut between two nodes splits nothing. A suspect is in one of these states:

- asking: `asked` holds the peers without a reply in this round, until `until`. A yes makes the sender the witness. If
  no peer says yes, the node is dead, provided that the round asked every live peer; else a round begins that asks every
  live peer.
- relayed: `asked` is empty and `via` names a usable witness. From `round_at` on, a round asks the witness alone. A
  witness that is lost or suspected starts a round that asks every live peer at once.

A suspect ends when the node is heard again or known dead (`clear`), when the suspect's life is over, or when nobody
hears the node (`_dead`).

Invariants. A node is suspected only in the life that the roster has. No round begins with a question to a suspect. A
round that ends in death has asked every live peer. `FailureDetector` alone writes `suspects` and the fields of
`Suspect`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import msgspec

from ring.durations import PING_REPEAT_S, PING_ROUND_S, WITNESS_AGAIN_S
from ring.ids import GroupId, Incarnation
from ring.membership.peers import Peers
from ring.settings import Settings
from ring.wire.codec import decode, payloads
from ring.wire.messages import Message
from ring.wire.node import PingReply, PingRequest, Relay

RELAYED = 512 * 1024
"""Bytes in one Relay, roughly."""


class Hearing(ABC):
    """What the failure detector may use of its node: the engine.

    me: this life of the node. now: Unix seconds.
    """

    me: Incarnation
    now: float
    settings: Settings
    peers: Peers

    @abstractmethod
    def send(self, key: str, message: Message) -> None:
        """Send a message to the node with the ring key, at the end of the turn."""

    @abstractmethod
    def note(self, event: str, group: GroupId | None = None, **facts: Any) -> None:
        """Tell the log what an operator should know."""

    @abstractmethod
    def heard_ago(self, peer: Incarnation) -> float:
        """Return the seconds since this node heard that life of the peer itself; infinite if never."""

    @abstractmethod
    def is_stale(self, sender: Incarnation) -> bool:
        """Tell whether a later life of the node is known."""

    @abstractmethod
    def died(self, node: Incarnation) -> None:
        """Count the node as dead: no live peer hears the node (P19)."""

    @abstractmethod
    def dispatch(self, sender: Incarnation, messages: list[Message]) -> None:
        """Handle messages of the sender that came by way of another node."""


class Suspect:
    """A node that this node no longer hears."""

    __slots__ = ("all_asked", "asked", "node", "repeat_at", "round_at", "until", "via")

    def __init__(self, node: Incarnation) -> None:
        self.node = node
        self.asked: dict[str, None] = {}  # ring keys without a reply in this round
        self.all_asked = True  # whether this round asks every live peer, not the witness alone
        self.until = 0.0  # when this round ends
        self.repeat_at = 0.0
        self.round_at = 0.0  # when the next round begins
        self.via: str | None = None  # ring key of the witness for the node's traffic


class FailureDetector:
    """Keep the suspects of this node, and answer other nodes' questions about nodes that this node hears."""

    def __init__(self, node: Hearing) -> None:
        self.node = node
        self.suspects: dict[str, Suspect] = {}

    # Suspicion ------------------------------------------------------------------------------------------------------

    def suspect(self, node: Incarnation) -> None:
        """Suspect a node that was silent for dead_after_s."""
        if node.key in self.suspects or not self.node.peers.is_current(node):
            return
        suspect = self.suspects[node.key] = Suspect(node)
        self._ask(suspect)

    def clear(self, key: str) -> None:
        """End the suspicion: the node is heard again, or certainly dead."""
        if self.suspects.pop(key, None) is not None:
            self.node.peers.version += 1

    def _ask(self, suspect: Suspect) -> None:
        """Begin a round: ask the witness whether it still hears the node, or every peer if there is no witness."""
        self._begin_round(suspect, everybody=not self._has_witness(suspect))

    def _begin_round(self, suspect: Suspect, *, everybody: bool) -> None:
        node, via = self.node, suspect.via
        if everybody or via is None:
            suspect.asked = {key: None for key in node.peers.others() if key not in self.suspects}
        else:
            suspect.asked = {via: None}
        suspect.all_asked = everybody
        suspect.until = node.now + PING_ROUND_S
        suspect.repeat_at = node.now + PING_REPEAT_S
        suspect.round_at = node.now + WITNESS_AGAIN_S
        for key in suspect.asked:
            node.send(key, PingRequest(suspect.node))
        if not suspect.asked:
            self._dead(suspect)

    def on_ping_reply(self, sender: Incarnation, message: PingReply) -> None:
        """Take a reply of this round: a yes names the witness, the last no ends the round."""
        suspect = self.suspects.get(message.node.key)
        if suspect is None or suspect.node != message.node or sender.key not in suspect.asked:
            return  # the round is over: a working witness is kept (P19)
        del suspect.asked[sender.key]
        if message.lately:
            suspect.asked.clear()
            if suspect.via != sender.key:
                suspect.via = sender.key
                self.node.peers.version += 1  # unanswered commands are sent again, through the witness
                self.node.note("relayed", peer=suspect.node.key, through=sender.key)
        elif not suspect.asked:
            self._nobody_hears(suspect)

    def _nobody_hears(self, suspect: Suspect) -> None:
        """End a round without a witness. Before the death counts, every live peer must have been asked (P19)."""
        if suspect.all_asked:
            self._dead(suspect)
        else:
            self._begin_round(suspect, everybody=True)

    def _is_usable(self, key: str) -> bool:
        """Tell whether traffic can go through this witness, as far as this node knows."""
        return key not in self.suspects and self.node.peers.is_alive(key)

    def _dead(self, suspect: Suspect) -> None:
        del self.suspects[suspect.node.key]
        self.node.died(suspect.node)

    def tick(self) -> None:
        """Repeat requests, end rounds, and begin the next rounds."""
        node = self.node
        for suspect in list(self.suspects.values()):
            if not node.peers.is_current(suspect.node):
                self.clear(suspect.node.key)
            elif suspect.asked and node.now >= suspect.until:
                self._nobody_hears(suspect)
            elif suspect.asked and node.now >= suspect.repeat_at:
                suspect.repeat_at = node.now + PING_REPEAT_S
                for key in suspect.asked:
                    node.send(key, PingRequest(suspect.node))
            elif not suspect.asked and (node.now >= suspect.round_at or not self._has_witness(suspect)):
                self._ask(suspect)

    def _has_witness(self, suspect: Suspect) -> bool:
        return suspect.via is not None and self._is_usable(suspect.via)

    # Evidence for others --------------------------------------------------------------------------------------------

    def on_ping_request(self, sender: Incarnation, message: PingRequest) -> None:
        """Tell the sender whether this node has heard the node within half of dead_after_s."""
        node, asked = self.node, message.node
        lately = node.peers.is_current(asked) and node.heard_ago(asked) < node.settings.lately_s
        node.send(sender.key, PingReply(asked, lately or asked == node.me))

    # Relay ----------------------------------------------------------------------------------------------------------

    def reroute(self, out: dict[str, list[Message]]) -> None:
        """Send traffic to a suspect through the suspect's witness."""
        for key, suspect in self.suspects.items():
            if suspect.via is not None and key in out:
                for payload in payloads(out.pop(key), RELAYED):
                    out.setdefault(suspect.via, []).append(Relay(key, self.node.me, msgspec.Raw(payload)))

    def on_relay(self, sender: Incarnation, message: Relay) -> None:
        """Take relayed messages for this node, or pass them on to a node that this node hears."""
        node = self.node
        if message.to == node.me.key:
            if node.is_stale(message.origin) or node.peers.is_too_old(message.origin):
                return
            node.dispatch(message.origin, decode(bytes(message.payload)))
        elif sender == message.origin and message.to not in self.suspects:  # one step only: no circles
            node.send(message.to, message)
