"""Records of nodes on the wire and on disk: the feature level, and fields of later builds."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest

from ring.features import LEVEL, at_level
from ring.io import roster_file
from ring.links.hello import NONCE, PROTOCOL, Hello, Terms, encode, read
from ring.membership.directory.client import DirectoriesCore, Send
from ring.membership.directory.datagrams import Announce, Codec
from ring.membership.directory.query import Query
from ring.membership.directory.server import DirectoryCore
from ring.roster import (
    MAX_HTTP,
    MAX_TEXT,
    NodeRecord,
    Range,
    RingTerms,
    as_level_0,
    check_levels,
    is_sane,
    newer,
    read_record,
)

NODE = NodeRecord("127.0.0.1", 5, "n1.example", "127.0.0.1", 7600, "", "2", 1_700_000_000, level=LEVEL)
FIELDS = [*msgspec.structs.astuple(NODE)]
LATER = read_record([*FIELDS, "zone-a", {"weight": 3}])
TERMS = Terms("Circlet", "irc.circlet.local", "absolute", 1, 1, "rfc1459", {"nick_len": 30})
KEY = bytes(32)


def fields(record: NodeRecord) -> list[object]:
    decoded: list[object] = msgspec.msgpack.decode(msgspec.msgpack.encode(record))
    return decoded


def test_a_record_without_the_field_is_of_level_0() -> None:
    old = read_record(FIELDS[:9])
    assert old.level == 0
    assert old == as_level_0(NODE)
    assert at_level(NODE, 0, 0) == FIELDS[:9]
    assert newer(NODE, old) and not newer(old, NODE)  # of one life, the record that says more


def test_a_record_keeps_the_fields_of_later_builds() -> None:
    assert isinstance(LATER, NodeRecord)
    assert fields(LATER) == [*FIELDS, "zone-a", {"weight": 3}]
    leaving = msgspec.structs.replace(LATER, leaving=True)
    assert fields(leaving)[8:] == [True, LEVEL, None, "", "zone-a", {"weight": 3}]
    assert newer(LATER, NODE) and newer(leaving, LATER)


@pytest.mark.parametrize("later", [["x"] * 9, ["x" * 200], [{"a": "b" * 130}]])
def test_a_record_that_grows_without_end_is_refused(later: list[object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        if not is_sane(read_record([*FIELDS, *later])):
            raise msgspec.ValidationError


def test_a_directory_passes_on_fields_that_it_does_not_know() -> None:
    now, codec = 1_700_000_000.0, Codec("net", KEY)
    directory = DirectoryCore("net", KEY, random.Random(1), now)
    cores = [
        DirectoriesCore(1, codec, record, 3.0, random.Random(2)) for record in (LATER, _other())
    ]  # the first one announces, the second one reads
    for core in cores:
        _talk(core, directory, now)
    assert cores[1].view.records["127.0.0.1"] == LATER
    query = Query(1, random.Random(3))
    sends = query.tick(now)
    while sends:
        answer = directory.receive(sends.pop().data, ("127.0.0.9", 9), now)
        assert answer is not None
        sends += query.receive(answer, 0, now)
    assert LATER in [listed.record for listed in query.nodes()]


def _other() -> NodeRecord:
    return msgspec.structs.replace(NODE, key="127.0.0.2", ip="127.0.0.2", name="n2.example")


def _talk(core: DirectoriesCore, directory: DirectoryCore, now: float) -> None:
    waiting = core.tick(now)
    while waiting:
        effect = waiting.pop(0)
        if isinstance(effect, Send) and (answer := directory.receive(effect.data, ("127.0.0.1", 1), now)):
            waiting += core.receive(answer, 0, now)


def test_an_announcement_of_level_0_is_read() -> None:
    codec = Codec("net", KEY)
    sealed = codec.seal(Announce(NODE.id, 1, 0, 0, at_level(NODE, 0, 0)))
    opened = codec.open(sealed)
    assert isinstance(opened, Announce)
    assert opened.record == as_level_0(NODE)


def test_the_saved_roster_keeps_what_it_does_not_know_and_the_acting_level(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    roster_file.save(path, [LATER], 7, level=1)
    saved = roster_file.load(path)
    assert (saved.records, saved.incarnation, saved.level, saved.problem) == ([LATER], 7, 1, None)


def test_the_saved_roster_of_level_0_is_one_that_builds_of_level_0_read(tmp_path: Path) -> None:
    path = tmp_path / "roster.json"
    roster_file.save(path, [NODE], 7)
    assert set(json.loads(path.read_text())) == {"format", "incarnation", "nodes"}
    path.write_text(json.dumps({"format": 1, "incarnation": 7, "nodes": [FIELDS[:9]], "given_up": {}}))
    assert roster_file.load(path).records == [as_level_0(NODE)]


def test_a_hello_says_the_levels_and_that_of_level_0_does_not() -> None:
    hello = Hello(PROTOCOL, TERMS, LATER, b"n" * NONCE, 1, 0)
    assert read(encode(hello)) == hello
    old = Hello(PROTOCOL, TERMS, as_level_0(NODE), b"n" * NONCE)
    sent: list[list[object]] = msgspec.msgpack.decode(encode(old))
    assert len(sent) == 4 and len(sent[2]) == 9
    assert read(encode(old)) == old


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        (Range(1, 1), Range(1, 1), None),
        (Range(1, 0), Range(0, 0), None),
        (Range(0, 0), Range(1, 0), None),
        (Range(1, 0), Range(3, 0), None),
        (Range(1, 1), Range(0, 0), "n2 (version 1) is of feature level 0, and the network acts at level 1: upgrade n2"),
        (Range(1, 1), Range(3, 2), "n1 (version 1) is of feature level 1, and the network acts at level 2: upgrade n1"),
        (
            Range(1, 1),
            Range(4, 1, 3),
            "n1 (version 1) is of feature level 1, and the other node can act at level 3 at the least: upgrade n1",
        ),
    ],
)
def test_a_node_too_old_is_named_with_what_to_do(here: Range, there: Range, words: str | None) -> None:
    mine, theirs = (NodeRecord(f"127.0.0.{n}", 1, f"n{n}", f"127.0.0.{n}", 1, "", "1", 0) for n in (1, 2))
    assert check_levels(mine, here, theirs, there) == words
    assert check_levels(theirs, there, mine, here) == words  # alike in both logs


def test_the_rings_settings_travel_with_the_record_and_builds_of_level_0_are_spared_them() -> None:
    ring = RingTerms("circular", 4, 2, "ascii")
    record = msgspec.structs.replace(NODE, ring=ring)
    assert is_sane(record)
    assert read_record(fields(record)) == record and read_record(fields(record)).ring == ring
    assert at_level(record, 0, 0) == FIELDS[:9]
    assert newer(record, NODE) and newer(NODE, as_level_0(NODE))


@pytest.mark.parametrize(
    "ring",
    [
        RingTerms("x" * 17, 1, 2, "ascii"),
        RingTerms("absolute", 0, 2, "ascii"),
        RingTerms("absolute", 1, 1 << 20, "ascii"),
        RingTerms("absolute", 1, 2, "a\nb"),
    ],
)
def test_settings_out_of_range_are_not_believed(ring: RingTerms) -> None:
    assert not is_sane(msgspec.structs.replace(NODE, ring=ring))


def test_the_address_of_a_nodes_page_travels_with_the_record_and_builds_of_level_1_pass_it_on() -> None:
    record = msgspec.structs.replace(NODE, level=LEVEL, http="http://127.0.0.1:8067/")
    assert is_sane(record) and read_record(fields(record)) == record
    assert at_level(record, 2, 1) == [*FIELDS[:9], LEVEL, None]  # the field is left out
    assert newer(record, NODE) and not newer(NODE, record)
    unknown = msgspec.structs.astuple(record)[len(FIELDS) - 1 :]  # what a build of level 1 does not know
    longest = "https://" + "a" * (MAX_HTTP - 8)
    for url in (*unknown, longest):
        assert len(msgspec.msgpack.encode((url,))) <= MAX_TEXT


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8067",
        "javascript:alert(1)",
        "http://a b/",
        "http://a/\n",
        "https://" + "a" * (MAX_HTTP - 7),
        "HTTP://a/",
    ],
)
def test_an_address_that_no_page_may_link_to_is_not_believed(url: str) -> None:
    assert not is_sane(msgspec.structs.replace(NODE, http=url))
