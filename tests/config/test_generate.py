from __future__ import annotations

from pathlib import Path

import pytest

from config import DirectoryConfig, NodeConfig, load
from config.generate import InitError, write_network
from config.schema import EDITOR_LINE


def test_a_network_ready_to_run(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "net"
    paths = write_network(folder, 3, 2)
    assert sorted(path.name for path in paths) == sorted(path.name for path in folder.iterdir())
    assert (folder / "network.key").stat().st_mode & 0o777 == 0o600
    for number in (1, 2, 3):
        node = load(folder / f"node-{number}.yaml")
        assert isinstance(node, NodeConfig)
        assert node.node.name == f"node-{number}.circlet.local"
        assert node.node.ip == node.node.ring_key == f"127.0.0.{number}"
        assert node.node.state_dir == folder / "state" / f"node-{number}"
        assert str(node.irc_address) == f"127.0.0.{number}:6667"
        assert str(node.links_address) == f"127.0.0.{number}:7600"
        assert [str(each) for each in node.directories] == ["127.0.0.1:7700", "127.0.0.1:7701"]
        assert (node.network.name, node.network.server_name) == ("Circlet", "irc.circlet.local")
    for number in (1, 2):
        directory = load(folder / f"directory-{number}.yaml")
        assert isinstance(directory, DirectoryConfig)
        assert str(directory.address) == f"127.0.0.1:{7699 + number}"
        assert directory.http is not None and directory.http.url == f"http://127.0.0.1:{8070 + number}/"
    assert (folder / "state").exists() is False


def test_paths_in_the_files_are_relative_so_that_the_directory_can_move(tmp_path: Path) -> None:
    write_network(tmp_path / "here", 1, 0)
    (tmp_path / "here").rename(tmp_path / "there")
    node = load(tmp_path / "there" / "node-1.yaml")
    assert isinstance(node, NodeConfig)
    assert node.network.key_file == tmp_path / "there" / "network.key"
    assert node.directories == ()


def test_files_are_commented_for_an_editor(tmp_path: Path) -> None:
    write_network(tmp_path, 1, 1)
    for path in tmp_path.glob("*.yaml"):
        assert path.read_text().splitlines()[0] == EDITOR_LINE
    assert (tmp_path / EDITOR_LINE.partition("$schema=")[2]).is_file()


def test_the_largest_network(tmp_path: Path) -> None:
    write_network(tmp_path, 250, 9)
    node = load(tmp_path / "node-250.yaml")
    assert isinstance(node, NodeConfig)
    assert str(node.directories[-1]) == "127.0.0.1:7708"


def test_nothing_is_overwritten_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "node-2.yaml").write_text("mine")
    (tmp_path / "network.key").symlink_to("nowhere")
    with pytest.raises(InitError, match=r"already holds network\.key, node-2\.yaml: nothing is overwritten"):
        write_network(tmp_path, 3, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network.key", "node-2.yaml"]
    assert (tmp_path / "node-2.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("nodes", "directories", "said"),
    [
        (0, 1, "0 nodes: 1 to 250"),
        (251, 1, "251 nodes"),
        (1, -1, "0 to 9"),
        (1, 10, "0 to 9"),
        (2, 0, "need a directory"),
    ],
)
def test_numbers_out_of_bounds(tmp_path: Path, nodes: int, directories: int, said: str) -> None:
    with pytest.raises(InitError, match=said):
        write_network(tmp_path, nodes, directories)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InitError, match=r"cannot write to .*file"):
        write_network(tmp_path / "file", 1, 0)
