"""The section about cloaks: the key, and mistakes with the key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config import ConfigErrors, NodeConfig, load
from config.keyfile import create_key

EXAMPLE = Path(__file__).parents[2] / "config" / "node.example.yaml"


def loaded(folder: Path) -> NodeConfig:
    path = folder / "node.yaml"
    path.write_text(EXAMPLE.read_text().replace("  #key_file: cloak.key", "  key_file: cloak.key"))
    config = load(path)
    assert isinstance(config, NodeConfig)
    return config


def test_without_a_key_there_are_no_cloaks(folder: Path) -> None:
    path = folder / "node.yaml"
    path.write_text(EXAMPLE.read_text())
    assert load(path).cloaks.key_file is None  # type: ignore[union-attr]


def test_a_key_of_its_own_is_good(folder: Path) -> None:
    create_key(folder / "cloak.key")
    config = loaded(folder)
    assert config.cloaks.key_file == folder / "cloak.key"
    assert (config.cloaks.by_default, config.cloaks.optional, config.cloaks.account_hosts) == (True, False, False)


@pytest.mark.parametrize(
    ("text", "words"), [("", "No such file"), ("short", "is no network key"), (None, "is the network key")]
)
def test_a_wrong_key_is_named(folder: Path, text: str | None, words: str) -> None:
    """text: of the key's file; None: a copy of the network key."""
    if text is None:
        shutil.copy(folder / "network.key", folder / "cloak.key")
    elif text:
        (folder / "cloak.key").write_text(text)
        (folder / "cloak.key").chmod(0o600)
    with pytest.raises(ConfigErrors, match=words) as caught:
        loaded(folder)
    assert "cloaks.key_file (line " in str(caught.value)
