"""A cut between loopback addresses, for the links of one test's network alone: its port is in every rule."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

from tests.patience import WITHIN_S


@contextmanager
def partition(link_port: int, side: list[int], others: list[int]) -> Iterator[None]:
    """Nothing of the links passes between the nodes of one side and the others."""
    rules = [
        ["INPUT", "-s", a, "-d", b, "-p", "tcp", f"--{end}", str(link_port), "-j", "DROP"]
        for one, other in product(side, others)
        for a, b in ((f"127.0.0.{one}", f"127.0.0.{other}"), (f"127.0.0.{other}", f"127.0.0.{one}"))
        for end in ("sport", "dport")
    ]
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
