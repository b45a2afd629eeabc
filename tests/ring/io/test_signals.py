"""A SIGHUP that comes while it is held back is delivered later, once."""

from __future__ import annotations

import subprocess
import sys

HELD = """
import os, signal
from ring.io.signals import hold_hang_up, release_hang_up
signal.signal(signal.SIGHUP, lambda *_: print("hung up"))
hold_hang_up()
os.kill(os.getpid(), signal.SIGHUP)
os.kill(os.getpid(), signal.SIGHUP)
print("held", signal.SIGHUP in signal.sigpending())
release_hang_up()
print("released")
os.kill(os.getpid(), signal.SIGHUP)
"""

INHERITED = """
import os, signal, subprocess, sys
from ring.io.signals import hold_hang_up, release_hang_up
child = "import os, signal; os.kill(os.getpid(), signal.SIGHUP); print('the child goes on')"
hold_hang_up()
subprocess.run([sys.executable, "-c", child], check=True)
release_hang_up()
"""


def output(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:-1]


def test_a_hang_up_during_the_hold_is_delivered_at_the_release() -> None:
    assert output(HELD) == ["held True", "hung up", "released", "hung up"]


def test_a_child_inherits_the_hold() -> None:
    assert output(INHERITED) == ["the child goes on"]
