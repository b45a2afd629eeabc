"""The audit as a kind: on disk, an act before the answer, and a set that no death shrinks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.state.audit.kind import AuditKind
from gateway.state.audit.messages import Attended, Notified, Notify, Record, Recorded
from tests.gateway.state.audit.test_messages import ENTRY
from tests.gateway.state.cast import CASEMAP, packed

KIND = AuditKind(CASEMAP, 10)


def test_an_act_is_on_disk_before_the_answer_and_a_notice_never() -> None:
    state = KIND.initial("*")
    assert KIND.durable == "written"
    assert (KIND.confirms(state, Record(ENTRY)), KIND.confirms(state, Notify("f", "n1", "x"))) == ("held", "no")
    assert KIND.is_confirmed_by(state, Recorded(ENTRY, 10)) and not KIND.is_confirmed_by(state, Notified("f", "n1", ""))


def test_acts_last_and_subscribers_do_not() -> None:
    state: Any = KIND.initial("*")
    state.apply(Attended("k", 1), 1)
    assert not KIND.is_lasting(state)
    state.apply(Recorded(ENTRY, 10), 2)
    assert KIND.is_lasting(state)
    again: Any = KIND.restore("*", packed(state.snapshot()))
    assert (again.subscribers, again.entries, again.keep) == (state.subscribers, state.entries, 10)


@pytest.mark.parametrize("broken", [None, 7, [7], [[], [["id"]]], {"a": 1}])
def test_a_broken_snapshot_is_refused(broken: Any) -> None:
    with pytest.raises(msgspec.MsgspecError):
        KIND.restore("*", packed(broken))
