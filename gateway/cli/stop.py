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
"""A process may take so much longer than `drain_s` to end."""


@click.command()
@click.argument("node", metavar="NODE|all")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def stop(node: str, folder: Path) -> None:
    """Stop one process that `circlet up DIR` runs, or all of them and `circlet up` itself.

    NODE is the name of a file in DIR without .yaml (node-3), or the name of the node in that file. A node hands its
    groups over first. The stopped node stays stopped until `circlet up DIR` is said again.
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
    """Ends the command if no `circlet up` runs from the folder."""
    found = running(folder)
    if found is None:
        fail(
            f"nothing runs: no `circlet up {folder}` is there. A process that you started alone gets its signals "
            "where you started it: Ctrl-C or SIGTERM stops the process, SIGHUP has the process read its file again"
        )
    return found


def chosen(node: str, folder: Path, found: Running) -> str:
    """The name of the running process that is meant: the stem of its file. Ends the command if there is none."""
    name = _file_name(node, folder)
    if name not in found.children:
        fail(_unknown(node, name, folder, found))
    return name


def _end(pid: int, name: str, within_s: float) -> None:
    if not signal_and_wait(pid, signal.SIGTERM, within_s):
        fail(f"{name} (pid {pid}) did not stop within {within_s:g} s: `kill -9 {pid}` ends the process at once")


def _file_name(node: str, folder: Path) -> str:
    """The stem of the file whose node has this name; `node` itself if there is none."""
    for path in sorted(folder.glob("node-*.yaml")):
        config = _read(path)
        if config is not None and config.node.name == node:
            return path.stem
    return node


def _drain_s(folder: Path, names: list[str]) -> float:
    """How long these processes may take to end, in seconds."""
    configs = [_read(folder / f"{name}.yaml") for name in names]
    return max([config.drain_s for config in configs if config is not None], default=0.0) + MARGIN_S


def _read(path: Path) -> NodeConfig | None:
    """A node's file; None for a directory's file, and for a file with mistakes in it: stopping needs neither."""
    try:
        config = load(path)
    except (ConfigErrors, OSError):
        return None
    return config if isinstance(config, NodeConfig) else None


def _unknown(node: str, name: str, folder: Path, found: Running) -> str:
    if (folder / f"{name}.yaml").exists():
        return f"{name} does not run: `circlet up {folder}` starts it again"
    return f"{folder} has no {node}: running are {', '.join(sorted(found.children))}. `all` means everything"
