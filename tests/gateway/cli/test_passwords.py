"""Reading a password from a terminal or a pipe."""

from __future__ import annotations

import os

import pytest

from gateway.cli.passwords import read_password


def test_a_terminal_may_send_what_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompted for, as a person does it."""
    controller, terminal = os.openpty()
    os.write(controller, b"\xff\xfe\n")
    with os.fdopen(terminal, encoding="utf-8") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: typed.readline())
        with pytest.raises(SystemExit) as ended:
            read_password()
    os.close(controller)
    assert ended.value.code == 1
