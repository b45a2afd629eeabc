"""circlet locate"""

from __future__ import annotations

import json
from pathlib import Path

import click

from config import DirectoryConfig
from gateway.cli.files import fail
from gateway.cli.network import asks_directories, live_nodes, place_of
from gateway.cli.tables import table, text_of
from gateway.web.sight import placement
from ring.placement import explain, hash32
from ring.roster import NoRing, RingTerms, common_ring


@click.command()
@click.argument("name")
@asks_directories("a node's file")
@click.option("--json", "as_json", is_flag=True, help="for programs")
def locate(name: str, path: Path | None, addresses: tuple[str, ...], as_json: bool) -> None:
    """Show which node masters a channel or nick, and the sum behind the choice. Needs no key."""
    where = place_of(path, addresses)
    config = where.config
    if isinstance(config, DirectoryConfig):
        fail(f"{path}: a node's file is needed, for the ring settings. Or ask without a file: --directory HOST:PORT")
    found = live_nodes(where)
    names = {r.key: r.name for r, _ in found or () if not r.leaving}
    if config is None:
        try:
            terms = common_ring([record for record, _ in found or ()])
        except NoRing as problem:
            fail(f"{problem}. Or use a node's file: --config FILE")
    else:
        terms = RingTerms(config.ring.distance, config.ring.points, config.ring.copies, config.network.casemapping)
        if found is None:
            names = {config.node.ring_key or config.node.ip: config.node.name}
    try:
        ring, _, casemap = placement(terms, names)
    except ValueError as problem:
        fail(str(problem))
    folded, distance = casemap(name), terms.distance
    places = explain(folded, ring)
    j = hash32(folded)
    if as_json:
        rows = [
            {"role": _role(i, terms), "name": names[p.key], "ring_key": p.key, "K": p.point, "distance": p.distance}
            for i, p in enumerate(places)
        ]
        click.echo(json.dumps({"name": folded, "J": j, "distance": distance, "nodes": rows}, indent=2))
        return
    formula = "|K - J|" if distance == "absolute" else "min(|K - J|, 2^32 - |K - J|)"
    point = "K = md5(ring key) mod 2^32" + (", of the nearest of its points" if terms.points > 1 else "")
    click.echo(f"J = md5({folded!r}) mod 2^32 = {j}\n{point}\ndistance = {formula}\n")
    rows_shown = table("role", "node", "ring key", "K", "distance")
    for i, place in enumerate(places):
        rows_shown.add_row(_role(i, terms), names[place.key], place.key, str(place.point), str(place.distance))
    click.echo(text_of(rows_shown), nl=False)


def _role(place: int, terms: RingTerms) -> str:
    """Name the role of a place; the places after the backups are numbered, in the order of succession."""
    return "master" if place == 0 else "backup" if place < terms.copies else f"{place + 1}."
