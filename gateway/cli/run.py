"""circlet node, circlet directory"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from config import DirectoryConfig, NodeConfig
from gateway.cli.files import FILE, fail, read
from gateway.io.logs import setup


@click.command()
@click.argument("file", type=FILE)
def node(file: Path) -> None:
    """Run a supernode in the foreground. SIGTERM ends the node cleanly, SIGHUP makes the node read the file again."""
    config = read(file)
    if not isinstance(config, NodeConfig):
        fail(f"{file}: this is a directory's file: run `circlet directory {file}`")
    start_log(file, config)
    from gateway.io.run_node import run_node  # uvloop and TLS are not needed by the other commands

    sys.exit(run_node(config, file))


@click.command()
@click.argument("file", type=FILE)
def directory(file: Path) -> None:
    """Run a directory server in the foreground. SIGTERM ends the directory cleanly, SIGHUP has the file read again."""
    config = read(file)
    if not isinstance(config, DirectoryConfig):
        fail(f"{file}: this is a node's file: run `circlet node {file}`")
    start_log(file, config)
    from gateway.io.directory_process import run_directory

    sys.exit(run_directory(config, file))


def start_log(file: Path, config: NodeConfig | DirectoryConfig) -> None:
    log = config.log
    try:
        setup(log.level, log.format, log.file)
    except OSError as problem:
        fail(f"{file}: log.file: cannot write {log.file}: {problem.strerror}: choose a file in a folder that exists")
