"""How far devices have read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.edge.cursors.cursors import Cursors
from gateway.edge.cursors.delivery import Delivery
from gateway.edge.sessions.remote import RemoteSide
from gateway.state.session.session import DEVICES, PLACES
from ring.ids import GroupId, Term
from ring.wire.history import Cursor

GROUP = GroupId("channel", "#ring")
NO_ASIDES = SimpleNamespace(place=lambda connection, group: None)


def place(seq: int) -> Cursor:
    return Cursor(seq, 1_000 + seq, Term(1, "127.0.0.1", 1))


def client(device: str) -> Any:
    """A connection with nothing but what concerns cursors."""
    return SimpleNamespace(device=device, delivery=Delivery(), remote=RemoteSide(), sent=lambda: 0)


def test_a_connection_that_lags_does_not_take_its_device_back() -> None:
    """As one does whose node nobody hears of, while another of the same device has come."""
    engine = SimpleNamespace(applied_to=lambda group: place(5), state=lambda group: None)
    old, new = client("phone"), client("phone")
    old.remote.stream = SimpleNamespace(used=0)
    old.delivery.reached["#ring"] = place(3)
    user: Any = SimpleNamespace(
        session=SimpleNamespace(account="ann"), seats=SimpleNamespace(all=[GROUP]), connections=[new, old]
    )
    new.user = user
    edge: Any = SimpleNamespace(engine=engine, now=0.0, asides=NO_ASIDES)
    places = Cursors(edge)
    places.left(user, new)
    assert places.changed(user) == {"phone": {"#ring": place(5)}}
    assert places.of(user, "phone", GROUP) == place(5)


def test_who_comes_and_goes_for_ever_takes_no_more_room_for_that() -> None:
    """In channel after channel, as device after device."""
    engine = SimpleNamespace(applied_to=lambda group: place(5), state=lambda group: None)
    user: Any = SimpleNamespace(session=SimpleNamespace(account="ann"), seats=SimpleNamespace(all=[]), connections=[])
    places = Cursors(SimpleNamespace(engine=engine, now=0.0, asides=NO_ASIDES))  # type: ignore[arg-type]
    one = client("")
    one.delivery.receipts = SimpleNamespace(written=0, arrived=lambda: 0)
    one.user = user
    user.connections = [one]
    for number in range(3 * PLACES):
        places.mark(user, GroupId("channel", f"#{number}"))
        assert f"#{number}" in places.changed(user)[""]
        places._take("ann", f"device {number}", {"#ring": place(1)})
    devices = places._sent["ann"]
    assert len(one.delivery.places) <= PLACES and len(one.delivery.reached) == PLACES
    assert len(devices) == 2 * DEVICES and max(map(len, devices.values())) <= 2 * PLACES
    assert places.of(user, "", GroupId("channel", f"#{number}")) == place(5)
