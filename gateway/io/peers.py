"""Connects a node's core with other nodes: links, directories, and the saved roster."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from config.keyfile import read_key
from gateway.admin_clients.requests import answer
from gateway.io.memory import resident
from gateway.io.settings import terms
from gateway.io.version import VERSION
from gateway.status import Around, Directory, Refusal
from ring.ids import Evidence, Incarnation
from ring.io import roster_file
from ring.io.crash import crash_only
from ring.io.directory_client import DirectoryClient
from ring.io.links import LinkHub
from ring.links.link import LinkState
from ring.membership.directory.startup import Seen
from ring.membership.directory.view import RosterChanged
from ring.roster import NodeRecord

if TYPE_CHECKING:
    from gateway.io.process import Process


class PeerShell:
    """Implements ring.io.links.LinkEvents for one node."""

    def __init__(self, node: Process) -> None:
        self._node = node
        self.crash = node.crash
        config = node.config
        self._path = config.node.state_dir / "roster.json"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise OSError(_cannot_write(self._path.parent, problem)) from problem
        self._saved = roster_file.load(self._path)
        if self._saved.problem is not None:
            node.log.warning("roster_not_read", reason=self._saved.problem)
        self._saved_version = (-1, 0, False)
        self.key = read_key(config.network.key_file)
        self._hub: LinkHub | None = None
        self._directories: DirectoryClient | None = None
        self._online = False
        self._in_network = False
        self.owes = False  # this node stops with groups that no other node has taken over

    def next_incarnation(self) -> int:
        """Return an incarnation above every earlier life of this node (P2)."""
        return max(self._saved.incarnation, int(self._node.now)) + 1

    @property
    def saved(self) -> list[NodeRecord]:
        """The saved roster. The roster has this node's record if the node was in its network before."""
        return self._saved.records

    @property
    def announced(self) -> bool:
        """Whether directories or peers have heard of this node."""
        return self._online or self._directories is not None

    async def bind(self) -> None:
        """Bind the link port, and save the number of this life. Raises OSError with advice if the port or the state
        folder cannot be used, or if this build is too old for the network.
        """
        node, config = self._node, self._node.config
        if self._saved.level > node.record.level:
            raise OSError(_too_old(self._saved.level, node.record.level))
        self._hub = LinkHub(
            record=lambda: node.record,
            terms=terms(config),
            key=self.key,
            host=config.links_address.host,
            port=config.links.port,
            settings=config.links,
            events=self,
            find=lambda key: node.core.engine.peers.known(key),
            acting=lambda: node.core.engine.level,
            prefix6=config.clients.ipv6_prefix,
            log=node.log,
            rng=node.rng,
        )
        try:
            await self._hub.bind()
        except OSError as problem:
            raise self._cannot_listen(problem) from problem
        saved = self._saved
        # A node that was leaving at this node's end may still have had groups (P37).
        gone = [(r, node.now) for r in saved.records if r.leaving and r.key != node.record.key]
        missing = [*gone, *((one.node, one.since) for one in saved.missing)]
        node.core.engine.peers.remember(missing, saved.left, saved.given_up, saved.thin)
        node.core.engine.levels.rise(saved.level)
        try:
            self._write()
        except OSError as problem:
            raise OSError(_cannot_write(self._path.parent, problem)) from problem

    async def announce_to(self, only: frozenset[int] | None) -> None:
        """Announce this node to directories. only: the indexes of the directories; None: all of them, and links are
        accepted from now on.

        Raises OSError with advice if a socket cannot be opened.
        """
        if only is None and not self._online:
            await self._go_online()
        if self._directories is not None:
            self._directories.core.speak_to(only)
            self._directories.wake()
        elif self._node.config.directories:
            self._directories = self._client()
            self._directories.core.speak_to(only)
            await self._directories.start()

    async def _go_online(self) -> None:
        assert self._hub is not None
        try:
            await self._hub.start()
        except OSError as problem:
            raise self._cannot_listen(problem) from problem
        self._online = True
        engine = self._node.core.engine
        self._node.begin()
        engine.learn([r for r in self._saved.records if r.key != self._node.record.key and not r.leaving])
        self._node.touched()

    def _client(self) -> DirectoryClient:
        node, config = self._node, self._node.config
        return DirectoryClient(
            directories=[(d.host, d.port) for d in config.directories],
            bind_ip=config.node.ip,
            network_name=config.network.name,
            key=self.key,
            record=lambda: node.record,
            announce_every_s=config.announce.every_s,
            on_change=self._roster_changed,
            log=node.log,
            cached=self._saved.records,
        )

    def _cannot_listen(self, problem: OSError) -> OSError:
        return OSError(
            f"links: cannot listen on {self._node.config.links_address}: {problem.strerror or problem}: "
            "choose an address of this machine and a free port (links.host, links.port)"
        )

    def link(self) -> None:
        """Dial the other nodes, since this node is now in its network."""
        self._in_network = True
        self._meet()

    def seen(self) -> Seen:
        """Sum up this node's standing with its directories and peers."""
        core = self._directories.core if self._directories is not None else None
        refusals = self._hub.refusals.lately(time.time()) if self._hub is not None else []
        roster = self._node.core.engine.roster
        return Seen(
            granted=core.granted if core is not None else frozenset(),
            rejected=core.rejected if core is not None else {},
            listed=core is not None and core.listed,
            linked=len(self._hub.connected()) if self._hub is not None else 0,
            refusals={one.record.name: one.reason for one in refusals if roster.get(one.record.key) is not None},
            following=self._node.core.attending,
        )

    def around(self) -> Around:
        """Collect the facts of `circlet status` that the core does not know."""
        refusals = self._hub.refusals.lately(time.time()) if self._hub is not None else []
        return Around(
            directories=self._known_directories(),
            certificates=self._node.certificates(),
            refused=[Refusal(one.record.name, one.record.key, one.address, one.reason, one.at) for one in refusals],
            memory=resident(),
        )

    def _known_directories(self) -> list[Directory]:
        client = self._directories
        if client is None:
            return []
        names, core = [str(directory) for directory in self._node.config.directories], client.core
        refused = [index in core.rejected for index in range(len(names))]
        return [Directory(*each) for each in zip(names, core.problems, refused, client.leases_left(), strict=True)]

    def waiting_bytes(self) -> int:
        """Return the bytes that wait for nodes with a connection attempt under way."""
        return self._hub.waiting_bytes() if self._hub is not None else 0

    def refused(self) -> Counter[str]:
        """Count the connections refused before their handshake, by reason, since the start."""
        door = self._hub.door if self._hub is not None else None
        return Counter[str](door.strangers.refused) + Counter[str](door.members.refused) if door else Counter()

    def leave(self) -> NodeRecord:
        """Return this node's record with the mark that the node is leaving."""
        return msgspec.structs.replace(self._node.record, leaving=True)

    def announce(self) -> None:
        """Tell the directories at once that this node's record has changed."""
        if self._directories is not None:
            self._directories.wake()

    async def stop(self) -> None:
        if self._directories is not None:
            await self._directories.stop(depart=not self.owes)  # nodes do not wait for copies of a departed node (P37)
        if self._hub is not None:
            await self._hub.stop()

    def links(self) -> dict[str, LinkState]:
        """Return the state of the link to each linked peer, by ring key."""
        return self._hub.connected() if self._hub is not None else {}

    def send(self, key: str, payload: bytes) -> None:
        if self._hub is not None and self._online:
            self._hub.send(key, payload)

    def refuse(self, refused: dict[str, str]) -> None:
        """Cut the links to these nodes. refused: ring key -> reason."""
        for key, reason in refused.items():
            if self._hub is not None:
                self._hub.refuse(key, reason)
        refused.clear()

    def _write(self) -> None:
        engine = self._node.core.engine
        peers, incarnation = engine.peers, self._node.record.incarnation
        missing = [roster_file.Absent(record, peers.missing_since(key)) for key, record in peers.missing.items()]
        # Records in the file mean that the node was in its network, and need not wait for a directory at the next
        # start.
        records = peers.roster.records() if self._in_network else self._saved.records
        roster_file.save(
            self._path,
            records,
            incarnation,
            peers.given_up,
            missing=missing,
            left=peers.left,
            level=engine.level,
            thin=peers.thin,
        )

    def _meet(self) -> None:
        peers = self._node.core.engine.peers
        if self._hub is not None and self._online:
            self._hub.meet([*peers.roster.records(), *peers.too_old.values()])

    def save_news(self) -> None:
        """Link with new nodes, and save the roster after each change from directories, links or other nodes."""
        engine = self._node.core.engine
        version = (engine.peers.version, engine.level, self._in_network)
        if version == self._saved_version:
            return
        self._saved_version = version
        self._meet()
        try:
            self._write()
        except OSError as problem:
            self._node.log.error("roster_not_saved", file=str(self._path), reason=str(problem))

    # What directories and links tell ---------------------------------------------------------------------------------

    @crash_only
    def _roster_changed(self, news: RosterChanged) -> None:
        node = self._node
        node.begin()
        node.core.roster_changed(news, self.links())
        for record in news.removed:
            departed = record.key in news.departed
            node.log.info("node_departed" if departed else "node_unlisted", peer=record.key, name=record.name)
        for record in (*news.added, *news.changed):
            node.log.info("node_listed", peer=record.key, name=record.name, leaving=record.leaving)
        self._meet()
        node.touched()

    @crash_only
    def up(self, peer: NodeRecord) -> None:
        self._node.begin()
        self._node.core.engine.linked(peer)
        self._node.touched()

    @crash_only
    def acts_at(self, level: int) -> None:
        self._node.begin()
        self._node.core.engine.levels.rise(level)
        self._node.touched()

    @crash_only
    def down(self, key: str, incarnation: int, evidence: Evidence) -> None:
        self._node.begin()
        self._node.core.engine.lost(key, incarnation, evidence)
        self._node.touched()

    @crash_only
    def alive(self, peer: Incarnation) -> None:
        self._node.begin()
        self._node.core.engine.heard(peer)

    @crash_only
    def received(self, peer: Incarnation, payload: bytes) -> None:
        self._node.begin()
        self._node.core.engine.receive(peer, payload)
        self._node.touched()

    @crash_only
    def requested(self, payload: bytes, reply: Callable[[bytes], None]) -> None:
        self._node.begin()
        links = self.links()
        recorder = self._node.recorder
        core = self._node.core if recorder is None else recorder.request(payload)
        answer(core, links, payload, reply, self.around)
        self._node.touched()


def _too_old(acting: int, own: int) -> str:
    return (
        f"the network acts at feature level {acting}, which never falls, and this build (version {VERSION}) is of "
        f"level {own}: start a later build, or take node.feature_level out of the file"
    )


def _cannot_write(folder: Path, problem: OSError) -> str:
    return (
        f"node.state_dir: cannot write to {folder}: {problem.strerror or problem}: choose a folder that can be written"
    )
