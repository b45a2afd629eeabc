"""circlet backup"""

from __future__ import annotations

from pathlib import Path

import click

from config import NodeConfig
from gateway.cli.files import FILE, fail, read
from ring.storage.sqlite.backup import backup as copy_store
from ring.storage.sqlite.file import STORE
from ring.storage.store import StoreError


@click.command()
@click.option("--config", "path", required=True, type=FILE, help="the node's file")
@click.argument("dest", type=FILE)
def backup(path: Path, dest: Path) -> None:
    """Copy what a node keeps on disk, accounts and history, to the file DEST, while the node runs or not.

    The copy is of one moment, and whole. It holds password hashes: keep it where nobody else can read it.

    To restore: stop the node; in its node.state_dir remove circlet.db-wal and circlet.db-shm if they are there, and
    copy the backup to circlet.db, as the user that the node runs as; start the node. What other nodes know of later
    goes before what the backup says.
    """
    config = read(path)
    if not isinstance(config, NodeConfig):
        fail(f"{path}: a node's file is needed: a directory keeps no store")
    try:
        size = copy_store(config.node.state_dir / STORE, dest)
    except StoreError as problem:
        fail(str(problem))
    click.echo(f"{dest}: {size:,} bytes")
