"""circlet token"""

from __future__ import annotations

import json
import re
import secrets

import click

from config.tokens import CAPABILITIES
from gateway.cli.files import fail
from gateway.web.api.access import hash_of

PREFIX = "circlet_"
"""Programs that search files for secrets recognise a token by this prefix."""

BYTES = 32


@click.group()
def token() -> None:
    """Tokens of programs that use the API of operators (/api/v1)."""


@token.command()
@click.option("--name", required=True, help="Who uses the token: 1 to 20 lower-case letters, digits and -.")
@click.option("--can", required=True, help=f"What for, with commas between: {', '.join(CAPABILITIES)}.")
@click.option("--channel", "channels", multiple=True, help="A channel to speak in, for speak; may be repeated.")
def new(name: str, can: str, channels: tuple[str, ...]) -> None:
    """Make a token. Prints, this once, the token, and the lines to add to the nodes' files."""
    capabilities = [word.strip() for word in can.split(",") if word.strip()]
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,19}", name):
        fail(f"--name {name!r}: give 1 to 20 lower-case letters, digits and -")
    unknown = [word for word in capabilities if word not in CAPABILITIES]
    if unknown or not capabilities:
        fail(f"--can {can!r}: choose from {', '.join(CAPABILITIES)}")
    if ("speak" in capabilities) != bool(channels):
        fail("speak and --channel belong together: name the channels in which the token may speak")
    if wrong := [channel for channel in channels if not re.fullmatch(r"#[^\s,\x00-\x1f\x7f]{1,100}", channel)]:
        fail(f"--channel {wrong[0]!r}: give the name of a channel, like '#builds'")
    secret = PREFIX + secrets.token_urlsafe(BYTES)
    click.echo(f"The token, which is shown only now:\n\n  {secret}\n")
    click.echo(
        "Add this to `http:` in the file of each node that the program may use. If `tokens:` is there already, add"
    )
    click.echo("the lines below `tokens:` to that list. Then send the node SIGHUP (`circlet reload NODE DIR`):\n")
    click.echo("  tokens:")
    click.echo(f"    - name: {name}")
    click.echo(f"      hash: {hash_of(secret)}")
    click.echo(f"      capabilities: [{', '.join(capabilities)}]")
    if channels:
        click.echo(f"      channels: [{', '.join(json.dumps(channel, ensure_ascii=False) for channel in channels)}]")
