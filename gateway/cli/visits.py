"""Asks nodes of a network, as an admin client on their link ports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import structlog

from config import NodeConfig
from config.keyfile import KeyFileError, read_key
from gateway.admin_clients.requests import Problem, Reply, Request, Status, StatusAsk, encode, read_reply
from gateway.cli.files import fail, read
from gateway.cli.network import TIMEOUT_S, directories_of
from gateway.io.settings import node_record, terms
from ring.ids import UNREADABLE
from ring.io import roster_file
from ring.io.admin_client import NoReply, Visit, ask, visit
from ring.io.directory_client import NoAnswer, query_denials, query_nodes
from ring.roster import NodeRecord, Roster

DENIALS_S = 0.5
"""The time for the directories to list refused nodes. Directories of feature level 0 have no such list."""

LOOK_S = 3.0
STRANGE = "the answer cannot be read: does the node run another version?"


class Known(NamedTuple):
    """records: the nodes to ask. listed: ring keys in the directories' lists; None if no directory answers."""

    records: list[NodeRecord]
    listed: frozenset[str] | None
    directories: int  # number of configured directories
    silent: list[str]  # a problem for each directory that gave no list
    roster_problem: str | None = None  # the problem of the saved roster, if the roster was needed
    denied: frozenset[tuple[str, str, str]] = frozenset()  # nodes refused by the directories: name, address and reason


class Operator:
    """An operator with the file of a node, and so with the network key."""

    def __init__(self, path: Path) -> None:
        """Read the file. Mistakes in the file end the command."""
        config = read(path)
        if not isinstance(config, NodeConfig):
            fail(f"{path}: a node's file is needed: the file holds the settings that all nodes of the network share")
        try:
            self.key = read_key(config.network.key_file)
        except KeyFileError as problem:
            fail(f"{path}: network.key_file: {problem}")
        self.config = config

    async def known(self) -> Known:
        """Return the nodes that the directories list, and the node of this file. Without an answer from a directory,
        use the saved roster.
        """
        directories = directories_of(self.config)
        lists = await asyncio.gather(*(_listed(directory) for directory in directories))
        silent = [found for found in lists if isinstance(found, str)]
        answering = [one for one, found in zip(directories, lists, strict=True) if not isinstance(found, str)]
        roster = Roster(record for found in lists if not isinstance(found, str) for record in found)
        listed = frozenset(record.key for record in roster.records()) if len(silent) < len(lists) else None
        problem = None
        if listed is None:
            saved = roster_file.load(self.config.node.state_dir / "roster.json")
            roster, problem = Roster(saved.records), saved.problem
        roster.merge(node_record(self.config, 0, 0))
        denied = await _denied(answering)
        return Known(list(roster.records()), listed, len(directories), silent, problem, denied)

    async def enter(self, record: NodeRecord, timeout_s: float) -> Visit:
        """Begin a visit to the node, for many questions. Raises NoReply."""
        return await visit(
            record,
            terms=terms(self.config),
            key=self.key,
            settings=self.config.links,
            timeout_s=timeout_s,
            expected=record.key,
        )

    async def visit(self, record: NodeRecord, request: Request, timeout_s: float) -> Reply:
        """Ask the node once. Returns Problem without an answer."""
        try:
            payload = await ask(
                record,
                encode(request),
                terms=terms(self.config),
                key=self.key,
                settings=self.config.links,
                timeout_s=timeout_s,
            )
            return read_reply(payload)
        except NoReply as problem:
            return Problem(str(problem))
        except UNREADABLE:
            return Problem(STRANGE)

    async def ask_one(self, request: Request, timeout_s: float) -> Reply:
        """Ask one node about the network: the first node that is up, with this file's node first. Any node can answer
        for the network. Returns Problem if no node answers.
        """
        known, silent = await self.known(), []
        for record in self.own_first(known.records):
            there = await self.visit(record, StatusAsk(), LOOK_S)
            if isinstance(there, Status) and not there.leaving:
                return await self.visit(record, request, timeout_s)
            silent.append(f"{record.name}: {there.text if isinstance(there, Problem) else 'the node is leaving'}")
        return Problem(f"no node answers ({'; '.join(silent)}): is the network running?")

    def own_first(self, records: Sequence[NodeRecord]) -> list[NodeRecord]:
        own = self.config.node.ip
        return sorted(records, key=lambda record: (record.key != own, record.name))


class Caller:
    """Asks a node again and again over a single visit, and begins a new visit after a broken visit."""

    def __init__(self, operator: Operator, record: NodeRecord) -> None:
        self.record = record
        self._operator = operator
        self._visit: Visit | None = None

    async def ask(self, request: Request, timeout_s: float) -> Reply:
        """Ask the node. Returns Problem without an answer."""
        try:
            if self._visit is None:
                self._visit = await self._operator.enter(self.record, timeout_s)
            return read_reply(await self._visit.ask(encode(request), timeout_s))
        except NoReply as problem:
            self.leave()
            return Problem(str(problem))
        except UNREADABLE:
            return Problem(STRANGE)

    def leave(self) -> None:
        if self._visit is not None:
            self._visit.leave()
            self._visit = None


async def _denied(directories: list[tuple[str, int]]) -> frozenset[tuple[str, str, str]]:
    """Return name, address and reason of the nodes that these directories refuse."""
    if not directories:
        return frozenset()
    try:
        found = await query_denials(directories, DENIALS_S, structlog.get_logger())
    except OSError:
        return frozenset()
    return frozenset((one.name, one.ip, one.reason) for one in found)


async def _listed(directory: tuple[str, int]) -> list[NodeRecord] | str:
    """Return the records in a directory's list, or the reason why there is no list."""
    try:
        found = await query_nodes([directory], TIMEOUT_S, structlog.get_logger())
    except NoAnswer as problem:
        return str(problem)
    except OSError as problem:
        return f"{directory[0]} port {directory[1]}: {problem.strerror or problem}"
    return [listed.record for listed in found]
