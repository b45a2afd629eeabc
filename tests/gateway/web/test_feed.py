"""The feed of open pages: in order, from the last known happening on, and bounded."""

from __future__ import annotations

import json

import pytest

from gateway.web.feed import KEPT, LISTENERS, QUEUED, Feed, Full, Listener


class Reader:
    """A listener and what was taken from it."""

    def __init__(self, feed: Feed, after: str = "") -> None:
        self.woken = 0
        self.listener = Listener(self.wake)
        feed.join(self.listener, after)

    def wake(self) -> None:
        self.woken += 1

    def read(self) -> list[tuple[str, str, object]]:
        """Event, id and data of each."""
        found = []
        for block in self.listener.take().decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
        return found


def test_happenings_come_in_order_with_ids() -> None:
    feed = Feed("7")
    reader = Reader(feed)
    for number in range(3):
        feed.happened({"text": f"line\n{number}"})
    assert reader.woken == 3
    assert reader.read() == [("happening", f"7-{n + 1}", {"text": f"line\n{n}"}) for n in range(3)]
    assert reader.read() == []
    assert [one["id"] for one in feed.latest] == ["7-3", "7-2", "7-1"]


@pytest.mark.parametrize(
    ("after", "count"),
    [("7-3", 2), ("7-5", 0), ("7-99", 0), ("6-4", 5), ("", 5), ("7-", 5), ("7-²", 5), ("7-" + "9" * 400, 5), ("\n", 5)],
)
def test_a_page_that_comes_back_is_told_what_it_missed(after: str, count: int) -> None:
    feed = Feed("7")
    for number in range(5):
        feed.happened({"n": number})
    assert len(Reader(feed, after).read()) == count


def test_of_parts_only_the_newest_and_only_what_has_changed() -> None:
    feed = Feed("7")
    feed.show({"a": "1", "b": "1"})
    reader = Reader(feed)
    assert reader.read() == [("parts", "", {"a": "1", "b": "1"})]
    feed.show({"a": "2", "b": "1"})
    feed.show({"a": "3", "b": "1"})
    assert reader.read() == [("parts", "", {"a": "3"})]
    feed.show({"a": "3", "b": "1"})
    assert reader.read() == []


def test_the_memory_is_bounded() -> None:
    feed = Feed("7")
    for number in range(KEPT + 50):
        feed.happened({"n": number})
    assert len(feed.latest) == KEPT and len(Reader(feed).read()) == KEPT


def test_a_page_that_does_not_read_is_dropped_and_the_others_are_not() -> None:
    feed = Feed("7")
    slow, quick = Reader(feed), Reader(feed)
    for number in range(QUEUED + 1):
        feed.happened({"n": number})
        quick.read()
    assert slow.listener.ended and not quick.listener.ended
    assert slow.read() == []


def test_there_are_only_so_many_pages() -> None:
    feed = Feed("7")
    readers = [Reader(feed) for _ in range(LISTENERS)]
    with pytest.raises(Full):
        Reader(feed)
    feed.leave(readers[0].listener)
    Reader(feed)
    assert feed.is_watched


def test_at_the_end_all_pages_go() -> None:
    feed = Feed("7")
    reader = Reader(feed)
    feed.close()
    assert feed.is_closed and reader.listener.ended and reader.woken == 1
    feed.leave(reader.listener)
    assert not feed.is_watched
