"""circlet up: every process of a folder, kept running, and stopped together."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.running import running
from ring.io.signals import hold_hang_up, release_hang_up
from tests.e2e.network import Client, configured
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]


class Up:
    """The command, and its output, line by line."""

    def __init__(self, folder: Path, port: int, *words: str, user: str = "joe") -> None:
        """words: options of the command. user: name of the starting user in the environment."""
        self.folder = folder
        self.port = port
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli.main", "up", str(folder), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "USER": user, "LOGNAME": ""},
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def until(self, pattern: str, since: int = 0) -> str:
        """Return the first matching line from `since` on."""

        def found() -> str | None:
            return next((line for line in self.lines[since:] if re.search(pattern, line)), None)

        with self._news:
            self._news.wait_for(found, WITHIN_S)
        line = found()
        assert line is not None, f"{pattern!r} did not come:\n" + "\n".join(self.lines)
        return line

    def ended(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(WITHIN_S)
        self._reading.join(WITHIN_S)
        return code

    def children(self) -> dict[str, int]:
        """Return process ids by the name of each process's file."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            words = _words(folder)
            if len(words) > 2 and words[-1].startswith(str(self.folder)) and words[-2] in ("node", "directory"):
                found[Path(words[-1]).stem] = int(folder.name)
        return found

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            for pid in self.children().values():
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._reading.join(WITHIN_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _words(folder: Path) -> list[str]:
    try:
        return (folder / "cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path, configured(tmp_path, nodes=2, directories=1), "--verbose")
    try:
        made.until("The network runs")
        yield made
    finally:
        made.stop()


def test_it_says_where_to_connect_and_people_can(up: Up) -> None:
    up.until(rf"node-1.* irssi -c 127\.0\.0\.1 -p {up.port} -n joe +weechat irc://joe_@127\.0\.0\.1:{up.port}")
    up.until(r"The page of the ring: http://127\.0\.0\.1:\d+/ and, as a directory sees it, http://127\.0\.0\.1:\d+/$")
    up.until(r"Chat in the browser: +http://127\.0\.0\.1:\d+/chat#erlang")
    up.until(rf"node-2.* irssi -c 127\.0\.0\.2 -p {up.port} -n joe2 +weechat irc://joe2_@127\.0\.0\.2:{up.port}")
    ann, bob = (Client(f"127.0.0.{number}", up.port, nick) for number, nick in ((1, "ann"), (2, "bob")))
    for person in (ann, bob):
        person.send("JOIN #erlang")
        person.expect(" 366 ")
    ann.send("PRIVMSG #erlang :over two processes")
    ann.sync()
    bob.sync()
    assert bob.heard("#erlang") == ["over two processes"]


def test_a_child_that_dies_is_reported_and_started_again(up: Up) -> None:
    first, seen = up.children(), len(up.lines)
    assert sorted(first) == ["directory-1", "node-1", "node-2"]
    os.kill(first["node-2"], signal.SIGKILL)
    assert "started again in" in up.until(r"^node-2 +\| ended with code -9", seen)
    up.until(r"^node-2 +\| .*node_started", seen)
    again = up.children()
    assert again["node-2"] != first["node-2"] and again["node-1"] == first["node-1"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it_in_order(up: Up, number: int) -> None:
    assert up.ended(number) == 0
    assert up.children() == {}
    stopped = [line.split("|")[0].strip() for line in up.lines if re.search("node_stopped|directory_stopped", line)]
    assert sorted(stopped[:2]) == ["node-1", "node-2"] and stopped[2:] == ["directory-1"]
    assert not [line for line in up.lines if "Traceback" in line]


def test_a_child_that_cannot_start_is_tried_again_and_the_others_run(tmp_path: Path) -> None:
    port = configured(tmp_path, nodes=2, directories=1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.2", port))
        taken.listen()
        made = Up(tmp_path, port, "--verbose")
        try:
            made.until(rf"^node-2 .*cannot listen on 127.0.0.2 port {port}")
            made.until(r"^node-2 +\| ended with code 1: started again in")
            made.until(r"^node-1 +\| .*node_started")
            taken.close()
            made.until(r"^node-2 +\| .*node_started")
            assert made.ended(signal.SIGTERM) == 0 and made.children() == {}
        finally:
            made.stop()


ONE_CHILD = """
import asyncio, sys
from gateway.cli.supervisor import Child, Supervisor
from tests.patience import WITHIN_S
child = Child("node-1", ["sh", "-c", "trap 'echo bye; exit' TERM; echo $$; while :; do sleep 0.01; done"])
sys.exit(asyncio.run(Supervisor([child], 5.0, str, lambda running: None).run()))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_no_child_is_left_though_the_terminal_is_closed_or_a_pager_has_ended(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", ONE_CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        child = int(process.stdout.readline().split(b"|")[1])
        process.stdout.close()
        process.send_signal(number)
        assert process.wait(WITHIN_S) == 0 and process.stderr.read() == b""
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def circlet(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_lines_to_copy_come_last_and_nothing_is_logged_after(tmp_path: Path) -> None:
    port = configured(tmp_path, nodes=2, directories=1)
    quiet = Up(tmp_path, port, user="")
    try:
        quiet.until(r"node-2.*irssi.* -n guest2 ")
        with (ann := Client("127.0.0.1", port, "ann")).socket:
            ann.sync()
        assert "guest2_@" in quiet.lines[-1]
        assert quiet.ended(signal.SIGTERM) == 0
        assert not [line for line in quiet.lines if '"info"' in line]
    finally:
        quiet.stop()


def test_a_second_start_says_which_process_runs_already(up: Up) -> None:
    second = circlet("up", str(up.folder))
    assert second.returncode == 1
    assert second.stdout.splitlines()[0] == f"already running, pid {up.process.pid}"


def test_a_stopped_node_stays_stopped_until_up_is_said_again(up: Up) -> None:
    first, seen = up.children(), len(up.lines)
    stopped = circlet("stop", "node-2.circlet.local", str(up.folder))
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert stopped.stdout == f"node-2 has stopped. Start it again with: circlet up {up.folder}\n"
    up.until("^node-2 .*stays stopped", seen)
    assert {*up.children()} == {"directory-1", "node-1"}
    assert "node-2 does not run" in circlet("stop", "node-2", str(up.folder)).stderr
    again = circlet("up", str(up.folder))
    assert (again.returncode, again.stdout.splitlines()[1]) == (0, "starting again: node-2")
    up.until(r"^node-2 +\| .*node_started", seen)
    assert up.children()["node-1"] == first["node-1"]
    news = [line for line in up.lines[seen:] if '"node_dead"' in line or '"link_lost"' in line]
    assert news and not [line for line in news if '"warning"' in line]  # a node stopped by command is no trouble


def test_a_stop_after_up_was_said_again_holds(up: Up) -> None:
    """The second `up` is for node-2, and node-2 is stopped then: a later stop of node-1 has nothing of the second
    `up`.
    """
    seen = len(up.lines)
    circlet("stop", "node-2", str(up.folder))
    up.until("^node-2 .*stays stopped", seen)
    circlet("up", str(up.folder))
    up.until(r"^node-2 +\| .*node_started", seen)
    seen = len(up.lines)
    for name in ("node-1", "node-2"):
        assert circlet("stop", name, str(up.folder)).returncode == 0
        up.until(f"^{name} .*stays stopped", seen)
    assert {*up.children()} == {"directory-1"}
    assert circlet("up", str(up.folder)).stdout.splitlines()[1] == "starting again: node-1, node-2"


def test_stop_all_ends_the_network(up: Up) -> None:
    said = circlet("stop", "all", str(up.folder))
    assert (said.returncode, said.stdout) == (0, "everything has stopped\n")
    assert up.process.wait(WITHIN_S) == 0 and up.children() == {}
    nothing = circlet("stop", "all", str(up.folder))
    assert nothing.returncode == 1 and nothing.stderr.startswith("nothing runs")


def test_stop_names_what_it_could_stop(up: Up) -> None:
    said = circlet("stop", "node-7", str(up.folder))
    assert said.returncode == 1 and "has no node-7: running are directory-1, node-1, node-2" in said.stderr


def test_reload_has_processes_read_their_files_again(up: Up) -> None:
    first, seen = up.children(), len(up.lines)
    path = up.folder / "node-2.yaml"
    text = path.read_text()
    path.write_text(f"{text}\nwebhooks:\n  allow: [127.0.0.9]\ndrain_s: -1\n")
    wrong = circlet("reload", "all", str(up.folder))
    assert wrong.returncode == 1 and wrong.stdout.startswith("directory-1, node-1: told to read")
    assert "drain_s" in wrong.stderr and "node-2: not told" in wrong.stderr
    up.until(r'^node-1 +\| .*"reloaded"', seen)
    path.write_text(f"{text}\nwebhooks:\n  allow: [127.0.0.9]\n")
    right = circlet("reload", "node-2.circlet.local", str(up.folder))
    assert (right.returncode, right.stderr) == (0, "") and right.stdout.startswith("node-2: told to read")
    assert '"webhooks.allow"' in up.until(r'^node-2 +\| .*"reloaded"', seen)
    unknown = circlet("reload", "node-7", str(up.folder))
    assert unknown.returncode == 1 and "has no node-7: running are directory-1, node-1, node-2" in unknown.stderr
    assert up.children() == first, "no process was started again"
    assert up.ended(signal.SIGHUP) == 0 and "`circlet reload all DIR`" in "\n".join(up.lines[seen:])
    nothing = circlet("reload", "all", str(up.folder))
    assert nothing.returncode == 1 and nothing.stderr.startswith("nothing runs")


def test_a_machine_of_a_trial_has_the_nick_of_its_number(tmp_path: Path) -> None:
    port = configured(tmp_path, nodes=2, directories=1)
    (tmp_path / "node-1.yaml").unlink()
    up = Up(tmp_path, port)
    try:
        up.until(rf"node-2.* irssi -c 127\.0\.0\.2 -p {port} -n joe2 ")
    finally:
        up.stop()


@pytest.mark.parametrize("kind", ["directory", "node"])
def test_a_hang_up_before_the_process_has_started_has_it_read_its_file_when_it_has(tmp_path: Path, kind: str) -> None:
    configured(tmp_path, nodes=1, directories=1)
    hold_hang_up()  # as `circlet up` does when it starts a child
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli.main", kind, str(tmp_path / f"{kind}-1.yaml")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    finally:
        release_hang_up()
    process.send_signal(signal.SIGHUP)
    late = threading.Timer(WITHIN_S, process.kill)
    late.start()
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if '"reloaded"' in line:
            break
    else:
        pytest.fail(f"it ended with code {process.wait()}:\n{''.join(lines)}")
    process.terminate()
    process.communicate()
    late.cancel()


def test_everything_ends_with_its_terminal(tmp_path: Path) -> None:
    configured(tmp_path, nodes=1, directories=0)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "gateway.cli.main", "up", str(tmp_path)])
    read = b""
    while b"The network runs" not in read:
        read += os.read(terminal, 4096)
    found = running(tmp_path)
    assert found is not None and found.pid == pid
    children = [os.pidfd_open(child) for child in found.children.values()]
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    for child in children:
        assert select.select([child], [], [], WITHIN_S)[0], "the node outlived its terminal"
        os.close(child)
