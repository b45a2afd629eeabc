"""Asking every node of a network how it is, all at once, as a guest on its link port."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import structlog

from config import NodeConfig
from gateway.cli.network import TIMEOUT_S, directories_of
from gateway.guests import Problem, StatusAsk, encode, read_reply
from gateway.shells.settings import link_settings, node_record, terms
from gateway.status import Status
from ring.ids import UNREADABLE
from ring.roster import NodeRecord, Roster
from ring.shells import roster_file
from ring.shells.directory_client import NoAnswer, query_nodes
from ring.shells.guest import NoReply, ask

NODE_S = 3.0
AT_ONCE = 100


class Row(NamedTuple):
    """What came of asking one node. problem: why there is no status."""

    record: NodeRecord
    status: Status | None
    problem: str = ""

    @property
    def address(self) -> str:
        host = f"[{self.record.ip}]" if ":" in self.record.ip else self.record.ip
        return f"{host}:{self.record.link_port}"


class Survey(NamedTuple):
    """rows: of the nodes that were asked, by name. listed: ring keys, as the directories say; None if none answered."""

    rows: list[Row]
    listed: frozenset[str] | None
    directories: int  # how many are configured
    silent: list[str]  # of those, what is wrong with each that gave no list
    roster_problem: str | None = None  # why the saved roster was of no use, where it was needed


async def survey(config: NodeConfig, key: bytes) -> Survey:
    """Of the nodes that the directories list or, if none answers, of those in the saved roster; and of this file's own.

    key: the network key. Takes TIMEOUT_S and NODE_S seconds at most, for up to AT_ONCE nodes.
    """
    directories = directories_of(config)
    lists = await asyncio.gather(*(_listed(directory) for directory in directories))
    silent = [found for found in lists if isinstance(found, str)]
    roster = Roster(record for found in lists if not isinstance(found, str) for record in found)
    listed = frozenset(record.key for record in roster.records()) if len(silent) < len(lists) else None
    roster_problem = None
    if listed is None:
        saved = roster_file.load(config.node.state_dir / "roster.json")
        roster, roster_problem = Roster(saved.records), saved.problem
    roster.merge(node_record(config, 0, 0))
    room = asyncio.Semaphore(AT_ONCE)
    rows = await asyncio.gather(*(_row(record, config, key, room) for record in roster.records()))
    by_name = sorted(rows, key=lambda row: row.record.name)
    return Survey(by_name, listed, len(directories), silent, roster_problem)


async def _listed(directory: tuple[str, int]) -> list[NodeRecord] | str:
    """The records that one directory lists, or why it gave none."""
    try:
        found = await query_nodes([directory], TIMEOUT_S, structlog.get_logger())
    except NoAnswer as problem:
        return str(problem)
    except OSError as problem:
        return f"{directory[0]} port {directory[1]}: {problem.strerror or problem}"
    return [listed.record for listed in found]


async def _row(record: NodeRecord, config: NodeConfig, key: bytes, room: asyncio.Semaphore) -> Row:
    try:
        async with room:
            payload = await ask(
                record,
                encode(StatusAsk()),
                terms=terms(config),
                key=key,
                settings=link_settings(config),
                timeout_s=NODE_S,
            )
        reply = read_reply(payload)
    except NoReply as problem:
        return Row(record, None, str(problem))
    except UNREADABLE:
        return Row(record, None, "its answer cannot be read: is its version another?")
    if isinstance(reply, Problem):
        return Row(record, None, reply.text)
    return Row(record, reply)
