"""The account which a connection has proven."""

from __future__ import annotations

from typing import NamedTuple


class Login(NamedTuple):
    """A proven account. name: of the account, as registered. life: id of the registration.

    device: the part of the login name after "@"; "" for none.
    """

    name: str
    life: str
    device: str = ""
