"""How far devices have read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.edge.cursors.cursors import Cursors
from gateway.edge.cursors.delivery import Delivery
from gateway.edge.sessions.remote import RemoteSide
from gateway.state.session.session import CURSORS, DEVICES
from ring.ids import GroupId, Term
from ring.wire.history import Cursor

GROUP = GroupId("channel", "#ring")
NO_ASIDES = SimpleNamespace(cursor=lambda connection, group: None)


def cursor(seq: int) -> Cursor:
    return Cursor(seq, 1_000 + seq, Term(1, "127.0.0.1", 1))


def client(device: str) -> Any:
    """A connection with nothing but what concerns cursors."""
    return SimpleNamespace(device=device, delivery=Delivery(), remote=RemoteSide(), sent=lambda: 0)


def test_a_connection_that_lags_does_not_take_its_device_back() -> None:
    """As one does whose node nobody hears of, while another of the same device has come."""
    engine = SimpleNamespace(applied_to=lambda group: cursor(5), state=lambda group: None)
    old, new = client("phone"), client("phone")
    old.remote.stream = SimpleNamespace(used=0)
    old.delivery.reached["#ring"] = cursor(3)
    user: Any = SimpleNamespace(
        session=SimpleNamespace(account="ann"), seats=SimpleNamespace(all=[GROUP]), connections=[new, old]
    )
    new.user = user
    edge: Any = SimpleNamespace(network=engine, now=0.0, asides=NO_ASIDES)
    cursors = Cursors(edge)
    cursors.left(user, new)
    assert cursors.changed(user) == {"phone": {"#ring": cursor(5)}}
    assert cursors.of(user, "phone", GROUP) == cursor(5)


def test_who_comes_and_goes_for_ever_takes_no_more_room_for_that() -> None:
    """In channel after channel, as device after device."""
    engine = SimpleNamespace(applied_to=lambda group: cursor(5), state=lambda group: None)
    user: Any = SimpleNamespace(session=SimpleNamespace(account="ann"), seats=SimpleNamespace(all=[]), connections=[])
    cursors = Cursors(SimpleNamespace(network=engine, now=0.0, asides=NO_ASIDES))  # type: ignore[arg-type]
    one = client("")
    one.delivery.receipts = SimpleNamespace(written=0, arrived=lambda: 0)
    one.user = user
    user.connections = [one]
    for number in range(3 * CURSORS):
        cursors.mark(user, GroupId("channel", f"#{number}"))
        assert f"#{number}" in cursors.changed(user)[""]
        cursors._take("ann", f"device {number}", {"#ring": cursor(1)})
    devices = cursors._sent["ann"]
    assert len(one.delivery.cursors) <= CURSORS and len(one.delivery.reached) == CURSORS
    assert len(devices) == 2 * DEVICES and max(map(len, devices.values())) <= 2 * CURSORS
    assert cursors.of(user, "", GroupId("channel", f"#{number}")) == cursor(5)
