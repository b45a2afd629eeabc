"""A directory with a network key, and a function that loads YAML text from a file in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import ConfigErrors, DirectoryConfig, NodeConfig, load
from config.keyfile import create_key

Load = Callable[[str], NodeConfig | DirectoryConfig]
Mistakes = Callable[[str], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_key(tmp_path / "network.key")
    return tmp_path


@pytest.fixture
def load_text(folder: Path) -> Load:
    def load_it(text: str) -> NodeConfig | DirectoryConfig:
        (folder / "node.yaml").write_text(text)
        return load(folder / "node.yaml")

    return load_it


@pytest.fixture
def mistakes(load_text: Load, folder: Path) -> Mistakes:
    """The mistakes of a text, a line each, without the directory."""

    def find(text: str) -> list[str]:
        with pytest.raises(ConfigErrors) as caught:
            load_text(text)
        return str(caught.value).replace(f"{folder}/", "").splitlines()

    return find


@pytest.fixture
def minimal() -> str:
    return """\
network:
  name: Example
  server_name: irc.example.org
  key_file: network.key
node:
  name: node-1.example.org
  ip: 192.0.2.7
  state_dir: state
listeners:
  - {host: 192.0.2.7, port: 6667}
"""
