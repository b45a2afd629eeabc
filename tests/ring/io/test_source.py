"""The address from which a node dials."""

from __future__ import annotations

import pytest

from ring.io.source import source_for


@pytest.mark.parametrize("own", ["127.0.0.1", "127.0.0.77"])
def test_an_address_of_this_machine_is_dialled_from(own: str) -> None:
    assert source_for(own, "127.0.0.2") == (own, 0)


@pytest.mark.parametrize(
    ("own", "peer"),
    [
        ("203.0.113.9", "127.0.0.2"),  # behind a translator: none of this machine's addresses
        ("2001:db8::9", "::1"),
        ("::1", "127.0.0.2"),  # of the other kind
        ("127.0.0.1", "::1"),
    ],
)
def test_with_no_address_that_fits_the_system_chooses(own: str, peer: str) -> None:
    assert source_for(own, peer) is None
