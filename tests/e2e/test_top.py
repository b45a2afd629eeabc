"""circlet top in a terminal, as irssi is tested, and in a pipe."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.network import Network
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.xdist_group("network")]


def top(network: Network, home: Path, **size: int) -> Terminal:
    """Run `circlet top` in a shell that prints the exit code, and the terminal's mode after the end."""
    words = [sys.executable, "-m", "gateway.cli.main", "top", "--config", str(network.folder / "node-1.yaml")]
    stale = "export COLUMNS=80 LINES=24"  # what a terminal had before it was resized
    script = f'trap : INT; {stale}; {shlex.join(words)}; echo "ended with $?"; stty | grep -c icanon; cat'
    return Terminal(home, "top", "sh", "-c", script, **size)


def is_clean(terminal: Terminal) -> None:
    """The program has ended; the shell's own screen is back, and the terminal reads lines as before."""
    terminal.sees("^ended with 0$")
    terminal.shows_no("clients")
    terminal.sees("^0$")  # stty says what is not as usual: no "-icanon"
    terminal.type("a line")
    terminal.sees("^a line$", times=2)


def test_nodes_and_channels_are_watched_over_the_death_of_a_node(network: Network, tmp_path: Path) -> None:
    ann, bob = network.client(1, "ann"), network.client(2, "bob")
    for person in (ann, bob):
        person.send("JOIN #erlang,#irc")
        person.sync()
    terminal = top(network, tmp_path / "top")
    try:
        terminal.sees(r"^ +node-1\.circlet\.local +1 +")
        terminal.sees(r"^ +node-3\.circlet\.local +0 +")
        terminal.sees(r"^ +#erlang +\S+ +2 +\d+ +node-3\.circlet\.local")
        terminal.sees(r"^ +channel, by rate")
        terminal.press("s")
        terminal.sees(r"^ +channel, by members")
        terminal.press("Enter")
        terminal.sees(r"^ +#\w+ on +role")
        terminal.sees(r" master +\d+ ")
        terminal.press("Escape")
        terminal.sees(r"^ +channel, by members")
        terminal.press("Tab", "Enter")
        terminal.sees(r"node-1\.circlet\.local \(127\.0\.0\.1\), version")
        terminal.sees(r"^ +node-2\.circlet\.local +[\d.]+ s")
        terminal.press("Escape")
        network.terminate("node-3", signal.SIGKILL)
        terminal.sees(r"^ +node-3\.circlet\.local +no answer")
        terminal.sees(r"^ +#erlang +\S+ +2 +\d+ +node-2\.circlet\.local")
        network.start("node-3")
        terminal.sees(r"^ +node-3\.circlet\.local +0 +")
        terminal.press("q")
        is_clean(terminal)
    finally:
        terminal.close()
    for name in network.processes:
        assert "Traceback" not in network.log(name), network.log(name)


def test_a_narrow_terminal_and_ctrl_c(network: Network, tmp_path: Path) -> None:
    terminal = top(network, tmp_path / "top", columns=50, rows=20)
    try:
        terminal.sees(r"^ +node-1 +0 +")
        terminal.shows_no("memory")
        terminal.press("C-c")
        is_clean(terminal)
    finally:
        terminal.close()


def test_in_a_pipe_it_prints_one_table_and_ends(network: Network) -> None:
    ann = network.client(1, "ann")
    ann.send("JOIN #erlang")
    ann.sync()
    network.terminate("node-2", signal.SIGKILL)
    shown = network.circlet("top", "--config", str(network.folder / "node-1.yaml"))
    assert shown.returncode == 0 and "Traceback" not in shown.stderr and "\x1b" not in shown.stdout
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert sum(line[:1] == ["node-1.circlet.local"] for line in lines) == 1
    (one,) = [line for line in lines if line[:1] == ["node-1.circlet.local"]]
    assert float(one[2]) >= 0 and float(one[3]) >= 0  # lines a second, of two looks
    assert any(line[:1] == ["#erlang"] for line in lines)
    wrong = network.circlet("top", "--config", str(network.folder / "node-1.yaml"), "--sort", "colour")
    assert wrong.returncode == 2 and "'colour' is not one of" in wrong.stderr
