"""What the process of a directory loads."""

from __future__ import annotations

import subprocess
import sys


def test_a_directory_does_not_load_what_only_nodes_need() -> None:
    code = "import sys, gateway.cli.main, gateway.io.directory_process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"gateway.web.server", "ring.io.directory_server"} <= set(loaded)
    folders = ("gateway.commands.", "gateway.state.", "gateway.services.", "ring.replication.")
    assert not [name for name in loaded if name in ("gateway.node", "ring.engine") or name.startswith(folders)]
