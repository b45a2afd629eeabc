"""Where two logs of one group part, told by their lineages and ends alone (P3, P22)."""

from __future__ import annotations

import pytest

from ring.ids import Term
from ring.replication.lineage import fork_point
from ring.wire.log import Lineage

ONE, TWO, OTHER, THREE = Term(1, "a", 1), Term(2, "b", 1), Term(2, "c", 1), Term(3, "a", 2)


@pytest.mark.parametrize(
    ("shorter", "end", "longer"),
    [
        pytest.param(((ONE, 1),), 5, ((ONE, 1),), id="in one term"),
        pytest.param(((ONE, 1),), 5, ((ONE, 1), (TWO, 6)), id="the next term begins after its end"),
        pytest.param(((ONE, 1),), 3, ((ONE, 1), (TWO, 6)), id="the next term begins later"),
        pytest.param(((ONE, 1), (TWO, 4)), 5, ((ONE, 1), (TWO, 4), (THREE, 8)), id="two terms of three"),
        pytest.param((), 0, ((ONE, 1),), id="nothing"),
    ],
)
def test_one_log_continues_another(shorter: Lineage, end: int, longer: Lineage) -> None:
    assert fork_point(shorter, end, longer, 9) == end
    assert fork_point(longer, 9, shorter, end) == end


@pytest.mark.parametrize(
    ("ours", "theirs", "fork"),
    [
        pytest.param(((ONE, 1),), ((ONE, 1), (TWO, 4)), 3, id="one goes on in a term that the other has left"),
        pytest.param(((ONE, 1), (TWO, 4)), ((ONE, 1), (OTHER, 4)), 3, id="two terms after one"),
        pytest.param(((ONE, 1), (TWO, 4)), ((ONE, 1), (OTHER, 6)), 3, id="the terms begin apart"),
        pytest.param(((ONE, 1), (TWO, 4)), ((ONE, 1), (THREE, 6)), 3, id="a higher number alone joins no logs"),
        pytest.param(((TWO, 1),), ((OTHER, 1),), 0, id="nothing in common"),
    ],
)
def test_logs_that_both_go_on_have_forked(ours: Lineage, theirs: Lineage, fork: int) -> None:
    assert fork_point(ours, 9, theirs, 9) == fork
    assert fork_point(theirs, 9, ours, 9) == fork
