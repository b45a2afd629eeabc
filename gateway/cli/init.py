"""circlet init"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click
from click.core import ParameterSource

from config.generate import InitError, write_network
from config.machines import Machine, addresses, check_name, is_trial, write_machines
from gateway.cli.files import fail

FOLDER = "/etc/circlet"
"""The folder in which the systemd units look for a machine's files."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--nodes", default=3, show_default=True, help="how many supernodes, on this machine")
@click.option("--directories", default=3, show_default=True, help="how many directory servers, on this machine")
@click.option("--nodes-at", metavar="IP,IP,...", help="the machines' addresses: a folder is written for each machine")
@click.option("--name", metavar="HOST", help="with --nodes-at: name of the network, like irc.example.net")
@click.pass_context
def init(
    ctx: click.Context,
    folder: Path,
    nodes: int,
    directories: int,
    nodes_at: str | None,
    name: str | None,
) -> None:
    """Write the files of a network: a key, the nodes, the directories.

    Without --nodes-at the whole network runs on loopback addresses of this machine.
    """
    if nodes_at is None and name is not None:
        raise click.UsageError("--name goes with --nodes-at: say at which addresses the machines are.")
    if nodes_at is not None and name is None:
        raise click.UsageError("--nodes-at needs --name: say how the network is called, like --name irc.example.net.")
    if nodes_at is not None and any(_is_given(ctx, option) for option in ("nodes", "directories")):
        raise click.UsageError(
            "--nodes-at says how many nodes there are, and directories run on the first three machines: "
            "leave out --nodes and --directories."
        )
    try:
        if nodes_at is None or name is None:
            click.echo("\n".join(map(str, write_network(folder, nodes, directories))))
        else:
            machines = write_machines(folder, addresses(nodes_at), check_name(name))
            click.echo(_what_to_do(folder, machines))
    except (InitError, OSError, ValueError) as problem:
        fail(str(problem))


def _is_given(ctx: click.Context, option: str) -> bool:
    return ctx.get_parameter_source(option) is not ParameterSource.DEFAULT


def _what_to_do(folder: Path, machines: list[Machine]) -> str:
    """List the commands to copy the files and to start the processes."""
    head = f"{folder} holds a folder for each machine."
    if is_trial(machine.ip for machine in machines):
        each = "\n".join(f"    circlet up {quote(str(machine.folder))}" for machine in machines)
        return f"{head} All addresses are of this machine. Run here, each in its own terminal:\n\n{each}"
    copies = "\n".join(f"    scp -r {quote(str(one.folder))}/. root@{_bracketed(one.ip)}:{FOLDER}/" for one in machines)
    starts = "\n".join(f"    ssh root@{one.ip} '{_start(one)}'" for one in machines)
    return f"""{head}

1. Install Circlet on each machine, with its user, its systemd units and the directory {FOLDER}
   (contrib/docs/packages.md).
2. Copy the files:

{copies}

3. Start the directories and the nodes:

{starts}

   Without systemd, run `circlet up {FOLDER}` on each machine instead.
4. Open the ports: on each machine TCP 6667 for people and TCP 7600 for the other nodes; on {_directories(machines)}
   also UDP 7700 for the directory. HTTP stays on loopback: on each machine, http://127.0.0.1:8067/ shows the ring.
5. For IRC over TLS, give each machine a certificate, and take the `#` away from the listener on port 6697.

network.key is the same in all folders: a machine with this key belongs to the network. Keep the key secret.
cloak.key is the same in all folders, too: anybody with this key can find the address behind a cloak.
Keep the key secret."""


def _start(machine: Machine) -> str:
    directory = f"circlet-directory@directory-{machine.number} " if machine.has_directory else ""
    return f"chown -R circlet: {FOLDER} && systemctl enable --now {directory}circlet-node@node-{machine.number}"


def _bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _directories(machines: list[Machine]) -> str:
    *others, last = [machine.ip for machine in machines if machine.has_directory]
    return f"{', '.join(others)} and {last}" if others else last
