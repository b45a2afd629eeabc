from __future__ import annotations

from pathlib import Path

import pytest

from config.keyfile import KeyFileError, create_key, read_key


def test_a_key_is_read_as_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "network.key"
    key = create_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path) == key
    assert create_key(tmp_path / "another.key") != key


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    key = create_key(tmp_path / "network.key")
    with pytest.raises(FileExistsError):
        create_key(tmp_path / "network.key")
    assert read_key(tmp_path / "network.key") == key


def test_a_key_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.key"
    create_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"open to others \(mode 0640\): run chmod 600 .*network.key"):
        read_key(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"ab" * 31, b"ab" * 33, b"xy" * 32, b"\xff" * 64, b"0" * 100_000])
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "network.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as caught:
        read_key(path)
    assert str(caught.value) == f"{path} is no network key: one line of 64 hexadecimal digits"


def test_a_missing_key_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"cannot read .*: No such file"):
        read_key(tmp_path / "network.key")
    with pytest.raises(KeyFileError, match="is not a file"):
        read_key(tmp_path)
