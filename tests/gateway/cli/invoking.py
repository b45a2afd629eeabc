"""Runs the program's commands in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from gateway.cli.main import main


def yaml_of(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def circlet(*words: str | Path, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result
