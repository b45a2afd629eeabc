"""circlet status with nodes and directories that answer what the test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.admin_clients.requests import Problem, StatusAsk, encode
from gateway.cli import status as command
from gateway.cli import survey, visits
from gateway.status import Absent, Seen
from gateway.words import moment
from ring.ids import UNREADABLE
from ring.io import roster_file
from ring.io.admin_client import NoReply
from ring.io.directory_client import NoAnswer
from ring.membership.directory.datagrams import Listed
from ring.roster import NodeRecord
from tests.gateway.cli.invoking import circlet
from tests.gateway.test_findings import well

COLUMNS = "node up since clients channels mastered backed up followed links takeovers hand-offs lag level"


def record(number: int) -> NodeRecord:
    ip = f"127.0.0.{number}"
    return NodeRecord(ip, 5, f"node-{number}.circlet.local", ip, 7600, "", "1.0", 0)


class World:
    """`replies` by ring key: bytes, or why there are none. `lists`: one per directory; None does not answer."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lists: list[list[NodeRecord] | None] = [[record(1), record(2)]]
        self.replies: dict[str, bytes | str] = {}
        self.asked: list[str] = []
        for number, name in ((1, "a"), (2, "b")):
            self.answers(number, name)

    def answers(self, number: int, name: str, **changes: Any) -> None:
        known = [seen for seen in well("a").status.roster if seen.name != "c"]  # type: ignore[union-attr]
        facts = {"name": record(number).name, "roster": known, "version": "1.0", **changes}
        status = msgspec.structs.replace(well(name).status, **facts)
        self.replies[record(number).key] = encode(status)

    async def query(self, directories: list[tuple[str, int]], _timeout_s: float, _log: Any) -> list[Listed]:
        ((host, port),) = directories
        found = self.lists[port - 7700]
        if found is None:
            raise NoAnswer(f"{host} port {port}: no answer")
        return [Listed(r, 1.0) for r in found]

    async def ask(self, node: NodeRecord, payload: bytes, **facts: Any) -> bytes:
        assert payload == encode(StatusAsk()) and len(facts["key"]) == 32 and facts["terms"].network == "Circlet"
        self.asked.append(node.key)
        reply = self.replies.get(node.key, "connection refused")
        if isinstance(reply, str):
            raise NoReply(reply)
        return reply

    def status(self, *options: str) -> Any:
        return circlet("status", "--config", self.file, *options)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    assert circlet("init", tmp_path / "net", "--nodes", "2", "--directories", "2").exit_code == 0
    made = World(tmp_path / "net" / "node-1.yaml")
    made.lists *= 2
    monkeypatch.setattr(visits, "query_nodes", made.query)
    monkeypatch.setattr(visits, "ask", made.ask)
    return made


def test_a_healthy_network_is_a_table_and_nothing_wrong(world: World) -> None:
    world.answers(2, "b", clients=17, channels_mastered=4, channels_backed_up=3, takeovers=2, hand_offs=1, lag_s=0.4)
    result = world.status()
    assert result.exit_code == 0
    head, _, first, second, *rest = result.output.splitlines()
    assert " ".join(head.split()) == COLUMNS
    assert first.split()[0] == "node-1.circlet.local" and first.split()[3:] == [*"0000200", "0", "s", "0"]
    assert second.split()[0] == "node-2.circlet.local"
    assert second.split()[3:] == ["17", "4", "3", "0", "2", "2", "1", "0.4", "s", "0"]
    assert rest == ["", "Nothing is wrong."]


def test_a_silent_node_has_a_row_and_a_reason_and_the_exit_code_is_2(world: World) -> None:
    del world.replies[record(2).key]
    result = world.status()
    assert result.exit_code == 2
    assert "node-2.circlet.local   no answer" in result.output
    words = "node-2.circlet.local does not answer (127.0.0.2:7600: connection refused)"
    assert result.output.splitlines()[-2:] == [words, "channels have no backup: only one node is up"]


def test_the_acting_level_and_each_nodes_own_are_shown(world: World) -> None:
    world.answers(1, "a", level=1, acting_level=0)
    world.answers(2, "b", level=0, acting_level=0)
    result = world.status()
    assert result.exit_code == 2
    _, _, first, second, _, acting, held, *_ = result.output.splitlines()
    assert (first.split()[-1], second.split()[-1]) == ("1", "0")
    assert acting == "The network acts at feature level 0."
    assert held.startswith("the network acts at feature level 0, below the level 1 of its newest nodes: ")
    found = json.loads(world.status("--json").output)
    assert found["acting_level"] == 0
    assert [node["status"]["level"] for node in found["nodes"]] == [1, 0]


def test_json_has_a_row_for_every_node_and_what_is_wrong(world: World) -> None:
    world.replies[record(2).key] = "silent for 3 s"
    result = world.status("--json")
    assert result.exit_code == 2
    found = json.loads(result.output)
    assert set(found) == {"nodes", "missing", "acting_level", "wrong"}
    assert found["missing"] == [] and found["acting_level"] is None and len(found["wrong"]) == 2
    one, two = found["nodes"]
    assert one["status"]["ring_key"] == one["ring_key"] == "127.0.0.1" and one["problem"] is None
    assert one["status"]["links"] == {"127.0.0.2": 1.0, "127.0.0.3": 1.0}
    assert two == {
        "name": "node-2.circlet.local",
        "ring_key": "127.0.0.2",
        "address": "127.0.0.2:7600",
        "http": None,
        "problem": "silent for 3 s",
        "status": None,
    }


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (encode(Problem("it runs version 9, which does not know this request")), "it runs version 9"),
        (b"\xc1 nonsense", "the answer cannot be read"),
        (msgspec.msgpack.encode({"type": "status", "name": 3}), "the answer cannot be read"),
    ],
)
def test_an_answer_that_is_none_is_told_in_words(world: World, reply: bytes, words: str) -> None:
    world.replies[record(2).key] = reply
    result = world.status()
    assert result.exit_code == 2 and words in result.output
    assert issubclass(msgspec.ValidationError, UNREADABLE)


