"""circlet record, circlet replay"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from config import NodeConfig
from config.units import parse_duration, parse_size
from gateway.cli.files import FILE, fail, read
from gateway.cli.run import start_log

DIFFERS = 2
"""The exit code if the replay differs from the recording. 1 means that the file cannot be replayed."""

LEAST = 64 * 1024
SIZE = "64MiB"


class Written(click.ParamType[Any]):
    """A duration or size, in the form of configuration files."""

    def __init__(self, name: str, parse: Callable[[object], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._parse(value)
        except ValueError as problem:
            self.fail(f"{value!r}: wanted {problem}", param, ctx)


@click.command()
@click.argument("file", type=FILE)
@click.argument("tape", type=click.Path(path_type=Path))
@click.option("--for", "for_s", type=Written("duration", parse_duration), help="record for so long, e.g. 60s")
@click.option("--size", type=Written("size", parse_size), default=SIZE, show_default=True, help="bytes of TAPE at most")
@click.option("--texts", is_flag=True, help="record what people say, too, topics, and reasons; passwords never")
def record(file: Path, tape: Path, for_s: float | None, size: int, texts: bool) -> None:
    """Run a supernode like `circlet node FILE`, and write all inputs of the core to TAPE, for `circlet replay`.

    A recording begins with the node's start. The node goes on after the end of the recording.
    """
    config = read(file)
    if not isinstance(config, NodeConfig):
        fail(f"{file}: this is a directory's file: only nodes are recorded")
    if size < LEAST:
        fail(f"--size {size}: a recording needs {LEAST} bytes at least")
    start_log(file, config)
    from gateway.io.recorder import Tape
    from gateway.io.run_node import run_node  # uvloop and TLS are not needed by the other commands

    try:
        made = Tape(tape, texts=texts, size=size, for_s=for_s)
    except FileExistsError:
        fail(f"{tape}: there is such a file already: choose another name, or remove the file")
    except OSError as problem:
        fail(f"{tape}: cannot be written: {problem.strerror}: choose a folder that exists and can be written")
    sys.exit(run_node(config, file, made))


@click.command()
@click.argument("tape", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def replay(tape: Path) -> None:
    """Replay a recording of `circlet record`, and name the first different output.

    Exit code 2 if an output differs. A recording needs the build that made the recording.
    """
    from gateway.io.recorder import build
    from gateway.recording.replay import replay as play
    from gateway.recording.tape import BadTape, open_tape

    try:
        header, records = open_tape(tape.read_bytes())
        if header.build != build():
            fail(
                f"{tape}: recorded by build {header.build}, and this is build {build()}: "
                "replay it with the build that recorded it"
            )
        found = play(header, records)
    except BadTape as problem:
        fail(f"{tape}: {problem}")
    except OSError as problem:
        fail(f"{tape}: cannot be read: {problem.strerror}")
    began, last = (datetime.fromtimestamp(at).isoformat(" ", "milliseconds") for at in (header.started, found.last))
    click.echo(f"{header.record.name}, build {header.build}, {'with' if header.texts else 'without'} texts")
    click.echo(f"{found.calls} inputs in {found.turns} turns, from {began} to {last}: {found.ended}")
    if found.differs:
        click.echo(f"the first difference is at {found.differs}")
    elif found.crash:
        click.echo(f"the core raises an exception, as the recorded core did: the recording ends there\n{found.crash}")
    else:
        click.echo("the core sends the same to every node and client")
    sys.exit(DIFFERS if found.differs else 0)
