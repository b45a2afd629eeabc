"""Duties of every store (ring.storage.store.Store), however the store is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st

from ring.ids import GroupId, Term
from ring.storage.store import Batch, Line, Range, Store

ERLANG = GroupId("channel", "#erlang")
GO = GroupId("channel", "#go")
JOE = GroupId("account", "joe")
ODD = [
    GroupId("channel", ""),
    GroupId("channel", "#caf\udce9"),  # a byte outside UTF-8, as read by the edge
    GroupId("channel", "#\x00null"),
    GroupId("channel", "#" + "\U0001f600" * 100),
    GroupId("conversation", "ann'); DROP TABLE groups; -- bob"),
    GroupId("#erlang", "channel"),
]
ONE, TWO = Term(1, "127.0.0.1", 5), Term(2, "key with spaces \udcff", 2**70)
EVERYTHING = range(-(2**63), 2**63)

Open = Callable[[], Store]
_numbers = count(1)


def line(seq: int, group: GroupId = ERLANG, *, at: int | None = None, msgid: str = "", event: bytes = b"hi") -> Line:
    return Line(group, ONE, seq, seq * 1000 if at is None else at, msgid or f"id-{seq}", event)


def batch(
    *lines: Line, replicas: dict[GroupId, bytes | None] | None = None, ends: dict[GroupId, int] | None = None
) -> Batch:
    return Batch(next(_numbers), replicas or {}, ends or {}, list(lines))


def wanted(group: GroupId = ERLANG, after: int | None = None, before: int | None = None, **more: Any) -> Range:
    return Range(group, after, before, **{"limit": 1000, "newest": False, **more})


def seqs(found: Iterable[Line]) -> list[int]:
    return [line.seq for line in found]


def written(opened: Open, *lines: Line) -> Store:
    store = opened()
    store.write([batch(*lines)])
    return store


class StoreContract:
    """Subclasses say where a store is. A store opened again in that place has the data of the last store."""

    def place(self) -> AbstractContextManager[Open]:
        raise NotImplementedError

    @pytest.fixture
    def opened(self) -> Any:
        with self.place() as opened:
            yield opened

    # Replicas -------------------------------------------------------------------------------------------------------

    def test_a_new_store_has_nothing(self, opened: Open) -> None:
        store = opened()
        store.write([])
        store.write([batch()])
        assert not list(store.replicas()) and not store.lines(wanted()) and store.find(ERLANG, "id-1") is None
        assert store.latest([ERLANG], 0, 2**62, 10) == []
        assert sum(store.prune("channel", 2**62, 0)) == sum(store.erase(ERLANG, None)) == 0

    def test_the_newest_replica_of_each_group_stays(self, opened: Open) -> None:
        store = opened()
        store.write([batch(replicas={ERLANG: b"1", JOE: b"a"}), batch(replicas={ERLANG: b"2"})])
        store.write([batch(replicas={GO: b"g"})])
        store.write([batch(replicas={GO: None, GroupId("channel", "#unknown"): None})])
        assert dict(store.replicas()) == {ERLANG: b"2", JOE: b"a"}
        store.close()
        assert dict(opened().replicas()) == {ERLANG: b"2", JOE: b"a"}

    def test_a_replica_that_is_forgotten_and_made_in_one_write(self, opened: Open) -> None:
        store = opened()
        store.write([batch(replicas={JOE: b"1"}), batch(replicas={JOE: None}), batch(replicas={ERLANG: None})])
        assert not list(store.replicas())
        store.write([batch(replicas={JOE: None}), batch(replicas={JOE: b"2"})])
        assert list(store.replicas()) == [(JOE, b"2")]

    def test_a_forgotten_group_keeps_its_lines(self, opened: Open) -> None:
        store = opened()
        store.write([batch(line(1), replicas={ERLANG: b"1"})])
        store.write([batch(replicas={ERLANG: None})])
        assert seqs(store.lines(wanted())) == [1]

    def test_many_replicas_and_large_ones(self, opened: Open) -> None:
        store = opened()
        many: dict[GroupId, bytes | None] = {GroupId("account", f"joe{n}"): bytes([n % 256]) * n for n in range(1500)}
        many[ERLANG] = bytes(range(256)) * 4096 * 2
        store.write([batch(replicas=many)])
        store.close()
        assert dict(opened().replicas()) == many

    def test_replicas_are_read_while_others_are_written(self, opened: Open) -> None:
        store = opened()
        store.write([batch(replicas={GroupId("account", f"joe{n}"): b"1" for n in range(1000)})])
        for n, (group, replica) in enumerate(store.replicas()):
            assert replica == b"1"
            if n % 100 == 0:
                store.write([batch(replicas={group: b"1"})])

    # Lines ------------------------------------------------------------------------------------------------------------

    def test_lines_come_back_as_they_were(self, opened: Open) -> None:
        said = [
            Line(ERLANG, ONE, 1, 1_700_000_000_000, "m1", bytes(range(256))),
            Line(ERLANG, TWO, 2, 0, "m\udce9\x00\U0001f600", b""),
            Line(ERLANG, TWO, 3, -5, "", b"x" * 100_000),
        ]
        store = written(opened, *said)
        assert store.lines(wanted()) == said
        assert [store.find(ERLANG, one.msgid) for one in said] == said
        store.close()
        assert opened().lines(wanted()) == said

    @pytest.mark.parametrize("group", ODD, ids=range(len(ODD)))
    def test_odd_names(self, opened: Open, group: GroupId) -> None:
        store = opened()
        store.write([batch(line(1, group), replicas={group: b"copy"}), batch(line(1, ERLANG), line(1, GO))])
        store.close()
        store = opened()
        assert list(store.replicas()) == [(group, b"copy")]
        assert store.lines(wanted(group)) == [line(1, group)] == [store.find(group, "id-1")]
        assert store.latest([group], 0, 2000, 5) == [(group, 1000)]
        assert sum(store.erase(group, [1])) == 1 and store.find(ERLANG, "id-1") is not None

    def test_kind_and_name_are_both_the_group(self, opened: Open) -> None:
        groups = [GroupId("a", "bc"), GroupId("ab", "c"), GroupId("", "abc"), GroupId("abc", "")]
        store = written(opened, *(line(n, group) for n, group in enumerate(groups)))
        assert [seqs(store.lines(wanted(group))) for group in groups] == [[0], [1], [2], [3]]

    def test_what_is_written_later_wins(self, opened: Open) -> None:
        store = written(opened, line(1), line(2, event=b"old"), line(2, event=b"newer"))
        assert [one.event for one in store.lines(wanted())] == [b"hi", b"newer"]
        store.write([batch(line(2, event=b"2nd")), batch(line(2, at=7, msgid="other", event=b"newest"))])
        assert [one.event for one in store.lines(wanted())] == [b"hi", b"newest"]
        assert store.find(ERLANG, "id-2") is None and store.find(ERLANG, "other") == store.lines(wanted())[1]
        assert store.latest([ERLANG], 1000, 5000, 5) == []

    def test_a_msgid_is_looked_for_in_its_group_and_the_last_of_several_counts(self, opened: Open) -> None:
        store = written(opened, line(1, msgid="m"), line(9, msgid="m"), line(5, msgid="m"), line(3, GO, msgid="m"))
        assert store.find(ERLANG, "m") == line(9, msgid="m")
        assert store.find(GO, "m") == line(3, GO, msgid="m")
        assert store.find(JOE, "m") is store.find(ERLANG, "M") is None

    def test_ends_void_what_lies_after_them(self, opened: Open) -> None:
        store = written(opened, *(line(n, group) for n in range(1, 8) for group in (ERLANG, GO)))
        store.write([batch(line(5, event=b"new"), line(6, event=b"new"), ends={ERLANG: 4, JOE: 0})])
        assert [one.event for one in store.lines(wanted())] == [b"hi"] * 4 + [b"new"] * 2
        assert seqs(store.lines(wanted(GO))) == [1, 2, 3, 4, 5, 6, 7]
        store.write([batch(ends={GO: 0})])
        assert not store.lines(wanted(GO)) and store.find(GO, "id-1") is None

    def test_ends_within_one_write_void_what_came_before_and_nothing_after(self, opened: Open) -> None:
        store = written(opened, line(1), line(2), line(3))
        store.write(
            [
                batch(line(4), line(5), line(1, GO)),
                batch(line(4, event=b"new"), ends={ERLANG: 2}),
                batch(line(9)),
                batch(line(5, event=b"new"), ends={ERLANG: 4}),
            ]
        )
        assert [(one.seq, one.event) for one in store.lines(wanted())] == [
            (1, b"hi"), (2, b"hi"), (4, b"new"), (5, b"new"),
        ]  # fmt: skip
        assert seqs(store.lines(wanted(GO))) == [1]

    def test_a_store_takes_many_lines_and_groups_at_once(self, opened: Open) -> None:
        groups = [GroupId("channel", f"#{n}") for n in range(300)]
        store = written(opened, *(line(n, groups[n % 300]) for n in range(9000)))
        store.write([batch(*(line(9000 + n, groups[n % 300]) for n in range(900)))])
        for n in (0, 150, 299):
            assert seqs(store.lines(wanted(groups[n]))) == list(range(n, 9900, 300))

    def test_numbers_beyond_64_bits_harm_nothing_else(self, opened: Open) -> None:
        store = written(
            opened, line(1), line(2**63), line(2, at=2**63), line(-(2**63) - 1), line(2**63 - 1, at=-(2**63))
        )
        store.write([batch(ends={GO: 2**64, ERLANG: 2**63})])
        assert seqs(store.lines(wanted())) == [1, 2**63 - 1]
        store.write([batch(line(-(2**63), at=0), line(0), ends={ERLANG: -(2**70)})])
        assert seqs(store.lines(wanted())) == [-(2**63), 0]
        assert sum(store.erase(ERLANG, [2**70, -(2**70), 0])) == 1
        store.write([batch(ends={ERLANG: -(2**70)})])
        assert not store.lines(wanted())

    # Ranges -----------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("after", "before", "limit", "newest", "expected"),
        [
            (None, None, 100, False, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (None, None, 3, False, [1, 2, 3]),
            (None, None, 3, True, [7, 8, 9]),
            (2, 6, 100, False, [3, 4, 5]),
            (2, 6, 2, True, [4, 5]),
            (2, 3, 100, False, []),
            (6, 2, 100, False, []),
            (9, None, 100, False, []),
            (None, 1, 100, True, []),
            (None, None, 0, True, []),
            (None, None, -1, False, []),
            (None, None, 2**70, True, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (-(2**70), 2**70, 2**63, False, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
            (2**70, None, 5, False, []),
            (None, -(2**70), 5, False, []),
            (2**63 - 1, None, 5, False, []),
        ],
    )
    def test_ranges_by_seq(
        self, opened: Open, after: int | None, before: int | None, limit: int, newest: bool, expected: list[int]
    ) -> None:
        store = written(opened, *(line(n) for n in range(1, 10)), *(line(n, GO) for n in range(20)))
        assert seqs(store.lines(Range(ERLANG, after, before, limit, newest))) == expected

    def test_ranges_by_time_where_times_do_not_follow_the_order(self, opened: Open) -> None:
        times = {1: 100, 2: 200, 3: 300, 4: 150, 5: 250, 6: 400, 7: 300}  # 4 and 5 were said on the other side of a cut
        store = written(opened, *(line(seq, at=at) for seq, at in times.items()))

        def found(after: int | None, before: int | None, limit: int = 100, newest: bool = False) -> list[int]:
            return seqs(store.lines(Range(ERLANG, after, before, limit, newest, "at")))

        assert found(None, None) == [1, 2, 3, 4, 5, 6, 7]
        assert found(100, 300) == [2, 4, 5]
        assert found(None, None, 3) == [1, 2, 4]
        assert found(None, 400, 3, newest=True) == [3, 5, 7]
        assert found(None, 400, 2, newest=True) == [3, 7]  # of lines of one time the later
        assert found(None, 400, 1, newest=True) == [7]
        assert found(300, None) == [6] and found(400, None) == [] == found(None, 100)

    def test_the_newest_line_of_each_group(self, opened: Open) -> None:
        store = written(opened, line(1), line(2, at=900), line(3, at=700), line(7, GO), line(5, GO))
        assert store.newest([JOE, GO, ERLANG, GO]) == {ERLANG: line(3, at=700), GO: line(7, GO)}
        assert store.newest([]) == store.newest([JOE]) == {}

    def test_the_latest_of_groups(self, opened: Open) -> None:
        store = written(
            opened, line(1, at=500), line(2, at=900), line(3, at=700), line(1, GO, at=800), line(1, JOE, at=100)
        )
        groups = [JOE, GO, ERLANG, GroupId("channel", "#unknown"), GO]
        assert store.latest(groups, 0, 1000, 10) == [(JOE, 100), (GO, 800), (ERLANG, 900)]
        assert store.latest(groups, 100, 900, 10) == [(ERLANG, 700), (GO, 800)]
        assert store.latest(groups, 0, 1000, 2) == [(JOE, 100), (GO, 800)]
        assert store.latest(groups, 0, 1000, 0) == store.latest(groups, 0, 1000, -1) == []
        assert store.latest([ERLANG], -(2**70), 2**70, 2**70) == [(ERLANG, 900)]
        assert store.latest([], 0, 1000, 10) == store.latest([GO], 800, 1000, 10) == []

    # Forgetting -------------------------------------------------------------------------------------------------------

    def test_retention_by_age_and_by_number(self, opened: Open) -> None:
        store = written(opened, *(line(n, group) for n in range(1, 11) for group in (ERLANG, GO, JOE)))
        assert sum(store.prune("channel", 4000, 1000)) == 6
        assert seqs(store.lines(wanted())) == seqs(store.lines(wanted(GO))) == [4, 5, 6, 7, 8, 9, 10]
        assert sum(store.prune("channel", 0, 3, [GO, JOE])) == 4
        assert seqs(store.lines(wanted(GO))) == [8, 9, 10]
        assert len(store.lines(wanted())) == 7 and len(store.lines(wanted(JOE))) == 10
        assert sum(store.prune("channel", -(2**70), 2**70)) == sum(store.prune("nick", 2**70, -1)) == 0
        assert sum(store.prune("account", 2**70, 2**70)) == 10 and not store.lines(wanted(JOE))

    def test_some_groups_have_a_retention_of_their_own(self, opened: Open) -> None:
        store = written(opened, *(line(n, group) for n in range(1, 11) for group in (ERLANG, GO)))
        assert sum(store.prune("channel", 0, 3, skip=[GO, GroupId("channel", "#unknown"), JOE])) == 7
        assert len(store.lines(wanted())) == 3 and len(store.lines(wanted(GO))) == 10
        assert sum(store.prune("channel", 0, 5, [GO])) == 5

    def test_retention_counts_by_order_and_dates_by_time(self, opened: Open) -> None:
        store = written(opened, line(1, at=900), line(2, at=100), line(3, at=800), line(4, at=200))
        assert sum(store.prune("channel", 150, 3)) == 2  # one query by position, one by date
        assert seqs(store.lines(wanted())) == [3, 4]

    def test_retention_of_much(self, opened: Open) -> None:
        store = written(opened, *(line(n, GO) for n in range(3000)), *(line(n) for n in range(10)))
        store.write([batch(replicas={GO: b"copy"})])
        steps = list(store.prune("channel", 5000, 100))
        assert sum(steps) == 2900 + 5
        assert seqs(store.lines(wanted(GO))) == list(range(2900, 3000)) and len(store.lines(wanted())) == 5
        assert dict(store.replicas()) == {GO: b"copy"}

    def test_others_write_between_the_steps_of_retention(self, opened: Open) -> None:
        store = written(opened, *(line(n, GroupId("channel", f"#{n % 7}")) for n in range(3000)))
        for n, _ in enumerate(store.prune("channel", 0, 10)):
            store.write([batch(line(5000 + n), replicas={JOE: str(n).encode()})])
        assert all(len(store.lines(wanted(GroupId("channel", f"#{n}")))) == 10 for n in range(7))
        assert len(store.lines(wanted())) > 0

    def test_a_group_that_was_pruned_away_is_as_good_as_new(self, opened: Open) -> None:
        store = written(opened, line(5), line(6))
        assert sum(store.prune("channel", 0, 0)) == 2
        store.write([batch(line(1), line(5, event=b"new"), replicas={ERLANG: b"c"}), batch(line(1, GO))])
        store.close()
        store = opened()
        assert [one.event for one in store.lines(wanted())] == [b"hi", b"new"]
        assert list(store.replicas()) == [(ERLANG, b"c")] and seqs(store.lines(wanted(GO))) == [1]

    def test_erased_lines_are_gone_for_good(self, opened: Open) -> None:
        store = written(opened, *(line(n, group) for n in range(10) for group in (ERLANG, GO)))
        assert sum(store.erase(ERLANG, [3, 5, 5, 77])) == 2
        assert seqs(store.lines(wanted())) == [0, 1, 2, 4, 6, 7, 8, 9] and store.find(ERLANG, "id-3") is None
        assert sum(store.erase(ERLANG, [])) == sum(store.erase(JOE, None)) == sum(store.erase(JOE, [1])) == 0
        store.write([batch(line(10))])
        assert sum(store.erase(ERLANG, None)) == 9 and not store.lines(wanted())
        store.close()
        store = opened()
        assert not store.lines(wanted()) and len(store.lines(wanted(GO))) == 10

    def test_a_replica_outlives_the_erasure_of_all_that_was_said(self, opened: Open) -> None:
        store = opened()
        store.write([batch(*(line(n) for n in range(1000)), replicas={ERLANG: b"copy"})])
        assert sum(store.erase(ERLANG, None)) == 1000
        assert list(store.replicas()) == [(ERLANG, b"copy")]

    # Anything ---------------------------------------------------------------------------------------------------------

    def follow_the_model(self, data: st.DataObject) -> None:
        """Subclasses call this method with hypothesis's data."""
        with self.place() as opened:
            store, model = opened(), Model()
            for _ in range(data.draw(st.integers(1, 12), "steps")):
                kind = data.draw(
                    st.sampled_from(["write", "write", "write", "tend", "prune", "erase", "reopen", "look"])
                )
                if kind == "write":
                    batches = data.draw(st.lists(BATCHES, max_size=4))
                    store.write(batches)
                    model.write(batches)
                elif kind == "tend":
                    store.tend()
                elif kind == "prune":
                    facts = data.draw(st.tuples(KINDS, SMALL, SMALL, st.none() | st.lists(GROUPS, max_size=4)))
                    assert sum(store.prune(*facts)) == model.prune(*facts)
                elif kind == "erase":
                    group, which = data.draw(GROUPS), data.draw(st.none() | st.lists(SMALL, max_size=5))
                    assert sum(store.erase(group, which)) == model.erase(group, which)
                elif kind == "reopen":
                    store.close()
                    store = opened()
                else:
                    model.compare(store, data)
            model.compare(store, data)


