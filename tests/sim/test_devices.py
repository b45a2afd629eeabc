"""Each device is sent each line once, whatever a seed makes of the network and of its connections; this can fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.edge.places import Places
from gateway.edge.sessions import Sessions
from tests.sim.devices import DeviceStory, check_devices
from tests.sim.net import Net
from tests.sim.test_sessions import Talker, bob, net, shown_where_it_comes_back  # noqa: F401  (fixtures)

SEEDS = 40
FOUND = (74, 75, 106, 129, 147, 171, 212, 254, 268, 269, 611, 702, 1070)
"""Each found something wrong once."""

BLOCK = 5


def wrong(seed: int) -> list[str]:
    story = DeviceStory(seed)
    story.run()
    return [*story.faults, *found] if (found := list(check_devices(story))) else []


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_every_device_has_each_line_once(first: int) -> None:
    for seed in range(first, first + BLOCK):
        found = wrong(seed)
        assert not found, "\n".join([f"replay it with: python -m tests.sim {seed} --devices", *found])


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_found_stays_right(seed: int) -> None:
    assert not wrong(seed)


def forget_where_devices_are(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Places, "of", lambda self, user, device, group: None)


def take_what_is_applied_for_shown(patch: pytest.MonkeyPatch) -> None:
    """A carried client is taken to have what is on its way to it."""
    patch.setattr(Places, "_reached", lambda self, connection: None)


@pytest.mark.parametrize(
    ("broken", "first"),
    [(forget_where_devices_are, 0), (take_what_is_applied_for_shown, 0)],
)
def test_a_break_is_caught(
    broken: Callable[[pytest.MonkeyPatch], None], first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """first: the first seed to look at; some breaks show seldom."""
    broken(monkeypatch)
    assert any(wrong(seed) for seed in range(first, first + 50)), "not caught"


def test_it_is_caught_if_only_the_node_that_a_session_is_on_is_believed(
    net: Net,  # noqa: F811
    bob: Talker,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sessions, "_tell_places", lambda self, user: self.places.forget(user.session))
    assert shown_where_it_comes_back(net, bob) == ["1", "2"]
