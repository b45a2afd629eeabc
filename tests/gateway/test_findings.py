"""What circlet status finds wrong, and in which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.findings import findings
from gateway.status import Absent, Certificate, Directory, Refusal, Seen, Status, Unread, Webhook
from gateway.survey import Row, Survey
from gateway.words import moment
from ring.roster import NodeRecord

NOW = 1_700_000_000.0
DAY_S = 86_400
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


def thinking(name: str, *dead: str, **changes: Any) -> Row:
    seen = [Seen(other, key, "dead" if other in dead else "alive") for other, key in KEYS.items()]
    links = {key: 1.0 for other, key in KEYS.items() if other not in (name, *dead)}
    return well(name, roster=seen, links=links, **changes)


def wrong(*rows: Row, copies: int = 2, **changes: Any) -> list[str]:
    facts: dict[str, Any] = {"listed": frozenset(KEYS.values()), "directories": 1, "silent": [], **changes}
    return findings(Survey(list(rows), **facts), copies, NOW)


def test_nothing_is_wrong_where_all_are_well() -> None:
    assert wrong(well("a"), well("b"), well("c")) == []
    assert wrong(well("a"), well("b"), well("c", leaving=True)) == []


def test_a_receiver_of_a_webhook_that_fails_for_long_is_told_with_what_waits() -> None:
    hook = Webhook("aa11", "#c", "a.example", "the receiver answers 500", NOW - 30, 7, 0)
    assert wrong(well("a", webhooks_failing=[hook])) == wrong(well("a")), "a moment is no news"
    hook = msgspec.structs.replace(hook, since=NOW - 120)
    found = wrong(well("a", webhooks_failing=[hook]), well("b"), well("c"))
    assert found == [
        f"a: the webhook aa11 of #c to a.example has failed since {moment(NOW - 120)} (the receiver answers 500): "
        "7 messages wait"
    ]
    worse = msgspec.structs.replace(hook, backlog=1, dropped=2)
    (line,) = wrong(well("a", webhooks_failing=[worse]), well("b"), well("c"))
    assert line.endswith("1 message waits, 2 messages given up")
    many = wrong(well("a", webhooks_failing=[hook] * 12), well("b"), well("c"))
    assert len(many) == 11 and many[-1] == "a: 2 more webhooks fail: `circlet webhook list` shows them"


def test_nodes_with_other_cloaks_are_named() -> None:
    assert wrong(well("a", cloaks="ab12"), well("b", cloaks="ab12"), well("c", cloaks=None)) == []
    assert wrong(well("a", cloaks=""), well("b", cloaks=""), well("c", cloaks="")) == []
    assert wrong(well("a", cloaks="ab12"), well("b", cloaks="cd34"), well("c", cloaks="ab12")) == [
        "a and c make cloaks with the key ab12: give every node the same cloak.key",
        "b makes cloaks with the key cd34: give every node the same cloak.key",
    ]
    assert wrong(well("a", cloaks="ab12"), well("b", cloaks=""), well("c", cloaks="ab12")) == [
        "b shows addresses: give every node the same cloaks.key_file",
        "a and c make cloaks with the key ab12: give every node the same cloak.key",
    ]


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
        (
            [thinking("a", "c"), thinking("b", "c")],
            "a and b think c dead: start it, or say `circlet forget c` if it will never come back",
        ),
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


D = Absent("d", "127.0.0.4", 3, NOW - 9 * 3600)


def test_a_node_is_missing_if_any_node_remembers_it_and_until_it_is_back_or_forgotten() -> None:
    (line,) = wrong(well("a"), well("b", absent=[D], missing={"127.0.0.4": "d"}), well("c"))
    assert line == (
        f"d (127.0.0.4) has been missing since {moment(D.since)}: start it, or say `circlet forget d` if it will never "
        "come back"
    )


def test_a_missing_node_that_all_remember_is_told_once_and_since_its_first_absence() -> None:
    later = msgspec.structs.replace(D, since=NOW - 60)
    (line,) = wrong(well("a", absent=[later]), well("b", absent=[D]), well("c", absent=[later]))
    assert moment(D.since) in line


def test_a_missing_node_that_the_others_think_dead_is_told_once() -> None:
    """The whole network was started again, but for one node."""
    gone = Absent("c", KEYS["c"], 1, NOW - 60)
    rows = [thinking("a", "c", absent=[gone], missing={KEYS["c"]: "c"}), thinking("b", "c")]
    found = wrong(*rows)
    assert [line for line in found if "circlet forget" in line] == [
        f"c ({KEYS['c']}) has been missing since {moment(gone.since)}: start it, or say `circlet forget c` if it will "
        "never come back"
    ]


def test_a_node_that_somebody_saw_leave_in_order_is_not_missing() -> None:
    assert wrong(well("a", left={"127.0.0.4": 3}), well("b", absent=[D]), well("c")) == []
    assert wrong(well("a", left={"127.0.0.4": 2}), well("b", absent=[D]), well("c")) != []  # that was an earlier life


def test_a_node_that_answers_is_not_missing() -> None:
    back = Absent("c", KEYS["c"], 1, NOW - 60)
    assert not any("missing" in line for line in wrong(well("a"), well("b", absent=[back]), well("c")))


def test_a_missing_ring_key_whose_name_is_another_nodes_now_is_forgotten_by_its_key() -> None:
    moved = Absent("c", "127.0.0.4", 1, NOW - 60)
    (line,) = wrong(well("a"), well("b", absent=[moved]), well("c"))
    assert "c (127.0.0.4)" in line and "`circlet forget 127.0.0.4`" in line


def test_a_node_of_an_older_build_says_only_the_names_of_the_missing() -> None:
    (line,) = wrong(well("a", missing={"127.0.0.4": "d"}), well("b"), well("c"))
    assert line.startswith("d (127.0.0.4) is missing: start it, or say ")


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (14 * DAY_S, None),
        (14 * DAY_S - 1, "ends in 13 days"),
        (1.5 * DAY_S, "ends in 1 day"),
        (3600, "ends in less than a day"),
        (0, "ended"),
        (-DAY_S, "ended"),
    ],
)
def test_a_certificate_that_ends_within_two_weeks_is_told(left_s: float, words: str | None) -> None:
    end = NOW + left_s
    shown = Certificate("127.0.0.2:6697", "cert.pem", end)
    found = wrong(well("a"), well("b", certificates=[shown]), well("c"))
    when = "" if words is None else f"{words} on {moment(end)}" if words == "ended" else f"{words}, on {moment(end)}"
    expected = (
        f"b: the certificate cert.pem of the listener 127.0.0.2:6697 {when}: replace the file and send the node SIGHUP"
    )
    assert found == ([] if words is None else [expected])


def test_nodes_that_were_refused_are_told_with_the_reason_and_by_whom() -> None:
    refusal = Refusal("d", "127.0.0.4", "127.0.0.4", "ring.copies: here 2, there 3", NOW)
    found = wrong(well("a", refused=[refusal]), well("b", refused=[refusal]), well("c"))
    assert found == ["a and b refuse d at 127.0.0.4: ring.copies: here 2, there 3"]


def test_a_node_that_the_directories_refuse_is_told() -> None:
    found = wrong(well("a"), well("b"), well("c"), refused=frozenset({("d", "127.0.0.4", "the name d belongs to ...")}))
    assert found == ["the directories refuse d at 127.0.0.4: the name d belongs to ..."]


def test_a_directory_that_one_node_alone_does_not_reach_is_told() -> None:
    seen = [Directory("127.0.0.1:7700"), Directory("127.0.0.1:7701", "it does not answer")]
    found = wrong(well("a", directories=seen), well("b"), well("c"))
    assert found == ["a is not listed by the directory 127.0.0.1:7701: it does not answer"]
    named = wrong(well("a", directories=seen), well("b"), well("c"), silent=["127.0.0.1 port 7701: no answer"])
    assert named == ["a directory does not answer (127.0.0.1 port 7701: no answer)"]


def test_groups_that_a_mistake_has_stopped_are_named_and_what_to_do() -> None:
    stopped = [f"channel:#{number}" for number in range(7)]
    found = wrong(well("a"), well("b", stopped=stopped), well("c"))
    assert found == [
        "b has stopped 7 groups for a mistake of the program (channel:#0, channel:#1, channel:#2, channel:#3, "
        "channel:#4, ...): its log says where (group_broken); report that, and restart the node to try again"
    ]


def test_the_node_that_holds_the_feature_level_down_is_named() -> None:
    new = {"level": 1, "acting_level": 0}
    assert wrong(well("a", **new), well("b"), well("c", **new)) == [
        "the network acts at feature level 0, below the level 1 of its newest nodes: "
        "b holds the network back: upgrade b"
    ]
    assert wrong(well("a", **new), well("b"), well("c")) == [
        "the network acts at feature level 0, below the level 1 of its newest nodes: "
        "b and c hold the network back: upgrade b and c"
    ]
    acts = {"level": 1, "acting_level": 1}
    assert wrong(well("a", **acts), well("b", **acts), well("c", **acts)) == []


def test_a_missing_node_that_holds_the_feature_level_down_is_named() -> None:
    new = {"level": 1, "acting_level": 0}
    gone = Absent("c", KEYS["c"], 1, NOW, 0)
    found = wrong(well("a", **new, absent=[gone], missing={gone.ring_key: "c"}), well("b", **new))
    assert (
        "the network acts at feature level 0, below the level 1 of its newest nodes: c, which is missing, holds the "
        "network back: start it with a later build, or say `circlet forget c` if it will never come back"
    ) in found


def test_what_a_node_cannot_read_is_told_for_an_hour() -> None:
    unread = [Unread("b", KEYS["b"], "Publish of a channel", 12, NOW - 60)]
    assert wrong(well("a", unreadable=unread), well("b"), well("c")) == [
        f"a could not read 12 messages of b (Publish of a channel), the last on {moment(NOW - 60)}: "
        "their builds do not understand each other: upgrade the older one"
    ]
    old = [Unread("b", KEYS["b"], "Publish of a channel", 12, NOW - 4000)]
    assert wrong(well("a", unreadable=old), well("b"), well("c")) == []
