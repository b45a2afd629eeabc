"""Pages of this node's channels and people, in the order of their names: for LIST and WHO (P39).

Theory of operation. A page follows on a name, so pages stay right while channels and people come and go in between. The
sorted names are made anew for each first page, in slices (gateway/edge/slices.py), and further pages find their place
in these by bisection. A name that has gone meanwhile has no row, and a name that has come meanwhile is in no page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from gateway.edge.ports import CataloguePort, EdgePort, NamesPort
from gateway.edge.slices import PART, RUN, Slices, in_order

Row = TypeVar("Row")

KEEP_S: Final = 60.0
"""Sorted names without use are kept for so long."""


class Names(NamesPort):
    """The sorted names of one kind. gather: makes the names, in any order, in steps."""

    def __init__(self, edge: EdgePort, gather: Callable[[], Slices[list[str]]]) -> None:
        self._edge = edge
        self._gather = gather
        self._names: list[str] | None = None
        self._used_at = 0.0

    def after(self, name: str) -> Slices[tuple[list[str], int]]:
        """Return the sorted names and the place of the first name after this name; "" makes the names anew."""
        names = self._names
        if not name or names is None:
            found = yield from self._gather()
            names = yield from in_order(found)
            if len(names) > RUN:  # fewer names are sorted sooner than kept
                self._names = names
                self._edge.later(KEEP_S, self._forget)
        self._used_at = self._edge.now
        return names, bisect_right(names, name) if name else 0

    def _forget(self) -> None:
        if self._names is not None and self._edge.now - self._used_at < KEEP_S:
            self._edge.later(KEEP_S, self._forget)
        else:
            self._names = None


class Given(NamesPort):
    """A few names that are there already, in any order."""

    def __init__(self, names: Iterable[str]) -> None:
        self._sorted = sorted(names)

    def after(self, name: str) -> Slices[tuple[list[str], int]]:
        return self._sorted, bisect_right(self._sorted, name)
        yield


class Catalogue(CataloguePort):
    """channels: folded names of the channels that this node masters. people: ids of the node's users."""

    def __init__(self, edge: EdgePort) -> None:
        self._edge = edge
        self.channels = Names(edge, self._channels)
        self.people = Names(edge, self._people)

    def _channels(self) -> Slices[list[str]]:
        groups, found = self._edge.network.groups(), list[str]()
        for at in range(0, len(groups), RUN):
            found += [group.name for group in groups[at : at + RUN] if group.kind == "channel"]
            yield
        return found

    def _people(self) -> Slices[list[str]]:
        return list(self._edge.users)
        yield


def page(
    names: NamesPort, after: str, limit: int, row: Callable[[str], Row | None]
) -> Slices[tuple[tuple[Row, ...], bool]]:
    """Make the rows of names after `after`, at most `limit`. row(name): None if the name is not in the list.

    Returns the rows, and whether more rows follow.
    """
    found: list[Row] = []
    sorted_names, first = yield from names.after(after)
    for at in range(first, len(sorted_names)):
        if (at - first) % PART == PART - 1:
            yield
        made = row(sorted_names[at])
        if made is None:
            continue
        if len(found) == limit:
            return tuple(found), True
        found.append(made)
    return tuple(found), False
