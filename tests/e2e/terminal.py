"""Real IRC clients in tmux: a person at a keyboard, and the person's screen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.patience import WITHIN_S

LOOK_S = 0.1
"""tmux tells nobody about a changed screen: the test looks at the screen this often."""

COLUMNS, ROWS = 200, 60


class Terminal:
    """One program in a tmux server of its own; both end together."""

    def __init__(self, home: Path, name: str, *command: str, columns: int = COLUMNS, rows: int = ROWS) -> None:
        for program in ("tmux", command[0]):
            assert shutil.which(program), f"{program} is not installed: make clients"
        home.mkdir(parents=True)
        self.name = name
        self._tmux = ["tmux", "-S", str(home / "tmux"), "-f", "/dev/null"]
        self._home = home
        size = ["-x", str(columns), "-y", str(rows)]
        self._run("new-session", "-d", "-s", name, *size, "--", *command)

    def _run(self, *words: str) -> str:
        env = {**os.environ, "HOME": str(self._home), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        env.pop("TMUX", None)
        done = subprocess.run(
            [*self._tmux, *words], capture_output=True, text=True, env=env, timeout=WITHIN_S, check=False
        )
        assert done.returncode == 0, f"{self.name}: tmux {words[0]}: {done.stderr}"
        return done.stdout

    def type(self, *lines: str) -> None:
        """Each line, and Enter."""
        for line in lines:
            self._run("send-keys", "-t", self.name, "-l", "--", line)
            self._run("send-keys", "-t", self.name, "Enter")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: "q", "Enter", "Down", "C-c"."""
        self._run("send-keys", "-t", self.name, *keys)

    def screen(self) -> str:
        return self._run("capture-pane", "-p", "-J", "-t", self.name)

    def sees(self, pattern: str, times: int = 1, within_s: float = WITHIN_S) -> None:
        """Wait until the screen shows the text, so often and no more."""
        self._until(lambda screen: len(re.findall(pattern, screen, re.MULTILINE)) >= times, pattern, within_s)
        shown = len(re.findall(pattern, screen := self.screen(), re.MULTILINE))
        assert shown == times, f"{self.name} shows {pattern!r} {shown} times, not {times}:\n{screen}"

    def shows_no(self, pattern: str) -> None:
        screen = self.screen()
        assert not re.search(pattern, screen, re.MULTILINE), f"{self.name} shows {pattern!r}:\n{screen}"

    def _until(self, true: Callable[[str], object], what: str, within_s: float) -> None:
        end = time.monotonic() + within_s
        while not true(screen := self.screen()):
            assert time.monotonic() < end, f"{self.name} does not show {what!r} after {within_s:g} s:\n{screen}"
            time.sleep(LOOK_S)

    def runs(self) -> bool:
        """Return whether the program runs: tmux ends with the program."""
        done = subprocess.run(
            [*self._tmux, "has-session", "-t", self.name], capture_output=True, timeout=WITHIN_S, check=False
        )
        return done.returncode == 0

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=WITHIN_S, check=False)


def irssi(folder: Path, nick: str, host: str, port: int) -> Terminal:
    home = folder / nick
    return Terminal(home, nick, "irssi", f"--home={home}/irssi", "-c", host, "-p", str(port), "-n", nick)


def weechat(folder: Path, nick: str, host: str, port: int) -> Terminal:
    home = folder / nick
    return Terminal(home, nick, "weechat", "-d", f"{home}/weechat", f"irc://{nick}@{host}:{port}")
