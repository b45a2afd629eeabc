"""Is a silent node dead, or only cut off from here? Its other peers are asked before anybody acts on its death (P19).

A cut between two nodes splits nothing: who still hears the node is a witness, and traffic goes through the witness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ring.ids import Incarnation
from ring.wire.codec import decode, payloads
from ring.wire.messages import Message, PingReply, PingRequest, Relay

if TYPE_CHECKING:
    from ring.engine import Engine

ROUND_S = 0.6
REPEAT_S = 0.2
"""A peer that was asked as often as that takes, and has not replied, hears nothing either, or is cut off too."""

RELAYED = 512 * 1024
"""Bytes in one Relay, roughly."""

AGAIN_S = 1.0
"""How often the witness is asked whether it still hears the node."""


class Suspect:
    """A node that this one no longer hears."""

    __slots__ = ("all_asked", "asked", "node", "repeat_at", "round_at", "until", "via")

    def __init__(self, node: Incarnation) -> None:
        self.node = node
        self.asked: dict[str, None] = {}  # ring keys that have not replied in this round
        self.all_asked = True  # whether this round asks every live peer, not the witness alone
        self.until = 0.0  # when this round ends
        self.repeat_at = 0.0
        self.round_at = 0.0  # when the next one begins
        self.via: str | None = None  # ring key of the witness that traffic goes through


class FailureDetector:
    """Both sides: the nodes suspected here, and what this node tells others of whom it hears."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.suspects: dict[str, Suspect] = {}

    # Suspicion ------------------------------------------------------------------------------------------------------

    def suspect(self, node: Incarnation) -> None:
        """Nothing was heard of the node for dead_after_s."""
        if node.key in self.suspects or not self.engine.peers.is_current(node):
            return
        suspect = self.suspects[node.key] = Suspect(node)
        self._ask(suspect)

    def clear(self, key: str) -> None:
        """The node is heard again, or dead for certain."""
        if self.suspects.pop(key, None) is not None:
            self.engine.peers.version += 1

    def _ask(self, suspect: Suspect) -> None:
        """Begin a round: ask the witness whether it still hears the node, or every peer if there is no witness."""
        self._begin_round(suspect, everybody=not self._has_witness(suspect))

    def _begin_round(self, suspect: Suspect, *, everybody: bool) -> None:
        engine, via = self.engine, suspect.via
        if everybody or via is None:
            suspect.asked = {key: None for key in engine.peers.others() if key not in self.suspects}
        else:
            suspect.asked = {via: None}
        suspect.all_asked = everybody
        suspect.until = engine.now + ROUND_S
        suspect.repeat_at = engine.now + REPEAT_S
        suspect.round_at = engine.now + AGAIN_S
        for key in suspect.asked:
            engine.send(key, PingRequest(suspect.node))
        if not suspect.asked:
            self._dead(suspect)

    def on_ping_reply(self, sender: Incarnation, message: PingReply) -> None:
        suspect = self.suspects.get(message.node.key)
        if suspect is None or suspect.node != message.node or sender.key not in suspect.asked:
            return  # the round is over: a witness is known, and stays for as long as it works (P19)
        del suspect.asked[sender.key]
        if message.lately:
            suspect.asked.clear()
            if suspect.via != sender.key:
                suspect.via = sender.key
                self.engine.peers.version += 1  # what waits is sent again, this way
                self.engine.note("relayed", peer=suspect.node.key, through=sender.key)
        elif not suspect.asked:
            self._nobody_hears(suspect)

    def _nobody_hears(self, suspect: Suspect) -> None:
        """The round has ended without a witness: ask everybody before anybody acts on the node's death (P19)."""
        if suspect.all_asked:
            self._dead(suspect)
        else:
            self._begin_round(suspect, everybody=True)

    def _is_usable(self, key: str) -> bool:
        """Whether traffic can go through this witness, for all that is known here."""
        return key not in self.suspects and self.engine.peers.is_alive(key)

    def _dead(self, suspect: Suspect) -> None:
        del self.suspects[suspect.node.key]
        self.engine.died(suspect.node)

    def tick(self) -> None:
        engine = self.engine
        for suspect in list(self.suspects.values()):
            if not engine.peers.is_current(suspect.node):
                self.clear(suspect.node.key)
            elif suspect.asked and engine.now >= suspect.until:
                self._nobody_hears(suspect)
            elif suspect.asked and engine.now >= suspect.repeat_at:
                suspect.repeat_at = engine.now + REPEAT_S
                for key in suspect.asked:
                    engine.send(key, PingRequest(suspect.node))
            elif not suspect.asked and (engine.now >= suspect.round_at or not self._has_witness(suspect)):
                self._ask(suspect)

    def _has_witness(self, suspect: Suspect) -> bool:
        return suspect.via is not None and self._is_usable(suspect.via)

    # Evidence for others --------------------------------------------------------------------------------------------

    def on_ping_request(self, sender: Incarnation, message: PingRequest) -> None:
        engine = self.engine
        node = message.node
        lately = engine.peers.is_current(node) and engine.heard_ago(node) < engine.settings.dead_after_s / 2
        engine.send(sender.key, PingReply(node, lately or node == engine.me))

    # Relay ----------------------------------------------------------------------------------------------------------

    def reroute(self, out: dict[str, list[Message]]) -> None:
        """Traffic to nodes that only a witness reaches goes through it."""
        for key, suspect in self.suspects.items():
            if suspect.via is not None and key in out:
                for payload in payloads(out.pop(key), RELAYED):
                    out.setdefault(suspect.via, []).append(Relay(key, self.engine.me, msgspec.Raw(payload)))

    def on_relay(self, sender: Incarnation, message: Relay) -> None:
        engine = self.engine
        if message.to == engine.me.key:
            if engine.is_stale(message.origin) or engine.peers.is_too_old(message.origin):
                return
            engine.dispatch(message.origin, decode(bytes(message.payload)))
        elif sender == message.origin and message.to not in self.suspects:  # one step only: no going round
            engine.send(message.to, message)
