"""Holds SIGHUP back at the start of a process, until the process can read its file again.

Otherwise a SIGHUP during the imports would end the process. So the command line imports this module first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from ring.io.signals import hold_hang_up

SERVERS: Final = ("node", "directory", "record")
"""The commands that SIGHUP must not end."""


def hold_hang_up_of_servers(words: Sequence[str]) -> None:
    """Hold SIGHUP back if the words of the command line start a server."""
    if words and words[0] in SERVERS:
        hold_hang_up()


hold_hang_up_of_servers(sys.argv[1:])
