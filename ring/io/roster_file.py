"""Keep the roster on disk, so that a restarted node finds the peers though all directories are down."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from ring.roster import MAX_LEVEL, MAX_NODES, NodeRecord, is_sane, read_record

_MAX_BYTES = 4 << 20


class Absent(msgspec.Struct, frozen=True):
    """A node that was there, and did not leave in order."""

    node: NodeRecord
    since: float  # Unix seconds


class Saved(NamedTuple):
    """The saved state that load() found."""

    records: list[NodeRecord]
    incarnation: int  # the node's last own incarnation; 0 if unknown
    given_up: dict[str, int] = {}  # ring key -> last life; an operator says: will not return
    problem: str | None = None  # why an existing file could not be used
    missing: list[Absent] = []
    left: dict[str, int] = {}  # ring key -> last life, of nodes that left in order
    level: int = 0  # the feature level at which the network has acted
    thin: list[str] = []  # ring keys of nodes with account groups that fewer than `copies` nodes hold (P37)


class _File(msgspec.Struct, omit_defaults=True):
    """The file's content. omit_defaults: builds before feature levels refuse a file with unknown fields, so a default
    field is left out."""

    format: Literal[1]
    incarnation: int
    nodes: list[Any]
    given_up: dict[str, int] = {}
    missing: list[Absent] = []
    left: dict[str, int] = {}
    level: int = 0
    thin: list[str] = []


def save(
    path: Path,
    records: Iterable[NodeRecord],
    incarnation: int,
    given_up: Mapping[str, int] | None = None,
    *,
    missing: Iterable[Absent] = (),
    left: Mapping[str, int] | None = None,
    level: int = 0,
    thin: Iterable[str] = (),
) -> None:
    """Write the roster and the own incarnation, wholly or not at all, even over a power cut. Raises OSError.

    level: the feature level at which the network acts.
    """
    kept = _File(
        1, incarnation, list(records), dict(given_up or {}), list(missing), dict(left or {}), level, sorted(thin)
    )
    data = msgspec.json.encode(kept)
    draft = path.with_name(path.name + ".tmp")
    with draft.open("wb") as file:
        file.write(msgspec.json.format(data, indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path) -> Saved:
    """Load the saved state: an empty state without a file, and an empty state with the problem for a damaged file."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ValueError("it is too long")
        saved = msgspec.json.decode(data, type=_File)
        nodes = [read_record(fields) for fields in saved.nodes]
    except FileNotFoundError:
        return Saved([], 0)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Saved([], 0, {}, f"cannot use {path}: {error}")
    records = [record for record in nodes if is_sane(record)][:MAX_NODES]
    incarnation = saved.incarnation if 0 <= saved.incarnation < 2**53 else 0
    missing = [absent for absent in saved.missing if is_sane(absent.node)][:MAX_NODES]
    level = saved.level if 0 <= saved.level < MAX_LEVEL else 0
    return Saved(records, incarnation, saved.given_up, None, missing, saved.left, level, saved.thin)
