"""What a node takes from the list of a directory that was started anew."""

from __future__ import annotations

from random import Random

import pytest

from ring.membership.directory.book import Book
from ring.membership.directory.datagrams import Page, Removed
from ring.membership.directory.server import DirectoryCore
from ring.roster import NodeRecord
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import KEY, NETWORK, World


def test_a_node_that_stood_still_forgets_nobody_while_its_list_is_old() -> None:
    """The node has read the list just after the directory's start, before the other nodes were in the list."""
    world = World()
    stopped, *others = [world.node(node(number)) for number in (1, 2, 3)]
    world.run(5)
    assert stopped.known == {"127.0.0.2", "127.0.0.3"}
    world.up[0] = DirectoryCore(NETWORK, KEY, Random(9), world.now, lease_s=10.0)
    world.nodes = [stopped]
    world.run(4)
    assert world.listed() == ["node-1"]
    world.nodes = [*others]
    world.run(20)
    assert world.listed() == ["node-2", "node-3"]
    world.nodes = [stopped, *others]
    world.run(4)
    assert stopped.known == {"127.0.0.2", "127.0.0.3"} and not stopped.lost
    world.nodes = [stopped, others[0]]
    world.run(20)
    assert stopped.known == {"127.0.0.2"} and stopped.lost == {"127.0.0.3"}


def page(since: int, upto: int, version: int, *records: NodeRecord) -> Page:
    return Page(1, 1, node(1).id, 1, since, upto, version, records, ())


@pytest.mark.parametrize("rebuilding", [True, False])
def test_a_list_tells_of_absence_once_it_is_whole_and_as_new_as_the_last_answer(rebuilding: bool) -> None:
    book = Book()
    book.reachable = True
    book.granted(2, rebuilding=rebuilding)
    assert not book.vouches  # no list has come
    assert book.take(page(0, 2, 2, node(1)))
    assert book.vouches is not rebuilding
    book.granted(4, rebuilding=False)
    assert not book.vouches  # something has changed since
    assert book.take(page(2, 3, 4, node(2)))
    assert not book.vouches
    assert book.take(page(3, 4, 4, node(3)))
    assert book.vouches and {*book.entries} == {"127.0.0.1", "127.0.0.2", "127.0.0.3"}


def test_the_list_of_a_directory_that_did_not_answer_may_have_changed() -> None:
    book = Book()
    book.reachable = True
    book.granted(2, rebuilding=False)
    book.take(page(0, 2, 2, node(1)))
    book.lost()
    book.reachable = True
    assert not book.vouches
    book.granted(2, rebuilding=False)
    assert book.vouches


def removing(since: int, upto: int, version: int, *removed: Removed) -> Page:
    return Page(1, 1, node(1).id, 1, since, upto, version, (), removed)


def known(*numbers: int) -> Book:
    """A book with these nodes, of a directory that is up for long."""
    book = Book()
    book.reachable = True
    book.granted(5, rebuilding=False)
    assert book.take(page(0, 5, 5, *map(node, numbers)))
    return book


def test_pages_that_do_not_continue_the_list_are_left_out() -> None:
    book = known(1)
    assert not book.take(page(4, 6, 6, node(2)))  # not from where this list ends
    assert not book.take(page(7, 8, 8, node(2)))
    assert not book.take(page(5, 5, 6, node(2)))  # a page that brings nothing forward would be asked for again
    assert {*book.entries} == {"127.0.0.1"} and book.position == 5
    assert book.take(page(5, 6, 6, node(2)))
    assert {*book.entries} == {"127.0.0.1", "127.0.0.2"}


def test_a_new_list_takes_the_place_of_the_old_list_once_the_new_list_is_whole() -> None:
    book = known(1, 2)
    book.restart()
    assert not book.vouches and book.position == 0
    book.granted(3, rebuilding=True)
    assert book.take(page(0, 2, 3, node(2)))
    assert {*book.entries} == {"127.0.0.1", "127.0.0.2"}
    assert book.take(page(2, 3, 3, node(3)))
    assert {*book.entries} == {"127.0.0.2", "127.0.0.3"} and {*book.kept} == {"127.0.0.1", "127.0.0.2"}
    assert book.dropped == {}  # the node had no time to announce yet
    book.granted(3, rebuilding=False)
    assert book.dropped == {"127.0.0.1": 1} and book.kept == {}


def test_a_node_that_goes_is_remembered_by_the_way_it_went() -> None:
    book = known(1, 2, 3)
    gone = [Removed("127.0.0.1", 1, True), Removed("127.0.0.2", 1, False), Removed("127.0.0.3", 0, False)]
    assert book.take(removing(5, 8, 8, *gone))
    assert {*book.entries} == {"127.0.0.3"}  # an earlier life of that node has gone
    assert book.departed == {"127.0.0.1": 1} and book.dropped == {"127.0.0.2": 1, "127.0.0.3": 0}
    assert book.take(page(8, 9, 9, node(2, incarnation=2)))
    assert book.dropped == {"127.0.0.3": 0}
    assert book.take(removing(9, 10, 10, Removed("127.0.0.1", 0, True)))
    assert book.departed == {"127.0.0.1": 1}  # the later life counts


def test_records_that_no_directory_should_list_are_left_out() -> None:
    book = known(1)
    assert book.take(page(5, 6, 6, node(2, ip="nonsense"), node(3)))
    assert {*book.entries} == {"127.0.0.1", "127.0.0.3"}


def test_a_directory_that_lists_without_end_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ring.membership.directory.book.MAX_NODES", 3)
    book = known(*range(1, 9))
    assert len(book.entries) == 3
    assert book.take(page(5, 6, 6, node(1, "renamed")))
    assert book.entries["127.0.0.1"].name == "renamed"  # a full list still changes
    assert book.take(removing(6, 20, 20, *(Removed(f"k{number}", 1, number % 2 == 0) for number in range(20))))
    assert len(book.dropped) == len(book.departed) == 3
