"""Which member a command means: by uid if the caller's node knows the person, or else by nick."""

from __future__ import annotations

import pytest

from gateway.state.channel.targets import find_target
from tests.gateway.state.cast import ANN, BOB, Stage, person


@pytest.mark.parametrize(
    ("uid", "nick", "found"),
    [
        (BOB.uid, "Bob", BOB.uid),
        (BOB.uid, "Ann", BOB.uid),
        (BOB.uid, None, BOB.uid),
        ("gone", "Bob", None),
        (None, "bOB", BOB.uid),
        (None, "nobody", None),
        (None, None, None),
        (None, "", None),
    ],
)
def test_the_uid_counts_before_the_nick(uid: str | None, nick: str | None, found: str | None) -> None:
    """P10"""
    assert find_target(Stage(ANN, BOB).channel, uid, nick) == found


def test_nicks_are_folded_as_the_network_folds_names() -> None:
    assert find_target(Stage(ANN, person("5", "Cat[")).channel, None, "cAT{") == "5"


def test_nobody_is_found_in_an_empty_channel() -> None:
    assert find_target(Stage().channel, ANN.uid, "Ann") is None
