"""Holds SIGHUP back at the start of a process, until the process can read its file again.

Otherwise a SIGHUP during the imports would end the process. So the command line imports this module first.
"""

from __future__ import annotations

import sys
from typing import Final

from ring.io.signals import hold_hang_up

SERVERS: Final = ("node", "directory", "record")
"""The commands that SIGHUP must not end."""

if sys.argv[1:2] and sys.argv[1] in SERVERS:
    hold_hang_up()
