"""A seed gives the same run in every process, whatever Python's own hash seed: else no failure could be replayed."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
from tests.sim.net import Net
net = Net(4, seed=7, loss=0.1, double=0.1, delay_s=(0.001, 0.1))
people = [net.client(f"n{1 + i % 4}", f"p{i}") for i in range(6)]
for p in people:
    p.send("JOIN #a,#b,#c", f"PRIVMSG #a :I am {p.nick}", "NICK x" + p.nick, "WHOIS p0", "LIST", f"AWAY :{p.nick}")
net.run(5)
net.kill("n2")
people[0].send("PRIVMSG #b :again", "PART #c")
net.run(20)
net.start(2)
net.run(20)
print(net.now)
for p in people:
    print(p.nick, *p.got, sep="\\n")
"""


def test_a_seed_replays_alike_in_every_process() -> None:
    runs = []
    for hash_seed in ("1", "2", "3"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        runs.append(done.stdout)
    assert len(runs[0]) > 2000
    assert runs[0] == runs[1] == runs[2]
