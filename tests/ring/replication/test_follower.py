"""A follower that lacks more than the master's log still has (P16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ring.ids import GroupId, Incarnation
from ring.replication import log
from tests.ring.toy import ToyNet

ERLANG = GroupId("channel", "#erlang")
KEPT = 8


class DeafNet(ToyNet):
    """A network in which some nodes are sent nothing. deaf: their ring keys."""

    deaf: frozenset[str] = frozenset()

    def delivery(self, sender: Incarnation, key: str, payload: bytes) -> Callable[[], Any]:
        return (lambda: None) if key in self.deaf else super().delivery(sender, key, payload)


@pytest.mark.parametrize("said", [3, 30])
def test_who_lacks_more_than_the_log_has_is_shown_the_rest_and_told_how_many_are_missing(
    monkeypatch: pytest.MonkeyPatch, said: int
) -> None:
    monkeypatch.setattr(log, "LOG_ENTRIES", KEPT)
    net = DeafNet(3)
    master = "127.0.0.3"
    net.join(master, ERLANG)
    net.run(3)
    edge = next(key for key in ("127.0.0.1", "127.0.0.2") if ERLANG not in net.engines[key].replicas.followers)
    net.join(edge, ERLANG)
    net.run(3)
    net.deaf = frozenset({edge})
    texts = [str(n) for n in range(said)]
    for text in texts:
        net.submit(master, ERLANG, ["say", text])
    net.run(1)
    assert not net.hosts[edge].heard.get(ERLANG)
    net.deaf = frozenset()
    net.run(5)
    assert net.hosts[edge].heard[ERLANG] == texts[-KEPT:]
    assert net.hosts[edge].lost == max(0, said - KEPT)
