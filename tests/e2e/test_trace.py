"""circlet trace against real processes: talk, a stopped node, a killed node, and the killed node's return."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading

import pytest

from tests.e2e.network import Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]


class Trace:
    """`circlet trace #erlang` in a pipe. `expect` reads on until a line matches."""

    def __init__(self, network: Network, *options: str) -> None:
        words = ["trace", "#erlang", "--config", str(network.folder / "node-1.yaml"), *options]
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "gateway.cli.main", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.got: list[str] = []
        self.late = threading.Timer(WITHIN_S, self.process.kill)
        self.late.start()

    def expect(self, pattern: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.got.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"it ended, and had not shown {pattern!r}:\n{''.join(self.got)}")

    def end(self) -> str:
        """Ctrl-C; all that it has shown."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        self.got += list(self.process.stdout)
        assert self.process.wait(WITHIN_S) == 0
        self.late.cancel()
        assert "Traceback" not in "".join(self.got), self.got
        return "".join(self.got)


def test_a_channel_is_followed_over_a_kill_and_back(network: Network) -> None:
    """#erlang: node-3 masters it, node-2 is next."""
    ann, bob = network.client(1, "ann"), network.client(2, "bob")
    for person in (ann, bob):
        person.send("JOIN #erlang")
        person.expect(" 366 ")
        person.sync()
    trace = Trace(network)
    trace.expect(r"^ *node-1\.circlet\.local +(follower|backup) ")
    trace.expect(r"^ *node-2\.circlet\.local +backup ")
    trace.expect(r"^ *node-3\.circlet\.local +master .*node-2\.circlet\.local \d+ \(backup\)")
    ann.send("PRIVMSG #erlang :a secret")
    trace.expect(r"entry \d+ of term \d+: Said PRIVMSG by 0\S+ from node-1\.circlet\.local \(its command \d+\)$")
    network.processes["node-1"].send_signal(signal.SIGSTOP)
    trace.expect(r"node-1\.circlet\.local does not answer: silent for 3 s")
    bob.send("PRIVMSG #erlang :while one is stopped")  # node-1 holds nothing: the others talk, and are traced
    trace.expect(r"Said PRIVMSG by 0\S+ from node-2\.circlet\.local")
    network.processes["node-1"].send_signal(signal.SIGCONT)
    trace.expect(r"node-1\.circlet\.local is (follower|backup) under term \d+")
    network.terminate("node-3", signal.SIGKILL)
    trace.expect(r"takeover: node-2\.circlet\.local masters #erlang under term \d+, from entry \d+ on")
    ann.send("PRIVMSG #erlang :after")
    trace.expect(r"entry \d+ of term \d+: Said PRIVMSG")
    network.start("node-3")
    trace.expect(r"hand-off: node-3\.circlet\.local masters #erlang under term \d+, from entry \d+ on")
    shown = trace.end()
    assert "node-3.circlet.local does not answer: " in shown and "secret" not in shown
    once = network.circlet("trace", "#erlang", "--config", str(network.folder / "node-2.yaml"), "--once")
    assert once.returncode == 0 and once.stdout.count("master ") >= 1, once.stdout
    for name in network.processes:
        assert "Traceback" not in network.log(name), network.log(name)


def test_texts_are_shown_if_asked_for_and_a_closed_pipe_ends_it(network: Network) -> None:
    ann = network.client(1, "ann")
    ann.send("JOIN #erlang")
    ann.expect(" 366 ")
    trace = Trace(network, "--texts", "--json")
    for _ in range(3):
        trace.expect('"event":"state"')
    ann.send("PRIVMSG #erlang :is it shown?", "TOPIC #erlang :a topic")
    trace.expect('"kind":"Said PRIVMSG".*"text":"is it shown\\?"')
    trace.expect('"kind":"TopicSet".*"text":"a topic"')
    assert trace.process.stdout is not None
    trace.process.stdout.close()
    ann.send("PRIVMSG #erlang :nobody reads this")
    assert trace.process.wait(WITHIN_S) == 1
    trace.late.cancel()
