"""A user and the group of its nick."""

from __future__ import annotations

import msgspec

from gateway.edge.users import nick_ownership
from gateway.irc.names import forced_nick
from gateway.state.nick.nick import Nick
from tests.sim.net import Net


def test_a_merge_that_keeps_the_users_older_claim_changes_the_age_of_what_it_holds() -> None:
    net = Net(1)
    net.client("n1", "hal")
    core = net.nodes["n1"].core
    (user,) = core.edge.users.values()
    state = core.engine.state(user.identity.home)
    assert isinstance(state, Nick) and state.holder == user.person
    stored = state.snapshot()
    older = Nick(state.name, state.casemap)
    older._load(msgspec.structs.replace(stored, holder=msgspec.structs.replace(user.person, since=1)))
    merged = state.merge(older, 2)
    assert merged is not None
    state.apply(merged, 2)
    nick_ownership.check(core.edge, user.identity.home)
    assert state.holder is not None and state.holder.since == 1 == user.identity.pending.since
    assert state.holder == user.person


def test_who_is_on_its_way_to_another_nick_may_lose_the_old_one() -> None:
    """A merge gave it to somebody else in the moment before it was let go (seed 5546)."""
    net = Net(1)
    net.client("n1", "hal")
    core = net.nodes["n1"].core
    (user,) = core.edge.users.values()
    home, state = user.identity.home, core.engine.state(user.identity.home)
    assert isinstance(state, Nick)
    state.holder = msgspec.structs.replace(user.person, uid="other")
    user.person = msgspec.structs.replace(user.person, nick="hal2")
    nick_ownership.check(core.edge, home)
    assert user.identity.home == home and not user.identity.reclaiming
    user.person = msgspec.structs.replace(user.person, nick="hal")
    nick_ownership.check(core.edge, home)
    assert user.identity.home == core.edge.nick(forced_nick(user.uid))
