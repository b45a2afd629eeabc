"""A user and the group of its nick."""

from __future__ import annotations

import msgspec

from gateway.edge import homes
from gateway.groups.nick import Nick
from tests.sim.net import Net


def test_a_merge_that_keeps_the_users_older_claim_changes_the_age_of_what_it_holds() -> None:
    net = Net(1)
    net.client("n1", "hal")
    core = net.nodes["n1"].core
    (user,) = core.edge.users.values()
    state = core.engine.state(user.home)
    assert isinstance(state, Nick) and state.holder == user.person
    stored = state.snapshot()
    older = Nick(state.name, state.casemap)
    older._load(msgspec.structs.replace(stored, holder=msgspec.structs.replace(user.person, since=1)))
    merged = state.merge(older, 2)
    assert merged is not None
    state.apply(merged, 2)
    homes.check(core.edge, user.home)
    assert state.holder is not None and state.holder.since == 1 == user.wanted.since
    assert state.holder == user.person
