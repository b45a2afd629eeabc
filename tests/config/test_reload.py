from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from config import DirectoryConfig, NodeConfig
from config.reload import apply_live, changes

Load = Callable[[str], NodeConfig | DirectoryConfig]

MORE = """\
log: {level: debug, format: json}
clients: {flood: {burst: 50}, settle_max_s: 20}
motd: hello
links: {port: 7601}
directories: [192.0.2.1:7700]
admin: {email: root@example.org}
"""


def both(load_text: Load, old: str, new: str) -> tuple[NodeConfig, NodeConfig]:
    was, now = load_text(old), load_text(new)
    assert isinstance(was, NodeConfig)
    assert isinstance(now, NodeConfig)
    return was, now


def test_what_changed_and_what_needs_a_restart(load_text: Load, minimal: str) -> None:
    old, new = both(load_text, minimal, minimal + MORE)
    live, restart = changes(old, new)
    assert sorted(live) == ["admin.email", "clients.flood.burst", "log.level", "motd"]
    assert sorted(restart) == ["clients.settle_max_s", "directories", "links.port", "log.format"]
    assert changes(new, new) == ([], [])


def test_only_live_settings_are_applied(load_text: Load, minimal: str) -> None:
    old, new = both(load_text, minimal, minimal + MORE)
    mixed = apply_live(old, new)
    assert (mixed.log.level, mixed.clients.flood.burst, mixed.motd) == ("debug", 50, "hello")
    assert (mixed.links.port, mixed.log.format, mixed.directories) == (7600, "auto", ())
    assert changes(old, mixed) == (changes(old, new)[0], [])
    assert changes(mixed, new) == ([], changes(old, new)[1])


def test_another_writing_of_the_same_value_is_no_change(load_text: Load, minimal: str) -> None:
    assert changes(*both(load_text, minimal + "grace_s: 1m\n", minimal + "grace_s: 60\n")) == ([], [])


def test_a_configuration_never_changes_in_place(load_text: Load, minimal: str) -> None:
    config = load_text(minimal)
    with pytest.raises(ValidationError):
        config.log = config.log
