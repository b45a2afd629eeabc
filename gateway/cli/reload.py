"""circlet reload"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click

from config import ConfigErrors, load
from gateway.cli.files import fail
from gateway.cli.stop import ALL, chosen, what_runs


@click.command()
@click.argument("node", metavar="NODE|all")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def reload(node: str, folder: Path) -> None:
    """Send SIGHUP to a process of `circlet up DIR`, or to all of its processes: each process reads its file again.

    NODE is the name of a file in DIR without .yaml (node-3), or the name of the node in the file. A process gets no
    signal if the process's file has a mistake. Some settings apply only after a restart: the process logs a warning
    with the names of these settings.
    """
    found = what_runs(folder)
    names = sorted(found.children) if node == ALL else [chosen(node, folder, found)]
    wrong = {name: text for name in names if (text := _mistakes(folder / f"{name}.yaml"))}
    told = [name for name in names if name not in wrong and _signal(found.children[name])]
    if told:
        click.echo(f"{', '.join(told)}: told to read the file again. A warning in the log names what needs a restart")
    if wrong:
        fail("\n".join([*wrong.values(), f"{', '.join(wrong)}: not told, since the file has mistakes: mend the file"]))
    if gone := [name for name in names if name not in told]:
        fail(f"{', '.join(gone)}: has just ended, and reads its file when the process starts again")


def _mistakes(path: Path) -> str:
    try:
        load(path)
    except ConfigErrors as problem:
        return str(problem)
    return ""


def _signal(pid: int) -> bool:
    """Send SIGHUP. Return whether the process exists."""
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError:
        return False
    return True
