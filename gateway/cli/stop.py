"""circlet stop"""

from __future__ import annotations

import signal
from pathlib import Path

import click

from config import ConfigErrors, NodeConfig, load
from gateway.cli.files import fail
from gateway.cli.running import Running, running, signal_and_wait

ALL = "all"
MARGIN_S = 10.0
"""The time that a process may take to end beyond `drain_s`."""


@click.command()
@click.argument("node", metavar="NODE|all")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def stop(node: str, folder: Path) -> None:
    """Stop a process of `circlet up DIR`; or, with `all`, stop all processes and `circlet up` itself.

    NODE is the name of a file in DIR without .yaml (node-3), or the name of the node in the file. A node first hands
    over its groups. The stopped node stays stopped until the next `circlet up DIR`.
    """
    found = what_runs(folder)
    if node == ALL:
        _end(found.pid, f"circlet up {folder}", _drain_s(folder, sorted(found.children)))
        click.echo("everything has stopped")
        return
    name = chosen(node, folder, found)
    _end(found.children[name], name, _drain_s(folder, [name]))
    click.echo(f"{name} has stopped. Start it again with: circlet up {folder}")


def what_runs(folder: Path) -> Running:
    """Return the running processes of the folder. If no `circlet up` runs, end the command."""
    found = running(folder)
    if found is None:
        fail(
            f"nothing runs: no `circlet up {folder}` is there. A process that you started alone gets its signals "
            "where you started it: Ctrl-C or SIGTERM stops the process, SIGHUP has the process read its file again"
        )
    return found


def chosen(node: str, folder: Path, found: Running) -> str:
    """Return the name of the chosen process: the stem of its file. If the process does not run, end the command."""
    name = _file_name(node, folder)
    if name not in found.children:
        fail(_unknown(node, name, folder, found))
    return name


def _end(pid: int, name: str, within_s: float) -> None:
    if not signal_and_wait(pid, signal.SIGTERM, within_s):
        fail(f"{name} (pid {pid}) did not stop within {within_s:g} s: `kill -9 {pid}` ends the process at once")


def _file_name(node: str, folder: Path) -> str:
    """Return the stem of the file of the node with this name; `node` itself if no node has the name."""
    for path in sorted(folder.glob("node-*.yaml")):
        config = _read(path)
        if config is not None and config.node.name == node:
            return path.stem
    return node


def _drain_s(folder: Path, names: list[str]) -> float:
    """Return the seconds that these processes may take to end."""
    configs = [_read(folder / f"{name}.yaml") for name in names]
    return max([config.drain_s for config in configs if config is not None], default=0.0) + MARGIN_S


def _read(path: Path) -> NodeConfig | None:
    """Read the file of a node. Return None for a directory's file or a file with mistakes: stopping needs neither."""
    try:
        config = load(path)
    except (ConfigErrors, OSError):
        return None
    return config if isinstance(config, NodeConfig) else None


def _unknown(node: str, name: str, folder: Path, found: Running) -> str:
    if (folder / f"{name}.yaml").exists():
        return f"{name} does not run: `circlet up {folder}` starts it again"
    return f"{folder} has no {node}: running are {', '.join(sorted(found.children))}. `all` means everything"
