"""The account that a connection has proven to be."""

from __future__ import annotations

from typing import NamedTuple


class Login(NamedTuple):
    """What a connection has proven. name: of the account, as registered. life: the id of that registration.

    device: what came after "@", "" for none.
    """

    name: str
    life: str
    device: str = ""
