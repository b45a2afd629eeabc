"""SIGHUP at the start of a process: the signal waits until the process can read its file again.

Without that, a SIGHUP that comes while Python still imports the program ends the process. The command line imports this
module first.
"""

from __future__ import annotations

import sys
from typing import Final

from ring.io.signals import hold_hang_up

SERVERS: Final = ("node", "directory", "record")
"""The commands that SIGHUP does not end."""

if sys.argv[1:2] and sys.argv[1] in SERVERS:
    hold_hang_up()
