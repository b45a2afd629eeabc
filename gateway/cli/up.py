"""circlet up"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import click

from config import ConfigErrors, DirectoryConfig, NodeConfig, load
from gateway.cli.files import fail
from gateway.cli.running import Lock, running
from gateway.cli.supervisor import Child, Supervisor
from gateway.cli.tables import table, text_of

NICK_LEN = 12
NOBODY = "guest"
FAILED = 1


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--verbose", is_flag=True, help="show every line that the processes log, not warnings and errors alone")
def up(folder: Path, verbose: bool) -> None:
    """Start every process configured in DIR as a child. A child that dies is started again.

    A child stopped with `circlet stop NODE DIR` stays stopped until the next `circlet up DIR`.
    """
    configs = _configs(folder)
    try:
        lock = Lock(folder)
    except BlockingIOError:
        _already_running(folder, configs)
    except OSError as problem:
        fail(f"{folder}: cannot write up.lock there: {problem.strerror}: choose a folder that can be written")
    children = [Child(name, _command(config, folder / f"{name}.yaml")) for name, config in configs.items()]
    nodes = [config for config in configs.values() if isinstance(config, NodeConfig)]
    drain_s = max([node.drain_s for node in nodes], default=1.0)
    click.echo(f"Starting {len(children)} processes: {', '.join(configs)} ...")
    supervisor = Supervisor(children, drain_s + 5.0, lambda: _greet(configs, verbose), lock.write, verbose=verbose)
    sys.exit(asyncio.run(supervisor.run()))


def _configs(folder: Path) -> dict[str, NodeConfig | DirectoryConfig]:
    """Load the configurations of a folder by file name, directories first. Mistakes end the command."""
    files = [*sorted(folder.glob("directory-*.yaml")), *sorted(folder.glob("node-*.yaml"))]
    if not files:
        fail(f"{folder}: no node-*.yaml or directory-*.yaml here: `circlet init {folder}` writes some")
    mistakes, configs = [], {}
    for path in files:
        try:
            configs[path.stem] = load(path)
        except ConfigErrors as problem:
            mistakes.append(str(problem))
    if mistakes:
        fail("\n".join(mistakes))
    return configs


def _command(config: NodeConfig | DirectoryConfig, path: Path) -> list[str]:
    kind = "node" if isinstance(config, NodeConfig) else "directory"
    return [sys.executable, "-m", f"{__package__}.main", kind, str(path)]


def _already_running(folder: Path, configs: dict[str, NodeConfig | DirectoryConfig]) -> None:
    """Tell the other `circlet up` of the folder to start the stopped processes again."""
    found = running(folder)
    if found is None:  # the other command has ended in this moment
        fail(f"another `circlet up {folder}` has just ended: try again")
    click.echo(f"already running, pid {found.pid}")
    stopped = [name for name in configs if name not in found.children]
    if not stopped:
        click.echo(f"`circlet stop all {folder}` stops everything")
        sys.exit(FAILED)
    os.kill(found.pid, signal.SIGUSR1)
    click.echo(f"starting again: {', '.join(stopped)}")
    sys.exit(0)


def _greet(configs: dict[str, NodeConfig | DirectoryConfig], verbose: bool) -> str:
    """Say where to connect, once the nodes are up: lines to copy, each with a different nick."""
    nodes = {name: config for name, config in configs.items() if isinstance(config, NodeConfig)}
    directories = [config for config in configs.values() if isinstance(config, DirectoryConfig)]
    rows = table("node", "irssi", "WeeChat")
    nick = _own_nick()
    for name, node in nodes.items():
        address = node.irc_address
        if address is not None:
            number = int(re.sub(r"[^0-9]", "", name) or 1)  # in a trial, machine 2 has only node-2, and so on
            own = nick if number == 1 else f"{nick}{number}"
            irssi = f"irssi -c {address.host} -p {address.port} -n {own}"
            rows.add_row(node.node.name, irssi, f"weechat irc://{own}_@{address}")
    pages = _pages([*nodes.values()], directories)
    start = "Or start" if pages else "Start"
    log = "" if verbose else " Warnings and errors are shown below; --verbose shows the whole log."
    return (
        f"\nThe network runs. Ctrl-C stops everything.{log}\n{pages}"
        f"{start} clients, each in its own terminal, and /join #erlang in all of them:\n\n{text_of(rows).rstrip()}"
    )


def _pages(nodes: list[NodeConfig], directories: list[DirectoryConfig]) -> str:
    """Name the addresses of the ring's page and of the chat. A single node and a single directory are enough."""
    node = next((config.http.url for config in nodes if config.http is not None), "")
    directory = next((config.http.url for config in directories if config.http is not None), "")
    if not node:
        return f"The page of the ring, as a directory sees it: {directory}\n" if directory else ""
    too = f" and, as a directory sees it, {directory}" if directory else ""
    return f"The page of the ring: {node}{too}\nChat in the browser:  {node}chat#erlang\n"


def _own_nick() -> str:
    """Make a nick of the user's name on this machine. The name may be empty or an invalid nick."""
    name = re.sub(r"[^A-Za-z0-9_-]", "", os.environ.get("USER") or os.environ.get("LOGNAME") or "")
    return name[:NICK_LEN] if name[:1].isalpha() else NOBODY
