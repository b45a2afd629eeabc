"""A channel's snapshot: read back whole, and written without the fields that an older build does not know."""

from __future__ import annotations

import msgspec
import pytest

from gateway.state.channel.messages import Invite, Join, Kick, SetTopic
from gateway.state.channel.snapshot import KICKS, TOMBSTONES, PutOut, Stored
from ring.features import at_level
from tests.gateway.state.cast import ANN, BOB, CAT, Stage, packed, person, plus
from tests.gateway.state.channel.subscribing import subscribe


def test_a_build_of_an_older_level_is_written_none_of_it() -> None:
    stage = Stage(ANN)
    without = msgspec.msgpack.encode(at_level(stage.channel.snapshot(), 1, 1))
    before = msgspec.msgpack.decode(without)
    subscribe(stage)
    after = msgspec.msgpack.decode(msgspec.msgpack.encode(at_level(stage.channel.snapshot(), 1, 1)))
    assert len(after) == len(before) == len(Stored.__struct_fields__) - len(Stored.NEWER)


def test_a_snapshot_is_read_back_whole() -> None:
    stage = Stage(ANN, BOB)
    stage.mode(ANN, plus("k", "sesame"), plus("l", "5"), plus("b", "x!*@*"), plus("e", "y!*@*"), plus("v", "Bob"))
    stage.do(SetTopic(ANN.uid, ANN.source, "tea"))
    stage.do(Invite(ANN.uid, ANN.source, CAT.uid, "Cat"))
    stage.do(Kick(ANN.uid, ANN.source, BOB.uid, "Bob", "enough"))
    subscribe(stage)
    stored = stage.channel.snapshot()
    read = msgspec.msgpack.decode(packed(stored), type=Stored)
    assert read == stored
    assert [sitting.person for sitting in read.members] == [ANN]
    assert read.put_out == {BOB.uid: PutOut(ANN.source, "enough", stage.at - 1)}
    assert read.settings[1:] == ("sesame", 5)


def test_a_snapshot_of_an_older_build_is_read_with_defaults() -> None:
    values = msgspec.msgpack.decode(packed(Stage(ANN).channel.snapshot()))
    read = msgspec.msgpack.decode(packed(values[: -len(Stored.NEWER)]), type=Stored)
    assert (read.webhooks, read.unsubscribed, read.keys) == ({}, {}, {})


@pytest.mark.parametrize("cut", [0, 1, 10])
def test_a_cut_snapshot_is_refused(cut: int) -> None:
    values = msgspec.msgpack.decode(packed(Stage(ANN).channel.snapshot()))
    with pytest.raises(msgspec.MsgspecError):
        msgspec.msgpack.decode(packed(values[:cut]), type=Stored)


def test_what_has_passed_is_remembered_within_bounds() -> None:
    stage = Stage(ANN)
    for number in range(KICKS + 1):
        guest = person(f"9-{number}")
        stage.do(Join(guest))
        stage.do(Kick(ANN.uid, ANN.source, guest.uid, guest.nick, "no"))
    stored = stage.channel.snapshot()
    assert len(stored.put_out) == KICKS and "9-0" not in stored.put_out
    assert len(stored.left) == KICKS + 1 <= TOMBSTONES
