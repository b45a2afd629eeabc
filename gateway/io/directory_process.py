"""The process of a directory server."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import structlog
import uvloop

from config import DirectoryConfig, load_directory
from config.keyfile import read_key
from gateway.io.reloading import contents, reread
from gateway.io.systemd import Systemd
from gateway.io.version import VERSION
from gateway.web.directory_source import DirectorySource
from gateway.web.metrics.directory import of_directory
from gateway.web.public_site import PublicSite
from gateway.web.server import WebServer
from ring.io.crash import CrashOnly
from ring.io.directory_server import DirectoryServer
from ring.io.signals import release_hang_up


class DirectoryProcess:
    """Serves until SIGTERM or SIGINT; on SIGHUP reads the configuration file again."""

    def __init__(self, config: DirectoryConfig, path: Path) -> None:
        self.config = config
        self._contents = contents(config)
        self.path = path
        self.log = structlog.get_logger("circlet").bind(directory=str(config.address))
        self.crash = CrashOnly(self.log)
        self.systemd = Systemd()
        self._stop = asyncio.Event()
        self._web: WebServer | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        self.crash.watch(loop)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        release_hang_up()
        config = self.config
        server = DirectoryServer(
            host=config.address.host,
            port=config.address.port,
            network_name=config.network.name,
            key=read_key(config.network.key_file),
            lease_s=config.directory.lease_s,
            max_nodes=config.limits.nodes,
            cookie_s=config.limits.cookie_s,
            log=self.log,
        )
        web = self._web = self._web_server(server)
        try:
            await _listen(server, config)
            if web is not None:
                await web.start()
        except OSError as problem:
            self.log.error("start_failed", reason=str(problem))
            await server.stop()
            return 1
        self.systemd.ready()
        self._beat()
        await self._stop.wait()
        self.systemd.stopping()
        if web is not None:
            await web.stop()
        await server.stop()
        return 0

    def _web_server(self, server: DirectoryServer) -> WebServer | None:
        if self.config.http is None:
            return None
        source = DirectorySource(server.core, VERSION, str(self.config.address), lambda: server.now)
        return WebServer(self.config.http, PublicSite(source, of_directory(source)).routes(), self.log)

    def _beat(self) -> None:
        self.systemd.alive()
        if self.systemd.beat_s:
            asyncio.get_running_loop().call_later(self.systemd.beat_s, self._beat)

    def _reload(self) -> None:
        self.systemd.reloading()
        self.config, self._contents, said = reread(self.config, self._contents, self.path, load_directory, self.log)
        if not said.wrong and self._web is not None and self.config.http is not None:
            self._web.configure(self.config.http)
        self.systemd.reloaded()


async def _listen(server: DirectoryServer, config: DirectoryConfig) -> None:
    """Listen on the configured port. Raises OSError with advice if the port cannot be used."""
    try:
        await server.start()
    except OSError as problem:
        raise OSError(
            f"directory: cannot listen on {config.address}: {problem.strerror or problem}: "
            "choose an address of this machine and a free UDP port"
        ) from problem


def run_directory(config: DirectoryConfig, path: Path) -> int:
    """Run a directory until SIGTERM or SIGINT; return the exit code."""

    async def main() -> int:
        process = DirectoryProcess(config, path)
        return await process.crash.exit_code(process.run())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
