"""What circlet status finds wrong, and in which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.cli.findings import findings
from gateway.cli.survey import Row, Survey
from gateway.status import Seen, Status
from ring.roster import NodeRecord

KEYS = {name: f"127.0.0.{number}" for number, name in enumerate(("a", "b", "c"), 1)}


def well(name: str, **changes: Any) -> Row:
    """A node that answers and is content."""
    status = Status(
        name=name,
        ring_key=KEYS[name],
        incarnation=1,
        version="1.0",
        started=0,
        up_s=60.0,
        leaving=False,
        clients=0,
        users=0,
        channels_mastered=0,
        channels_backed_up=0,
        channels_followed=0,
        links={key: 1.0 for other, key in KEYS.items() if other != name},
        roster=[Seen(other, key, "alive") for other, key in KEYS.items()],
        takeovers=0,
        hand_offs=0,
        merges=0,
        handing_off=0,
        searches=0,
        lagging=0,
        lag_s=0.0,
    )
    return Row(record(name), msgspec.structs.replace(status, **changes))


def record(name: str, ip: str = "") -> NodeRecord:
    return NodeRecord(KEYS[name], 1, name, ip or KEYS[name], 7600, "", "1.0", 0)


def silent(name: str, problem: str = "connection refused") -> Row:
    return Row(record(name), None, problem)


def thinking(name: str, *dead: str) -> Row:
    seen = [Seen(other, key, "dead" if other in dead else "alive") for other, key in KEYS.items()]
    return well(name, roster=seen, links={key: 1.0 for other, key in KEYS.items() if other not in (name, *dead)})


def wrong(*rows: Row, copies: int = 2, **changes: Any) -> list[str]:
    facts: dict[str, Any] = {"listed": frozenset(KEYS.values()), "directories": 1, "silent": [], **changes}
    return findings(Survey(list(rows), **facts), copies)


def test_nothing_is_wrong_where_all_are_well() -> None:
    assert wrong(well("a"), well("b"), well("c")) == []
    assert wrong(well("a"), well("b"), well("c", leaving=True)) == []


def test_a_silent_node_is_named_with_its_address_and_the_reason() -> None:
    assert wrong(well("a"), silent("b"), well("c")) == ["b does not answer (127.0.0.2:7600: connection refused)"]
    six = Row(record("b", "2001:db8::1"), None, "silent for 3 s")
    assert wrong(well("a"), six, well("c")) == ["b does not answer ([2001:db8::1]:7600: silent for 3 s)"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([thinking("a", "c"), well("b"), silent("c")], "a thinks c dead, b hears it"),
        ([thinking("a", "c"), well("b", links={}), well("c", links={})], "a thinks c dead, and it answers here"),
        ([thinking("a", "c"), well("b"), well("c")], "a thinks c dead, b hears it, and it answers here"),
        ([thinking("a", "c"), thinking("b", "c")], "a and b think c dead"),
    ],
)
def test_who_is_thought_dead_and_what_speaks_against_it(rows: list[Row], words: str) -> None:
    assert words in wrong(*rows)


def test_nodes_that_have_not_heard_of_each_other() -> None:
    alone = well("c", roster=[Seen("c", KEYS["c"], "alive")])
    assert wrong(well("a"), well("b"), alone) == ["c does not know a and b"]


def test_a_node_that_no_directory_lists() -> None:
    assert wrong(well("a"), well("b"), well("c"), listed=frozenset((KEYS["a"], KEYS["b"]))) == [
        "no directory lists c, which answers"
    ]


def test_lag_is_told_once_it_is_longer_than_a_moment() -> None:
    rows = well("a", lagging=3, lag_s=12.4), well("b", lagging=1, lag_s=3.0), well("c", lagging=1, lag_s=1.5)
    assert wrong(*rows) == ["a: 3 groups lag, the longest for 12 s", "b: 1 group lags, the longest for 3 s"]


def test_versions_that_differ() -> None:
    assert wrong(well("a"), well("b", version="1.1"), well("c")) == [
        "nodes run different versions: 1.0 (a, c), 1.1 (b)"
    ]


def test_directories_that_do_not_answer() -> None:
    rows = well("a"), well("b"), well("c")
    assert wrong(*rows, directories=2, silent=["192.0.2.1 port 7700: no answer"]) == [
        "a directory does not answer (192.0.2.1 port 7700: no answer)"
    ]
    assert wrong(*rows, directories=2, listed=None, silent=["x: no answer", "y: no answer"]) == [
        "no directory answers (x: no answer, y: no answer): the nodes here are those of the saved roster"
    ]
    assert wrong(*rows, directories=0, listed=None) == []
    assert wrong(*rows, directories=0, listed=None, roster_problem="cannot use roster.json: it is cut off") == [
        "the saved roster is of no use: cannot use roster.json: it is cut off"
    ]


@pytest.mark.parametrize(
    ("up", "copies", "words"),
    [
        (("a",), 2, ["channels have no backup: only one node is up"]),
        (("a", "b"), 2, []),
        (("a", "b"), 3, ["channels have 2 copies, not 3 as ring.copies says: only 2 nodes are up"]),
        (("a",), 1, []),
        ((), 2, []),
    ],
)
def test_too_few_nodes_for_the_copies_that_are_wanted(up: tuple[str, ...], copies: int, words: list[str]) -> None:
    rows = [well(name) if name in up else silent(name) for name in KEYS]
    assert [line for line in wrong(*rows, copies=copies) if "does not answer" not in line] == words


def test_a_node_that_leaves_holds_no_backup_for_long() -> None:
    assert wrong(well("a"), well("b", leaving=True)) == ["channels have no backup: only one node is up"]


def test_a_network_that_is_meant_to_be_one_node_is_let_alone() -> None:
    assert wrong(well("a"), listed=None, directories=0) == []
    assert wrong(well("a"), listed=frozenset([KEYS["a"]]), directories=1) != []


def test_a_disk_that_refuses_is_told() -> None:
    found = wrong(well("a"), well("b", store="/srv/circlet.db: the disk is full: make room on it"), well("c"))
    assert found == ["b cannot write what it should keep: /srv/circlet.db: the disk is full: make room on it"]
