"""The section about cloaks: host names that stand for people's addresses."""

from __future__ import annotations

from config.section import Section, setting
from config.values import KeyPath


class Cloaks(Section):
    """What people are shown of each other's addresses. The same on every node."""

    key_file: KeyPath | None = setting(
        None,
        "File with the secret of the cloaks (64 hexadecimal digits, mode 0600), not the network key. "
        "With none: people see each other's addresses.",
    )
    by_default: bool = setting(True, "Whether people have the mode x, and so a cloak, from the beginning.", live=True)
    optional: bool = setting(False, "Whether people may show their address (MODE nick -x).", live=True)
    account_hosts: bool = setting(
        False, "Whether somebody who is logged in is shown with the host NAME.account.", live=True
    )
    vhosts: bool = setting(True, "Whether people may ask operators for a host of their own (HostServ).", live=True)
