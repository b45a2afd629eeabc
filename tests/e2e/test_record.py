"""circlet record and circlet replay: a node of three is recorded over the death of another, and its own."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.request
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

from gateway.recording.tape import MAGIC, Framer, encode, open_tape
from tests.e2e.network import Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

SAID = (b"the first secret", b"another secret", b"what we do here", b"after the kill")
PASSWORD = b"sesame-street"


class Recorded(Network):
    """node-2 is recorded."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.options = options
        super().__init__(folder)

    @property
    def tape(self) -> Path:
        return self.folder / "tape"

    def start(self, name: str) -> None:
        if name != "node-2":
            super().start(name)
            return
        self.start_as(name, "record", str(self.folder / "node-2.yaml"), str(self.tape), *self.options)

    def replay(self, tape: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.circlet("replay", str(tape or self.tape))


def talk(network: Recorded) -> None:
    """Two people talk, one registers and logs in again; node-3 is killed, and its channel goes on."""
    ann, bob = network.client(1, "ann"), network.client(2, "bob")
    for person in (ann, bob):
        person.send("JOIN #erlang")
        person.expect(" 366 ")
        person.sync()
    ann.send("PRIVMSG #erlang :the first secret")
    bob.send("PRIVMSG #erlang :another secret", "TOPIC #erlang :what we do here", "CHATHISTORY LATEST #erlang * 10")
    bob.send(f"PRIVMSG NickServ :REGISTER {PASSWORD.decode()}")
    bob.expect("is registered")
    bob.sync()
    bob.send("QUIT")
    bob.expect("ERROR")
    again = network.client(2, "bobby", caps="sasl")
    again.send("AUTHENTICATE PLAIN")
    again.expect(r"AUTHENTICATE \+")
    again.send("AUTHENTICATE " + b64encode(b"\0bob\0" + PASSWORD).decode(), "JOIN #erlang")
    again.expect(" 903 ")
    again.expect(" 366 ")
    again.sync()
    network.terminate("node-3", signal.SIGKILL)
    ann.send("PRIVMSG #erlang :after the kill")
    ann.sync()
    again.expect(":after the kill")
    again.sync()


def test_a_recording_of_a_node_that_is_killed_replays_and_others_do_not(tmp_path: Path) -> None:
    network = Recorded(tmp_path / "net")
    try:
        talk(network)
        network.terminate("node-2", signal.SIGKILL)
        data = network.tape.read_bytes()
        assert network.tape.stat().st_mode & 0o077 == 0
        assert not [text for text in (*SAID, PASSWORD) if text in data]
        good = network.replay()
        assert good.returncode == 0, good.stdout + good.stderr
        assert "the core sends the same to every node and client" in good.stdout
        found = re.search(r"^(\d+) inputs in (\d+) turns, .*: the recording ends here$", good.stdout, re.M)
        assert found is not None and int(found[1]) > 200 and int(found[2]) > 50
        refused(network, data)
    finally:
        network.stop()


def refused(network: Recorded, data: bytes) -> None:
    """A changed file, a recording of another build, a file of another kind, and a missing file are refused."""
    changed = network.folder / "changed"
    changed.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :])
    result = network.replay(changed)
    assert result.returncode == 1 and re.search(r"the file was changed or is damaged at byte \d+$", result.stderr)
    header, records = open_tape(data)
    framer = Framer()
    other = msgspec.structs.replace(header, build="0.0.1 0123456789abcdef")
    frames = [framer.frame(encode(other)), *(framer.frame(encode(record)) for record in records)]
    changed.write_bytes(MAGIC + b"".join(frames))
    result = network.replay(changed)
    assert result.returncode == 1 and "recorded by build 0.0.1 0123456789abcdef, and this is build " in result.stderr
    assert "replay it with the build that recorded it" in result.stderr and "Traceback" not in result.stderr
    changed.write_bytes(b"not at all")
    result = network.replay(changed)
    assert result.returncode == 1 and "this is no recording of a node" in result.stderr
    assert network.replay(network.folder / "none").returncode == 2


def test_a_node_that_is_stopped_in_order_ends_its_recording_and_its_page_may_be_looked_at(tmp_path: Path) -> None:
    network = Recorded(tmp_path / "net")
    try:
        web = re.search(r"^http:.*?port: (\d+)", (network.folder / "node-2.yaml").read_text(), re.MULTILINE | re.DOTALL)
        assert web is not None
        for path in ("", "nodes.json", "metrics", "locate?name=%23erlang"):
            with urllib.request.urlopen(f"http://127.0.0.2:{web[1]}/{path}", timeout=WITHIN_S) as answer:
                assert answer.status == 200
        bob = network.client(2, "bob")
        bob.send("JOIN #erlang")
        bob.sync()
        network.processes["node-2"].send_signal(signal.SIGHUP)
        bob.sync()
        assert network.terminate("node-2") == 0
        result = network.replay()
        assert result.returncode == 0, result.stdout + result.stderr
        assert ": the node was stopped\n" in result.stdout and "sends the same to every node" in result.stdout
    finally:
        network.stop()


def test_with_texts_and_a_small_file_the_node_goes_on_when_it_is_full(tmp_path: Path) -> None:
    network = Recorded(tmp_path / "net", "--texts", "--size", "200KiB")
    try:
        bob = network.client(2, "bob")
        bob.send("JOIN #erlang", "PRIVMSG #erlang :the first secret")
        bob.sync()
        assert b"the first secret" in network.tape.read_bytes()
        while "recording_ended" not in network.log("node-2"):
            bob.send(*(f"PRIVMSG #erlang :{'x' * 300} {number}" for number in range(5)))
            bob.sync()
        assert network.tape.stat().st_size <= 200 * 1024
        bob.send("PRIVMSG #erlang :and on")
        bob.sync()
        assert network.terminate("node-2", within_s=WITHIN_S) == 0
        result = network.replay()
        assert result.returncode == 0 and "the file has the size that it may have, 204800 bytes" in result.stdout
        again = network.circlet("record", str(network.folder / "node-2.yaml"), str(network.tape))
        assert again.returncode == 1 and "there is such a file already" in again.stderr
        small = network.circlet("record", str(network.folder / "node-2.yaml"), str(tmp_path / "t"), "--size", "1KiB")
        assert small.returncode == 1 and "needs 65536 bytes at least" in small.stderr
        odd = network.circlet("record", str(network.folder / "node-2.yaml"), str(tmp_path / "t"), "--for", "soon")
        assert odd.returncode == 2 and "a duration like 5s" in odd.stderr
    finally:
        network.stop()