# Whom it asks ---------------------------------------------------------------------------------------------------------


def test_all_that_the_directories_list_are_asked_and_the_files_own_node(world: World) -> None:
    world.lists = [[record(2)], [record(2), record(3)]]
    result = world.status()
    assert sorted(world.asked) == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert "no directory lists node-1.circlet.local, which answers" in result.output
    assert "node-3.circlet.local does not answer" in result.output


def test_one_directory_that_is_down_is_told_and_the_other_believed(world: World) -> None:
    world.lists = [[record(1), record(2)], None]
    result = world.status()
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == "a directory does not answer (127.0.0.1 port 7701: no answer)"


def test_without_directories_the_saved_roster_says_whom_to_ask(world: World) -> None:
    world.lists = [None, None]
    state = world.file.parent / "state" / "node-1"
    state.mkdir(parents=True)
    roster_file.save(state / "roster.json", [record(1), record(2)], 5)
    result = world.status()
    assert result.exit_code == 2 and sorted(world.asked) == ["127.0.0.1", "127.0.0.2"]
    line = result.output.splitlines()[-1]
    assert line.startswith("no directory answers (127.0.0.1 port 7700: no answer, ") and "saved roster" in line
    (state / "roster.json").write_text("cut o")
    result = world.status()
    assert world.asked[2:] == ["127.0.0.1"] and "the saved roster is of no use: cannot use" in result.output


def test_a_network_of_one_without_directories(world: World, tmp_path: Path) -> None:
    circlet("init", tmp_path / "one", "--nodes", "1", "--directories", "0")
    world.file = tmp_path / "one" / "node-1.yaml"
    world.answers(1, "a", roster=[Seen(record(1).name, record(1).key, "alive")], links={})
    result = world.status()
    assert world.asked == ["127.0.0.1"]
    assert result.exit_code == 0 and result.output.endswith("Nothing is wrong.\n")


# To stay --------------------------------------------------------------------------------------------------------------


def until(looks: int, change: Callable[[], None]) -> Callable[[float], None]:
    """A sleep that is interrupted after so many looks; `change` comes after the first."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert seconds == 2.0
        change()
        if len(slept) == looks:
            raise KeyboardInterrupt

    return sleep


def test_watch_looks_again_until_ctrl_c(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.time, "sleep", until(3, lambda: world.replies.pop(record(2).key, None)))
    result = world.status("--watch")
    assert result.exit_code == 2
    assert [result.output.count(words) for words in ("up since", "Nothing is wrong.", "no answer")] == [3, 1, 2]


def test_watch_for_programs_is_an_object_a_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.time, "sleep", until(2, lambda: None))
    result = world.status("--watch", "--json")
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert first == second and first["wrong"] == [] and len(first["nodes"]) == 2


def test_ctrl_c_before_the_first_look_is_no_good_news(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(survey, "survey", interrupted)
    result = world.status()
    assert result.exit_code == 1 and "Nothing is wrong" not in result.output


# Mistakes of who asks -------------------------------------------------------------------------------------------------


def test_mistakes_end_with_code_1(world: World) -> None:
    folder = world.file.parent
    for words, told in (
        ((), "Missing option '--config'"),
        (("--config", folder / "node-1.yaml", "--loud"), "No such option"),
        (("--config", folder / "nowhere.yaml"), "nowhere.yaml"),
        (("--config", folder / "directory-1.yaml"), "a node's file is needed"),
    ):
        result = circlet("status", *words)
        assert result.exit_code == 1 and told in result.output
    (folder / "network.key").chmod(0o644)
    result = world.status()
    assert result.exit_code == 1 and "network.key_file" in result.output and "chmod 600" in result.output
    assert not world.asked


def test_a_dead_node_that_the_directories_have_forgotten_stays_in_the_table(world: World) -> None:
    alive = [Seen(record(number).name, record(number).key, "alive") for number in (1, 2)]
    for number, name in ((1, "a"), (2, "b")):
        world.answers(number, name, links={}, roster=[*alive, Seen("node-3.circlet.local", "127.0.0.3", "dead")])
    result = world.status()
    assert result.exit_code == 2
    assert "node-3.circlet.local   no answer" in result.output
    assert result.output.splitlines()[-1] == (
        "node-1.circlet.local and node-2.circlet.local think node-3.circlet.local dead: start it, or say "
        "`circlet forget node-3.circlet.local` if it will never come back"
    )


def test_a_node_that_did_not_leave_in_order_is_missing_for_as_long_as_anybody_remembers_it(world: World) -> None:
    gone = Absent("node-3.circlet.local", "127.0.0.3", 5, 1_700_000_000.0)
    world.answers(2, "b", absent=[gone], missing={gone.ring_key: gone.name})
    result = world.status()
    assert result.exit_code == 2
    assert f"node-3.circlet.local   missing since {moment(gone.since)}" in result.output
    assert result.output.splitlines()[-1] == (
        f"node-3.circlet.local (127.0.0.3) has been missing since {moment(gone.since)}: start it, or say "
        "`circlet forget node-3.circlet.local` if it will never come back"
    )
    found = json.loads(world.status("--json").output)
    assert found["missing"] == [
        {"name": gone.name, "ring_key": gone.ring_key, "incarnation": 5, "since": 1_700_000_000.0, "level": 0}
    ]
