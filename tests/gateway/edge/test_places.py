"""How far devices have read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.edge.places import Places
from ring.ids import GroupId, Term
from ring.wire import Place

GROUP = GroupId("channel", "#ring")


def place(seq: int) -> Place:
    return Place(seq, 1_000 + seq, Term(1, "127.0.0.1", 1))


def test_a_connection_that_lags_does_not_take_its_device_back() -> None:
    """As one does whose node nobody hears of, while another of the same device has come."""
    engine = SimpleNamespace(applied_to=lambda group: place(5), state=lambda group: None)
    old: Any = SimpleNamespace(
        device="phone", behind={}, stream=SimpleNamespace(used=0), on_the_way=[], reached={"#ring": place(3)}
    )
    new: Any = SimpleNamespace(device="phone", behind={}, stream=None, receipts=None)
    user: Any = SimpleNamespace(session="ann", heard=[GROUP], connections=[new, old])
    edge: Any = SimpleNamespace(engine=engine)
    places = Places(edge)
    places.left(user, new)
    assert places.changed(user) == {"phone": {"#ring": place(5)}}
    assert places.of(user, "phone", GROUP) == place(5)
