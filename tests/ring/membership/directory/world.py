"""Directories and nodes as cores, with datagrams that all arrive at once."""

from __future__ import annotations

from random import Random
from typing import Any

from ring.membership.directory.client import DirectoriesCore, Effect, Reached, Rejected, Send
from ring.membership.directory.datagrams import Codec
from ring.membership.directory.query import Query
from ring.membership.directory.server import DirectoryCore
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord

NETWORK, KEY = "sim", bytes(32)
SOURCE = ("127.0.0.99", 40_000)


class World:
    """`now` moves with `run`."""

    def __init__(self, directories: int = 1, network: str = NETWORK, key: bytes = KEY) -> None:
        self.now = 1_000_000.0
        self.up = [DirectoryCore(network, key, Random(number), self.now, lease_s=10.0) for number in range(directories)]
        self.nodes: list[Member] = []

    def node(self, record: NodeRecord, network: str = NETWORK, key: bytes = KEY, **changes: Any) -> Member:
        member = Member(self, record, Codec(network, key), **changes)
        self.nodes.append(member)
        return member

    def run(self, seconds: float, step_s: float = 0.25) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += step_s
            for directory in self.up:
                directory.tick(self.now)
            for node in self.nodes:
                node.carry_out(node.core.tick(self.now))

    def listed(self, directory: int = 0) -> list[str]:
        """Names in the public list of a directory, by ring key."""
        return [listed.record.name for listed in self.query(directory).nodes()]

    def query(self, directory: int = 0) -> Query:
        query = Query(1, Random(5))
        sends = query.tick(self.now)
        while sends:
            answers = [self.up[directory].receive(data, SOURCE, self.now) for _, data in sends]
            sends = [send for answer in answers if answer for send in query.receive(answer, 0, self.now)]
        return query


class Member:
    """A node's side of the directory conversation, and the answers that the node got."""

    def __init__(self, world: World, record: NodeRecord, codec: Codec, **changes: Any) -> None:
        self.world = world
        self.core = DirectoriesCore(len(world.up), codec, record, 3.0, Random(record.incarnation), **changes)
        self.reached: set[int] = set()
        self.rejected: dict[int, str] = {}
        self.known: set[str] = set()
        self.lost: set[str] = set()  # nodes that were taken for gone once

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(index, data):
                    answer = self.world.up[index].receive(data, SOURCE, self.world.now)
                    if answer is not None:
                        self.carry_out(self.core.receive(answer, index, self.world.now))
                case Reached(index):
                    self.reached.add(index)
                case Rejected(index, reason):
                    self.rejected[index] = reason
                case RosterChanged(added, changed, removed, _):
                    gone = {record.key for record in removed}
                    self.known = (self.known | {record.key for record in (*added, *changed)}) - gone
                    self.lost |= gone
                case _:
                    pass