SMALL = st.integers(-1, 12)
KINDS = st.sampled_from(["channel", "account"])
GROUPS = st.sampled_from([ERLANG, GO, JOE, ODD[1]])
MSGIDS = st.sampled_from(["a", "b", "c", "\udc80"])
LINES = st.builds(Line, GROUPS, st.sampled_from([ONE, TWO]), SMALL, SMALL, MSGIDS, st.binary(max_size=4))
BATCHES = st.builds(
    Batch,
    st.integers(1, 9),
    st.dictionaries(GROUPS, st.none() | st.binary(max_size=4), max_size=3),
    st.dictionaries(GROUPS, SMALL, max_size=2),
    st.lists(LINES, max_size=8),
)


class Model:
    """The same in the plainest words."""

    def __init__(self) -> None:
        self.replicas: dict[GroupId, bytes] = {}
        self.said: list[Line] = []

    def write(self, batches: list[Batch]) -> None:
        for batch in batches:
            self.replicas = {g: c for g, c in {**self.replicas, **batch.replicas}.items() if c is not None}
            self.said = [one for one in self.said if one.seq <= batch.ends.get(one.group, one.seq)]
            for new in batch.lines:
                self.said = [one for one in self.said if (one.group, one.seq) != (new.group, new.seq)] + [new]

    def of(self, group: GroupId) -> list[Line]:
        return sorted((one for one in self.said if one.group == group), key=lambda one: one.seq)

    def forget(self, gone: list[Line]) -> int:
        self.said = [one for one in self.said if one not in gone]
        return len(gone)

    def prune(self, kind: str, before: int, keep: int, groups: list[GroupId] | None) -> int:
        chosen = {one.group for one in self.said if one.group.kind == kind and (groups is None or one.group in groups)}
        newest = [one for group in chosen for one in self.of(group)[::-1][: max(keep, 0)]]
        return self.forget([o for o in self.said if o.group in chosen and (o.at < before or o not in newest)])

    def erase(self, group: GroupId, which: list[int] | None) -> int:
        return self.forget([one for one in self.of(group) if which is None or one.seq in which])

    def compare(self, store: Store, data: st.DataObject) -> None:
        assert dict(store.replicas()) == self.replicas
        group, by, newest = data.draw(GROUPS), data.draw(st.sampled_from(["seq", "at"])), data.draw(st.booleans())
        after, before, limit = data.draw(st.none() | SMALL), data.draw(st.none() | SMALL), data.draw(SMALL)
        low, high = -99 if after is None else after, 99 if before is None else before
        fit = sorted((getattr(one, by), one.seq) for one in self.of(group) if low < getattr(one, by) < high)
        chosen = [seq for _, seq in (fit[::-1] if newest else fit)[: max(limit, 0)]]
        found = store.lines(Range(group, after, before, limit, newest, by))
        assert found == [one for one in self.of(group) if one.seq in chosen]
        msgid = data.draw(MSGIDS)
        assert store.find(group, msgid) == max(
            (one for one in self.of(group) if one.msgid == msgid), key=lambda one: one.seq, default=None
        )
        times = {g: [one.at for one in self.of(g) if low < one.at < high] for g in (ERLANG, GO, JOE)}
        newest_of = sorted((max(at), g) for g, at in times.items() if at)
        assert store.latest(list(times), low, high, limit) == [(g, at) for at, g in newest_of[: max(limit, 0)]]
