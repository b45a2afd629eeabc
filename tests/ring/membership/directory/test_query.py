"""The public's questions: answers of directories, refused answers, and directories of another build."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from ring.membership.directory.client import Send
from ring.membership.directory.datagrams import (
    MAX_DATAGRAM,
    VERSION,
    Ask,
    Cookie,
    Denial,
    Denials,
    Listed,
    Listing,
    pack,
    unpack,
)
from ring.membership.directory.query import DenialQuery, Query
from ring.roster import NodeRecord
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import World


def question(sends: list[Send]) -> Ask:
    (send,) = sends
    asked = unpack(send.data)
    assert isinstance(asked, Ask)
    return asked


def listing(nonce: int, *records: NodeRecord, after: str = "", network: str = "sim", age_s: float = 1.0) -> bytes:
    return pack(Listing(nonce, network, tuple(Listed(record, age_s) for record in records), after))


def asked(query: Query, now: float = 0.0) -> int:
    """Send a query to a single directory, which answers with a cookie; return the nonce of the second question."""
    first = question(query.tick(now))
    return question(query.receive(pack(Cookie(first.nonce, b"cookie")), 0, now)).nonce


def test_the_question_comes_with_the_cookie_and_ends_with_the_list() -> None:
    query = Query(1, Random(1))
    first = question(query.tick(0.0))
    assert first.cookie == b"" and not query.answered
    second = question(query.receive(pack(Cookie(first.nonce, b"cookie")), 0, 0.0))
    assert second.cookie == b"cookie"
    assert query.receive(pack(Cookie(first.nonce, b"cookie")), 0, 0.0) == []  # the same cookie again: no new question
    assert query.receive(listing(first.nonce, node(1)), 0, 0.0) == []
    assert query.finished and query.answered and query.network == "sim" and query.problems == {}
    assert [one.record for one in query.nodes()] == [node(1)]
    assert query.tick(100.0) == []
    assert query.receive(listing(first.nonce, node(2)), 0, 0.0) == [] and len(query.nodes()) == 1


def test_a_long_list_comes_in_pages_to_its_end() -> None:
    query = Query(1, Random(1))
    nonce = asked(query)
    more = question(query.receive(listing(nonce, node(1), node(2), after="127.0.0.2"), 0, 0.0))
    assert more.after == "127.0.0.2" and not query.answered
    # What stands before the place that was asked for has been there already.
    assert query.receive(listing(nonce, node(1), node(3)), 0, 0.0) == []
    assert [one.record.key for one in query.nodes()] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


@pytest.mark.parametrize("after", ["127.0.0.0", "zzz"])
def test_a_directory_that_leads_nowhere_is_not_asked_for_ever(after: str) -> None:
    """A page that asks to go back, or a page without a node, is followed by no question at once."""
    query = Query(1, Random(1))
    nonce = asked(query)
    records = [node(1)] if after < "127" else []
    if after == "127.0.0.0":
        question(query.receive(listing(nonce, node(2), after="127.0.0.2"), 0, 0.0))
    assert query.receive(listing(nonce, *records, after=after), 0, 0.0) == []
    assert not query.finished


def test_a_list_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.membership.directory.query.MAX_NODES", 3)
    query = Query(1, Random(1))
    nonce = asked(query)
    query.receive(listing(nonce, node(1), node(2), after="127.0.0.2"), 0, 0.0)
    assert query.receive(listing(nonce, *map(node, range(3, 9)), after="127.0.0.8"), 0, 0.0) == []
    assert query.finished and len(query.nodes()) == 3


@pytest.mark.parametrize("data", [b"", b"noise", bytes(MAX_DATAGRAM + 1)])
def test_noise_is_no_answer(data: bytes) -> None:
    query = Query(1, Random(1))
    nonce = asked(query)
    assert query.receive(data, 0, 0.0) == []
    assert query.receive(listing(nonce + 1, node(1)), 0, 0.0) == []  # an answer to another question
    assert query.receive(pack(Ask(nonce, b"", "")), 0, 0.0) == []
    assert query.receive(pack(Denials(nonce, ())), 0, 0.0) == []
    assert not query.finished and query.nodes() == [] and query.problems == {0: "no answer"}


def test_records_and_ages_that_are_not_sane_are_left_out() -> None:
    query = Query(1, Random(1))
    nonce = asked(query)
    query.receive(listing(nonce, node(1, ip="nonsense"), node(2)), 0, 0.0)
    assert [one.record for one in query.nodes()] == [node(2)]
    for age_s in (-1.0, float("nan"), float("inf")):
        query = Query(1, Random(1))
        query.receive(listing(asked(query), node(1), age_s=age_s), 0, 0.0)
        assert query.nodes() == [] and query.finished
    query = Query(1, Random(1))
    query.receive(listing(asked(query), node(1), network="two\nlines"), 0, 0.0)
    assert query.network is None


def test_a_directory_of_another_version_is_named() -> None:
    query = Query(1, Random(1))
    first = query.tick(0.0)[0].data
    other = first[:2] + bytes([VERSION + 1]) + first[3:]
    assert query.receive(other, 0, 0.0) == []
    assert query.problems == {0: f"speaks version {VERSION + 1} of the protocol, this program {VERSION}"}


def test_silence_is_asked_again_at_growing_intervals() -> None:
    query, times = Query(2, Random(1)), []
    for step in range(400):
        sends = query.tick(step * 0.1)
        assert sends == [] or {one.directory for one in sends} == {0, 1}
        times += [step * 0.1] * bool(sends)
    pauses = [later - first for first, later in itertools.pairwise(times)]
    assert pauses == sorted(pauses) and 0.2 < pauses[0] < 0.5 and 5 < len(times) < 15


def test_of_several_lists_the_newest_record_and_the_shortest_age_count() -> None:
    query = Query(3, Random(1))
    nonces = [unpack(send.data).nonce for send in query.tick(0.0)]
    query.receive(listing(nonces[0], node(1), node(2), age_s=5.0), 0, 0.0)
    query.receive(listing(nonces[1], node(1, incarnation=2), node(2), age_s=2.0), 1, 0.0)
    assert [(one.record.incarnation, one.age_s) for one in query.nodes()] == [(2, 2.0), (1, 2.0)]
    lists = query.lists()
    assert [one is None for one in lists] == [False, False, True] and not query.finished and query.answered
    assert lists[0] is not None and lists[0].network == "sim" and lists[0].nodes == [node(1), node(2)]
    assert query.problems == {2: "no answer"}


def test_a_real_directory_answers() -> None:
    world = World()
    for number in range(1, 31):
        world.node(node(number))
    world.run(2)
    assert len(world.query().nodes()) == 30


def test_who_is_refused_may_be_asked() -> None:
    query = DenialQuery(1, Random(1))
    (send,) = query.tick(0.0)
    nonce = unpack(send.data).nonce
    assert query.receive(listing(nonce, node(1)), 0, 0.0) == [] and not query.finished
    good = Denial("127.0.0.2", "n2", "127.0.0.2", "the name is taken")
    bad = Denial("127.0.0.3", "n3", "127.0.0.3", "two\nlines\x1b[31m")
    assert query.receive(pack(Denials(nonce, (good, bad))), 0, 0.0) == []
    assert query.finished and query.found == {good}  # the words go to a terminal
