"""Runs the process of one node from the configuration to the exit code."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
import uvloop

from config import NodeConfig
from gateway.io.node_process import NodeProcess
from gateway.io.recorder import Tape


def run_node(config: NodeConfig, path: Path, tape: Tape | None = None) -> int:
    """Run a node until told to stop; return the exit code. tape: records the node."""

    async def main() -> int:
        try:
            node = NodeProcess(config, path, tape)
        except OSError as problem:
            structlog.get_logger("circlet").error("start_failed", node=config.node.name, reason=str(problem))
            return 1
        return await node.crash.exit_code(node.run())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
