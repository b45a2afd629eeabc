"""The `circlet` command line. Each command has a file of its own, which is imported when the command is needed."""

from __future__ import annotations

from gateway.cli import hang_up  # noqa: F401  # before everything that takes time

# isort: split
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Final, cast

import click

MODULES: Final = {
    "account": "account",
    "backup": "backup",
    "check": "check",
    "directory": "run",
    "forget": "forget",
    "hash-password": "hash_password",
    "init": "init",
    "locate": "locate",
    "node": "run",
    "nodes": "nodes",
    "record": "record",
    "reload": "reload",
    "replay": "record",
    "schema": "schema",
    "status": "status",
    "stop": "stop",
    "token": "token",
    "top": "top",
    "trace": "trace",
    "up": "up",
    "version": "version",
    "webhook": "webhook",
}
"""The module in this package that defines each command."""


class Commands(Mapping[str, click.Command]):
    """The commands by name. Looking a command up imports the module of the command, and no other command's."""

    def __getitem__(self, name: str) -> click.Command:
        module = import_module(f"{__package__}.{MODULES[name]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


# The group only reads the mapping, as no command is added to the group later.
@click.group(
    commands=cast(MutableMapping[str, click.Command], Commands()),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="circlet", prog_name="circlet")
def main() -> None:
    """An IRC network made of supernodes on a hash ring."""


if __name__ == "__main__":
    main()
