"""The process of one directory server."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import structlog
import uvloop

from config import ConfigErrors, DirectoryConfig, load_directory
from config.keyfile import read_key
from config.reload import apply_live, changes
from gateway.shells.logs import set_level
from ring.shells.directory_server import DirectoryServer


class DirectoryProcess:
    """Serves until SIGTERM or SIGINT; SIGHUP reads the file again."""

    def __init__(self, config: DirectoryConfig, path: Path) -> None:
        self.config = config
        self.path = path
        self.log = structlog.get_logger("circlet").bind(directory=str(config.address))
        self._stop = asyncio.Event()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        config = self.config
        server = DirectoryServer(
            host=config.address.host,
            port=config.address.port,
            network_name=config.network.name,
            key=read_key(config.network.key_file),
            lease_s=config.directory.lease_s,
            max_nodes=config.limits.nodes,
            log=self.log,
        )
        try:
            await server.start()
        except OSError as problem:
            self.log.error(
                "start_failed",
                reason=f"directory: cannot listen on {config.address}: {problem.strerror or problem}: "
                "choose an address of this machine and a free UDP port",
            )
            return 1
        await self._stop.wait()
        await server.stop()
        return 0

    def _reload(self) -> None:
        try:
            new = load_directory(self.path)
        except ConfigErrors as problem:
            for mistake in problem.mistakes:
                self.log.error("reload_refused", mistake=str(mistake))
            return
        live, restart = changes(self.config, new)
        self.config = apply_live(self.config, new)
        set_level(self.config.log.level)
        (self.log.warning if restart else self.log.info)("reloaded", live=live, needs_restart=restart)


def run_directory(config: DirectoryConfig, path: Path) -> int:
    """Run a directory until it is told to stop; returns the exit code."""

    async def main() -> int:
        return await DirectoryProcess(config, path).run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
