"""circlet check: every mistake of every file."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.cli.invoking import circlet


def test_check_tells_every_mistake_of_every_file(net: Path) -> None:
    first, second = net / "node-1.yaml", net / "node-2.yaml"
    text = first.read_text()
    first.write_text(text.replace("6667", "66677").replace("7600", "'x'"))
    second.write_text(second.read_text() + "\ncolour: blue\n")
    result = circlet("check", first, second, net / "directory-1.yaml", net / "nowhere.yaml")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line for line in lines if "node-1.yaml" in line and "listeners" in line and "66677" in line]
    assert [line for line in lines if "node-1.yaml" in line and "links.port" in line and 'found "x"' in line]
    assert [line for line in lines if "node-2.yaml" in line and "colour" in line]
    assert [line for line in lines if "nowhere.yaml" in line]
    assert f"{net / 'directory-1.yaml'}: good" in lines
