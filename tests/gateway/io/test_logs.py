"""Logs: one JSON object a line, the level live, no secrets, no variables in tracebacks."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.io.logs import set_level, setup


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "node.log"
    structlog.reset_defaults()
    logging.basicConfig(handlers=[], force=True)
    set_level("info")


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_record_has_its_name_level_time_and_facts(log_file: Path) -> None:
    setup("info", "json", log_file)
    structlog.get_logger().bind(node="n1").info("client_connected", client=7, address="::1")
    (record,) = records(log_file)
    assert record.pop("timestamp").endswith("Z")
    assert record == {"event": "client_connected", "level": "info", "node": "n1", "client": 7, "address": "::1"}


async def _tell(path: Path) -> tuple[str, str]:
    """Log two lines, then one more of another level. Returns the file before the third line, and after it."""
    log = structlog.get_logger().bind(node="n1")
    log.info("one", text="é\ud800", path=path)
    log.info("two")
    before = path.read_text()
    log.warning("three")
    return before, path.read_text()


def test_lines_of_one_turn_are_written_together_and_a_warning_at_once(log_file: Path) -> None:
    setup("info", "json", log_file)
    before, after = asyncio.run(_tell(log_file))
    assert before == ""
    assert [json.loads(line)["event"] for line in after.splitlines()] == ["one", "two", "three"]


def test_the_lines_of_a_turn_are_written_at_its_end(log_file: Path) -> None:
    async def tell() -> str:
        structlog.get_logger().info("one")
        await asyncio.sleep(0)
        return log_file.read_text()

    setup("info", "json", log_file)
    assert "one" in asyncio.run(tell())


def test_the_short_way_writes_what_the_processors_write(log_file: Path) -> None:
    setup("info", "json", log_file)
    log = structlog.get_logger().bind(node="n1")
    facts: dict[str, Any] = {"text": "é\ud800", "path": Path("a"), "key_file": "x", "n": None, "list": (1, True)}
    log.info("one", **facts)
    log.warning("one", **facts)
    short, usual = records(log_file)
    assert short.pop("timestamp") and usual.pop("timestamp")
    assert list(short) == list(usual) and short == usual | {"level": "info"}


def test_the_level_changes_at_once_for_loggers_that_exist(log_file: Path) -> None:
    setup("warning", "json", log_file)
    log = structlog.get_logger().bind(node="n1")
    log.info("one")
    set_level("debug")
    log.debug("two")
    set_level("error")
    log.warning("three")
    assert [record["event"] for record in records(log_file)] == ["two"]


def test_what_is_named_like_a_secret_is_not_written(log_file: Path) -> None:
    setup("info", "json", log_file)
    structlog.get_logger().info("trouble", password="sesame", server_password_hash="sesame", network_key=b"sesame")
    assert "sesame" not in log_file.read_text() and log_file.read_text().count("(not logged)") == 3


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_variables(log_file: Path, form: str) -> None:
    setup("info", form, log_file)

    def fails(words: str) -> None:
        raise ValueError(len(words))

    try:
        fails("sesame " * 3)
    except ValueError:
        structlog.get_logger().exception("trouble")
    text = log_file.read_text()
    assert "ValueError" in text and "fails" in text and "sesame sesame" not in text


def test_libraries_log_the_same_way(log_file: Path) -> None:
    setup("info", "json", log_file)
    logging.getLogger("asyncio").warning("socket.send() raised %s", "it")
    logging.getLogger("asyncio").info("not this")
    (record,) = records(log_file)
    assert record["event"] == "library_message" and record["library"] == "asyncio"
    assert record["message"] == "socket.send() raised it" and record["level"] == "warning"


def test_a_file_is_appended_to(log_file: Path) -> None:
    for event in ("one", "two"):
        setup("info", "auto", log_file)
        structlog.get_logger().info(event)
    assert [record["event"] for record in records(log_file)] == ["one", "two"]


def test_console_is_for_people(log_file: Path) -> None:
    setup("info", "console", log_file)
    structlog.get_logger().info("node_started", ip="127.0.0.1")
    assert "node_started" in log_file.read_text() and "{" not in log_file.read_text()
