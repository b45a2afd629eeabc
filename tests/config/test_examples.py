"""The example files are valid and complete: each setting stands there, with its default, if any."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic.fields import FieldInfo

from config import DirectoryConfig, NodeConfig, load
from config.keyfile import create_key
from config.section import Section, fact, section_of
from config.yamlfile import parse_yaml

LISTS = (("history", "channels"), ("http", "tokens"))
EXAMPLES = Path(__file__).parents[2] / "config"
FILES: list[tuple[str, type[Section]]] = [
    ("node.example.yaml", NodeConfig),
    ("directory.example.yaml", DirectoryConfig),
]


def settings_of(model: type[Section], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Return every key down to the leaves; a list of sections is a leaf and its items' keys too."""
    for name, field in model.model_fields.items():
        inner = section_of(field)
        if inner is None or field.annotation is not inner:
            yield (*prefix, name), field
        if inner:
            yield from settings_of(inner, (*prefix, name))


def uncommented(text: str) -> str:
    """Return the text with the `#key:` settings switched on."""
    text = re.sub(r"^( *)#(- )?(\w+:)", r"\1\2\3", text, flags=re.MULTILINE)
    return re.sub(r"^ *(operators|operator_classes|channels|tokens): \[\]\n", "", text, flags=re.MULTILINE)


def at(data: Any, key: tuple[str, ...]) -> Any:
    for part in key:
        data = data[0] if isinstance(data, list) else data
        data = data[part]
    return data


@pytest.mark.parametrize(("name", "model"), FILES)
def test_valid_as_it_stands_and_with_everything_switched_on(folder: Path, name: str, model: type[Section]) -> None:
    shutil.copy(EXAMPLES / name, folder)
    config = load(folder / name)
    assert isinstance(config, model)
    cert = trustme.CA().issue_cert("irc.example.org")
    cert.private_key_pem.write_to_path(folder / "key.pem")
    cert.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    create_key(folder / "cloak.key")
    (folder / "motd.txt").write_text("Welcome\n")
    (folder / name).write_text(uncommented((EXAMPLES / name).read_text()))
    assert isinstance(load(folder / name), model)


@pytest.mark.parametrize(("name", "model"), FILES)
def test_every_setting_stands_there_with_its_default(folder: Path, name: str, model: type[Section]) -> None:
    text = (EXAMPLES / name).read_text()
    shutil.copy(EXAMPLES / name, folder)
    config = load(folder / name)
    active, everything = parse_yaml(text).data, parse_yaml(uncommented(text)).data
    seen = 0
    for key, field in settings_of(model):
        at(everything, key)  # KeyError names the setting missing in the example
        seen += 1
        inside_a_list = (key[0] in ("listeners", "operators", "operator_classes") and len(key) > 1) or key[:2] in LISTS
        if field.is_required() or field.default is None or field.default_factory or inside_a_list:
            continue
        at(active, key)
        value: Any = config
        for part in key:
            value = getattr(value, part)
        assert value == field.default, key
    assert seen == len(list(settings_of(model))) > 8


@pytest.mark.parametrize(("name", "model"), FILES)
def test_the_example_says_what_is_live(name: str, model: type[Section]) -> None:
    lines = (EXAMPLES / name).read_text().splitlines()
    for key, field in settings_of(model):
        if len(key) == 1 and fact(field, "live"):
            index = next(i for i, line in enumerate(lines) if line.lstrip("#").startswith(f"{key[0]}:"))
            assert any("[live]" in line for line in lines[max(index - 3, 0) : index + 1]), key


@pytest.mark.parametrize("model", [NodeConfig, DirectoryConfig])
def test_every_setting_is_documented(model: type[Section]) -> None:
    for key, field in settings_of(model):
        text = field.description or ""
        assert re.match(r"[A-Zja-z0-9].{10,}\.", text), key
        assert "Default: " in text or "Required." in text, key
        assert isinstance(fact(field, "live"), bool), key
        assert ("SIGHUP applies a change." in text) == fact(field, "live"), key
        if key[-1].endswith("_s"):
            assert fact(field, "unit") == "seconds", key
            assert "In seconds." in text, key
