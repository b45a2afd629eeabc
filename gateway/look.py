"""Answers the page of another node with this node's status and happenings. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from gateway.edge.rpc.asks import Looked
from gateway.happenings import Happening, Happenings
from gateway.node import NodeCore
from gateway.status import Around, Status, status
from ring.ids import UNREADABLE
from ring.links.link import LinkState

FRESH_S: Final = 0.9
"""A status is reused for this long, because making a status costs time O(groups)."""


class Look(msgspec.Struct, frozen=True):
    """The answer. Nodes of different builds exchange looks: a new field needs a default."""

    status: Status
    happenings: list[Happening] = []


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Look] = msgspec.msgpack.Decoder(Look)


class Looks:
    """Makes the looks of one node."""

    def __init__(
        self,
        core: NodeCore,
        links: Callable[[], Mapping[str, LinkState]],
        around: Callable[[], Around],
        happenings: Happenings,
    ) -> None:
        """links: the state of the link to each linked peer, by ring key. around: facts that only the shell knows."""
        self._core = core
        self._links = links
        self._around = around
        self._happenings = happenings
        self._status: Status | None = None
        self._made_at = 0.0

    def look(self, incarnation: int, after: int) -> Look:
        """Return the status, and the happenings that the asking node does not know yet.

        incarnation, after: this node's life and the number of the last happening known to the asking node; 0 and 0 for
        none.
        """
        now, me = self._core.engine.now, self._core.engine.me
        if self._status is None or now - self._made_at >= FRESH_S:
            self._status = public(status(self._core, self._links(), self._around()))
            self._made_at = now
        return Look(self._status, self._happenings.after(after if incarnation == me.number else 0))

    def packed(self, incarnation: int, after: int) -> bytes:
        return _encoder.encode(self.look(incarnation, after))


def read(reply: object) -> Look | None:
    """Read the look in another node's reply. Return None if this build cannot read the reply."""
    if not isinstance(reply, Looked):
        return None
    try:
        return _decoder.decode(reply.look)
    except UNREADABLE:
        return None


def public(found: Status) -> Status:
    """Remove all that strangers must not see: paths of files, names of groups (accounts, conversations, secret
    channels), and the receivers of webhooks.
    """
    return msgspec.structs.replace(
        found,
        store="its log says why" if found.store else "",
        stopped=[group.partition(":")[0] for group in found.stopped],
        certificates=[
            msgspec.structs.replace(one, file=one.file.rpartition("/")[2] or one.file) for one in found.certificates
        ],
        webhooks_failing=[
            msgspec.structs.replace(one, channel="a channel", host="its receiver", error="its log says why")
            for one in found.webhooks_failing
        ],
    )
