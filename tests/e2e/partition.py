"""Cuts between loopback addresses, for the links of one test's network alone: the network's port is in every rule."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

from tests.patience import WITHIN_S


@contextmanager
def partition(link_port: int, side: list[int], others: list[int]) -> Iterator[None]:
    """Let nothing of the links pass between the nodes of one side and the others."""
    rules = [
        ["INPUT", "-s", a, "-d", b, "-p", "tcp", f"--{end}", str(link_port), "-j", "DROP"]
        for one, other in product(side, others)
        for a, b in ((f"127.0.0.{one}", f"127.0.0.{other}"), (f"127.0.0.{other}", f"127.0.0.{one}"))
        for end in ("sport", "dport")
    ]
    with _rules(rules):
        yield


@contextmanager
def unanswered(link_port: int, dialler: int, listener: int) -> Iterator[None]:
    """Leave the dials of one node to another without an answer, though all else passes: as for a while after a cut,
    since a kernel sends a SYN again after 1, 3, 7 and 15 s only.
    """
    a, b = f"127.0.0.{dialler}", f"127.0.0.{listener}"
    with _rules([["INPUT", "-s", a, "-d", b, "-p", "tcp", "--dport", str(link_port), "--syn", "-j", "DROP"]]):
        yield


@contextmanager
def _rules(rules: list[list[str]]) -> Iterator[None]:
    made = []
    try:
        for rule in rules:
            _iptables("-I", rule)
            made.append(rule)
        yield
    finally:
        for rule in made:
            _iptables("-D", rule)


def _iptables(action: str, rule: list[str]) -> None:
    done = subprocess.run(
        ["iptables", "-w", action, *rule], capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == 0, f"iptables: {done.stderr}"
