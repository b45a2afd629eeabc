"""What a node takes from the list of a directory that was started anew."""

from __future__ import annotations

from random import Random

import pytest

from ring.membership.directory.book import Book
from ring.membership.directory.datagrams import Page
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
