"""circlet locate"""

from __future__ import annotations

import json
from pathlib import Path

import click

from config import NodeConfig
from gateway.cli.files import FILE, fail, read
from gateway.cli.network import live_nodes
from gateway.cli.tables import table, text_of
from gateway.irc.casemapping import Casemap
from ring.placement import Ring, explain, hash32


@click.command()
@click.argument("name")
@click.option("--config", "path", required=True, type=FILE, help="a node's file")
@click.option("--json", "as_json", is_flag=True, help="for programs")
def locate(name: str, path: Path, as_json: bool) -> None:
    """Show which node masters a channel or nick, and the sum that says so."""
    config = read(path)
    if not isinstance(config, NodeConfig):
        fail(f"{path}: a node's file is needed: it holds the ring settings")
    found = live_nodes(config)
    names = {r.key: r.name for r, _ in found or () if not r.leaving}
    if found is None:
        names = {config.node.ring_key or config.node.ip: config.node.name}
    folded = Casemap(config.network.casemapping)(name)
    ring = Ring(names, config.ring.distance, config.ring.points)
    places = explain(folded, ring)
    j = hash32(folded)
    if as_json:
        rows = [
            {"role": _role(i, config), "name": names[p.key], "ring_key": p.key, "K": p.point, "distance": p.distance}
            for i, p in enumerate(places)
        ]
        click.echo(json.dumps({"name": folded, "J": j, "distance": config.ring.distance, "nodes": rows}, indent=2))
        return
    distance = "|K - J|" if config.ring.distance == "absolute" else "min(|K - J|, 2^32 - |K - J|)"
    point = "K = md5(ring key) mod 2^32" + (", of the nearest of its points" if config.ring.points > 1 else "")
    click.echo(f"J = md5({folded!r}) mod 2^32 = {j}\n{point}\ndistance = {distance}\n")
    rows_shown = table("role", "node", "ring key", "K", "distance")
    for i, place in enumerate(places):
        rows_shown.add_row(_role(i, config), names[place.key], place.key, str(place.point), str(place.distance))
    click.echo(text_of(rows_shown), nl=False)


def _role(place: int, config: NodeConfig) -> str:
    """The others are next in line, in this order."""
    return "master" if place == 0 else "backup" if place < config.ring.copies else f"{place + 1}."
