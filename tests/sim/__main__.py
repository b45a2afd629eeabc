"""python -m tests.sim SEED replays one seed with a trace; python -m tests.sim --soak N runs many and lists failures."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import traceback
from contextlib import nullcontext
from functools import partial

import click
from rich.progress import Progress

from tests.sim.kinds import ACCOUNTS, BANS, CHANNELS, DEVICES, REGISTRATIONS, TALK, WEBHOOKS, WHISPERS, Kind


def broken(kind: Kind, seed: int) -> list[str]:
    """Return the failures of this seed's story; an exception is a failure, too."""
    try:
        return kind.tell(seed)[1]
    except Exception:
        return [traceback.format_exc()]


def replay(kind: Kind, seed: int) -> int:
    story, wrong = kind.tell(seed, trace=click.echo)
    for node in story.net.nodes.values():
        for at, note in node.notes:
            if note.event != "client_registered":
                name = note.group.name if note.group is not None else ""
                click.echo(f"{at - 1_700_000_000:9.3f}  {node.name}: {note.event} {name} {note.facts}")
    click.echo("\n  ".join(["faults:", *story.faults]))
    click.echo("\n  ".join(["wrong:" if wrong else "nothing is wrong", *wrong]))
    return len(wrong)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of its ended child processes."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def soak(kind: Kind, first: int, count: int, jobs: int) -> int:
    """Tell many stories. With one job, the stories run in this process, in sight of a profiler or a debugger."""
    began = cpu_s()
    failed: list[int] = []
    seeds = range(first, first + count)
    with multiprocessing.Pool(jobs) if jobs > 1 else nullcontext() as pool, Progress() as progress:
        tell = partial(broken, kind)
        told = pool.imap(tell, seeds, chunksize=4) if pool is not None else map(tell, seeds)
        task = progress.add_task("seeds", total=count)
        for seed, wrong in zip(seeds, told, strict=True):
            progress.update(task, advance=1)
            if wrong:
                failed.append(seed)
                progress.console.print(f"seed {seed}: {wrong[0][-300:]}", markup=False)
    speed = count / (cpu_s() - began)
    click.echo(f"{count} seeds from {first}: {len(failed)} failed; {speed:.1f} stories a CPU second")
    for seed in failed:
        click.echo(f"replay it with: python -m tests.sim {seed}{kind.option}")
    return len(failed)


@click.command(help=__doc__)
@click.argument("seed", type=int, required=False)
@click.option("--soak", "count", type=int, help="run this many seeds")
@click.option("--first", default=0, help="the first seed of a soak")
@click.option("--jobs", default=multiprocessing.cpu_count(), help="processes")
@click.option("--devices", is_flag=True, help="an account's clients come and go, too")
@click.option("--accounts", is_flag=True, help="accounts are made, changed and dropped, too")
@click.option("--bans", is_flag=True, help="bans of the network are added, changed and lifted, too")
@click.option("--channels", is_flag=True, help="bans, modes and ranks of a registered channel change, too")
@click.option("--registrations", is_flag=True, help="a channel is registered, changed and dropped, too")
@click.option("--webhooks", is_flag=True, help="receivers of webhooks hear what is said, too")
@click.option("--whispers", is_flag=True, help="most of the talk is private")
def main(
    seed: int | None,
    count: int | None,
    first: int,
    jobs: int,
    devices: bool,
    accounts: bool,
    bans: bool,
    channels: bool,
    registrations: bool,
    webhooks: bool,
    whispers: bool,
) -> None:
    chosen = (
        (devices, DEVICES),
        (accounts, ACCOUNTS),
        (bans, BANS),
        (channels, CHANNELS),
        (registrations, REGISTRATIONS),
        (webhooks, WEBHOOKS),
        (whispers, WHISPERS),
    )
    kind = next((kind for wanted, kind in chosen if wanted), TALK)
    if count is not None:
        sys.exit(min(soak(kind, first, count, jobs), 1))
    if seed is None:
        raise click.UsageError("a seed, or --soak N")
    sys.exit(min(replay(kind, seed), 1))


if __name__ == "__main__":
    main(prog_name="python -m tests.sim")
