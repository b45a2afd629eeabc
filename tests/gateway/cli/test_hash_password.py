"""circlet hash-password."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.io.passwords import verify
from tests.gateway.cli.invoking import circlet


def test_hash_password_prints_a_hash_that_fits(net: Path) -> None:
    hashed = circlet("hash-password", stdin="sesame\n").output.strip()
    assert hashed.startswith("$argon2id$") and verify(hashed, "sesame") and not verify(hashed, "sesame ")
    path = net / "node-1.yaml"
    entry = f"operators: [{{name: root, password_hash: '{hashed}'}}]\n"
    path.write_text(re.sub(r"^operators:.*\n", "", path.read_text(), flags=re.MULTILINE) + entry)
    assert circlet("check", path).exit_code == 0


@pytest.mark.parametrize("password", ["", "\n", "x" * 1001, b"\xff\n"])
def test_hash_password_refuses_what_is_no_password(password: str | bytes) -> None:
    result = circlet("hash-password", stdin=password)
    assert result.exit_code == 1 and "1 to 1,000 bytes" in result.output


def test_hash_password_takes_any_letters() -> None:
    assert circlet("hash-password", stdin="päss wörd\r\n").exit_code == 0
