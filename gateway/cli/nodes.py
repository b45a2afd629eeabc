"""circlet nodes"""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.files import fail
from gateway.cli.network import asks_directories, live_nodes, place_of
from gateway.cli.tables import table, text_of
from ring.placement import hash32


@click.command()
@asks_directories("a node's or a directory's file")
@click.option("--json", "as_json", is_flag=True, help="for programs")
def nodes(path: Path | None, addresses: tuple[str, ...], as_json: bool) -> None:
    """Ask the directories, and show the live nodes. Needs no key."""
    found = live_nodes(place_of(path, addresses))
    if found is None:
        fail(f"{path}: this network has no directories, so there is nobody to ask: it has only the node of this file")
    if as_json:
        rows = [
            {
                "name": r.name,
                "ip": r.ip,
                "ring_key": r.key,
                "point": hash32(r.key),
                "irc": r.irc,
                "http": r.http or None,
                "version": r.version,
                "age_s": round(age_s),
                "leaving": r.leaving,
            }
            for r, age_s in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    rows_shown = table("name", "IP", "ring point", "IRC address", "page", "version", "age")
    for record, age_s in found:
        name = record.name + (" (leaving)" if record.leaving else "")
        facts = (name, record.ip, str(hash32(record.key)), record.irc, record.http, record.version)
        rows_shown.add_row(*facts, f"{round(age_s)} s")
    click.echo(text_of(rows_shown), nl=False)
