"""What somebody said is known by, where more than one edge may come to say it: it is said once (P9)."""

from __future__ import annotations

from typing import NamedTuple

from ring.ids import Incarnation


class Sayer(NamedTuple):
    """A client's connection, wherever its session is. node: the one that it is connected to, number: its there."""

    node: Incarnation
    number: int


class Once(NamedTuple):
    """line: the how manieth of its client. target: the how manieth of those that the line names."""

    sayer: Sayer
    line: int
    target: int = 0
