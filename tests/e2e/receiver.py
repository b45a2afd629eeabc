"""The receiver of contrib/docs/webhooks.md, run as it stands there."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.patience import WITHIN_S

PAGE = Path(__file__).parents[2] / "contrib" / "docs" / "webhooks.md"


class DocumentedReceiver:
    """A process; what it keeps outlives it."""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self.url = f"http://{host}:{port}/hook"
        self._where = [host, str(port)]
        self._store = folder / "receiver.db"
        self._script = folder / "receiver.py"
        self._log_file = folder / "receiver.log"
        found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        assert found is not None
        self._script.write_text(found[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, secret: str) -> None:
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(self._script), *self._where],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "SECRET": secret, "STORE": str(self._store), "PYTHONUNBUFFERED": "1"},
            )

    def wait_until_it_listens(self) -> None:
        end = time.monotonic() + WITHIN_S
        while True:
            try:
                socket.create_connection((self._where[0], int(self._where[1])), timeout=WITHIN_S).close()
            except ConnectionRefusedError:
                assert time.monotonic() < end, self.log
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def texts(self) -> list[str]:
        """The texts in the receiver's store, in the order of arrival."""
        if not self._store.exists():
            return []
        store = sqlite3.connect(f"file:{self._store}?mode=ro", uri=True, timeout=WITHIN_S)
        try:
            return [text for (text,) in store.execute("SELECT text FROM heard ORDER BY rowid")]
        except sqlite3.OperationalError:  # the table is not made yet
            return []
        finally:
            store.close()

    @property
    def log(self) -> str:
        return self._log_file.read_text()

    @property
    def statuses(self) -> list[str]:
        """Of the answers so far."""
        return re.findall(r'"POST /hook HTTP/1.1" (\d+)', self.log)

    def wait_for(self, texts: list[str]) -> None:
        end = time.monotonic() + WITHIN_S
        while sorted(self.texts) != sorted(texts):
            lacking = [text for text in texts if text not in self.texts]
            assert time.monotonic() < end, f"lacking: {lacking[:10]} of {len(texts)}"
            time.sleep(0.1)
