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
    """Copy a node's data on disk, accounts and history, to the file DEST. The node may run or not.

    The copy is complete, and has the state of a single moment. The copy contains password hashes: keep the file where
    nobody else can read it.

    To restore: stop the node; in the folder node.state_dir remove circlet.db-wal and circlet.db-shm if present, and
    copy the backup to circlet.db, as the user of the node's process; start the node. Later data of other nodes replace
    older data of the backup.
    """
    config = read(path)
    if not isinstance(config, NodeConfig):
        fail(f"{path}: a node's file is needed: a directory keeps no store")
    try:
        size = copy_store(config.node.state_dir / STORE, dest)
    except StoreError as problem:
        fail(str(problem))
    click.echo(f"{dest}: {size:,} bytes")
