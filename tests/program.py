"""Starts `circlet` processes for tests: new Python processes, or forks of a process with the program imported.

A new Python process spends one to two CPU seconds on imports. The fork server of `multiprocessing` imports the program
once per pytest worker, and forks itself for each `Forked`. A fork has its own arguments, environment, output, signals
and exit code, and runs the same `main` as an operator's process.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from gateway.cli.hang_up import hold_hang_up_of_servers
from gateway.cli.main import main
from tests.patience import WITHIN_S

IMPORTED: Final = (
    "gateway.cli.run", "gateway.io.node_process", "gateway.io.directory_process", "gateway.cli.record",
    "gateway.recording.replay", "gateway.cli.forget", "gateway.cli.locate", "gateway.cli.nodes", "gateway.cli.report",
    "gateway.cli.schema", "gateway.cli.status", "gateway.cli.survey", "gateway.cli.tracer", "gateway.cli.webhook",
    "gateway.io.web_side", "gateway.io.posting", "tests.program",
)  # fmt: skip
"""Imports of the fork server: all modules needed by a node, a directory, or a command of `fork_circlet`."""

CIRCLET: Final = (sys.executable, "-m", "gateway.cli.main")
"""The program as a new Python process."""

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([*IMPORTED])


class Forked:
    """A forked `circlet`, with the methods of `subprocess.Popen` used by tests."""

    def __init__(
        self,
        words: Sequence[str],
        output: BinaryIO | None = None,
        errors: BinaryIO | None = None,
        descriptors: int = 0,
    ) -> None:
        """output: takes standard output; None: `stdout` reads standard output. errors: takes standard error; None:
        `output` does. descriptors: the hard limit of open files, 0 for the limit of the tests.
        """
        self.stdout: BinaryIO | None = None
        if output is None:
            read, write = os.pipe()
            self.stdout = open(read, "rb")  # noqa: PTH123, SIM115
        else:
            write = os.dup(output.fileno())
        failures = os.dup(write if errors is None else errors.fileno())
        with Connection(write, readable=False) as out, Connection(failures, readable=False) as err:
            # Daemons among processes are terminated when the tests end in disorder.
            self._process = _forking.Process(
                target=_run, args=([*words], dict(os.environ), out, err, descriptors), daemon=True
            )
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        """The exit code, or minus the signal, or None while the process runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def fork_circlet(*words: str, within_s: float = WITHIN_S) -> subprocess.CompletedProcess[str]:
    """Run a command of the program to the end, as `subprocess.run` does."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = Forked(words, output, errors)
        try:
            code = process.wait(within_s)
        finally:
            process.kill()
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
        return subprocess.CompletedProcess(words, code, *texts)


def _run(
    words: list[str], environment: Mapping[str, str], output: Connection, errors: Connection, descriptors: int
) -> None:
    """Become `circlet` with these words, in the fork."""
    assert {*IMPORTED} <= sys.modules.keys()  # the fork server would keep quiet about a missing module
    for given, standard in ((output, sys.stdout), (errors, sys.stderr)):
        os.dup2(given.fileno(), standard.fileno())
        given.close()
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["circlet", *words]
    if descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors // 2, descriptors))
    hold_hang_up_of_servers(words)
    main()
