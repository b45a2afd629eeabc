"""Clients of an account that come and go: the real irssi and WeeChat, each with a log of its own."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.e2e.terminal import Terminal
from tests.patience import WITHIN_S

PASSWORD = "correct horse"

IRSSI = """\
settings = {{
  core = {{ real_name = "{nick}"; user_name = "{nick}"; nick = "{nick}"; }};
  "fe-common/core" = {{ autolog = "yes"; autolog_path = "{log}/$0.log"; }};
}};
chatnets = {{
  net = {{
    type = "IRC"; sasl_mechanism = "PLAIN"; sasl_username = "{nick}@{device}"; sasl_password = "{password}";
  }};
}};
"""


class Device:
    """One client of an account, with a folder that outlives the client's process."""

    room = "#room"

    def __init__(self, folder: Path, nick: str, name: str) -> None:
        self.nick = nick
        self.name = name
        self._folder = folder / name
        self._folder.mkdir(parents=True)
        self._runs = 0
        self._terminal: Terminal | None = None

    @property
    def log(self) -> Path:
        raise NotImplementedError

    def _start(self, *command: str) -> Terminal:
        self._runs += 1
        self._terminal = Terminal(self._folder / f"run-{self._runs}", f"{self.name}-{self._runs}", *command)
        return self._terminal

    @property
    def terminal(self) -> Terminal:
        assert self._terminal is not None
        return self._terminal

    def type(self, *lines: str) -> None:
        self.terminal.type(*lines)

    def connect(self, *addresses: tuple[str, int]) -> None:
        """Start the client; given several addresses, a client able to do so takes the next address where one does not
        answer.
        """
        raise NotImplementedError

    def quit(self) -> None:
        """/quit, until the program has ended."""
        self.terminal.type("/quit")
        end = time.monotonic() + WITHIN_S
        while self.terminal.runs():
            assert time.monotonic() < end, self.terminal.screen()
            time.sleep(0.05)

    def close(self) -> None:
        if self._terminal is not None:
            self._terminal.close()

    def arrives(self) -> None:
        """Wait until the client is in the room."""
        end = time.monotonic() + WITHIN_S
        while not self.log.exists() or f"has joined {self.room}" not in self.log.read_text():
            assert time.monotonic() < end, self.terminal.screen()
            time.sleep(0.05)

    def shown(self) -> list[str]:
        """Return the messages in the room, as logged by the client."""
        text = self.log.read_text() if self.log.exists() else ""
        return [match[1] for line in text.splitlines() if (match := re.search(r"\b(said \w+ \d+)$", line))]

    def sees(self, *said: str, twice: int = 0) -> None:
        """Wait until the last message is there; then exactly these messages were said, in this order.

        twice: so many of the first may have been shown once more.
        """
        end = time.monotonic() + WITHIN_S
        while not said or said[-1] not in (shown := self.shown()):
            assert time.monotonic() < end, f"{self.name} shows {shown}, not {said[-1]!r}:\n{self.terminal.screen()}"
            time.sleep(0.05)
        once = [*dict.fromkeys(shown)] if twice else shown
        again = {line for line in shown if shown.count(line) > 1}
        assert once == [*said] and again <= {*said[:twice]}, f"{self.name} shows {shown}, not {said}"


class Irssi(Device):
    @property
    def log(self) -> Path:
        return self._folder / "logs" / f"{self.room}.log"

    def connect(self, *addresses: tuple[str, int]) -> None:
        home = self._folder / "irssi"
        home.mkdir(exist_ok=True)
        facts = {"nick": self.nick, "device": self.name, "log": self._folder / "logs", "password": PASSWORD}
        (home / "config").write_text(IRSSI.format(**facts))
        self._start("irssi", f"--home={home}").sees(r"\[\(status\)\]|\[Act|irssi v")
        host, port = addresses[0]
        self.type(f"/connect -network net {host} {port}")


class WeeChat(Device):
    @property
    def log(self) -> Path:
        return self._folder / "weechat" / "logs" / f"irc.net.{self.room}.weechatlog"

    def connect(self, *addresses: tuple[str, int]) -> None:
        where = ",".join(f"{host}/{port}" for host, port in addresses)
        say = [] if self._runs else [f"/server add net {where} -notls -nicks={self.nick}"]
        say += [
            f"/set irc.server.net.addresses {where}",
            "/set irc.server.net.sasl_mechanism plain",
            f"/set irc.server.net.sasl_username {self.nick}@{self.name}",
            f'/set irc.server.net.sasl_password "{PASSWORD}"',
            "/set irc.server.net.autoreconnect_delay 1",
            "/set logger.file.flush_delay 0",
            "/connect net",
        ]
        words = [word for line in say for word in ("-r", line)]
        self._start("weechat", "-d", str(self._folder / "weechat"), *words)
