"""All commands: importing a theme registers its commands in the table."""

from gateway.commands import (
    channels,
    joining,
    listing,
    messages,
    modes,
    operators,
    people,
    server,
    session,
    who,
    whois,
)

__all__ = [
    "channels",
    "joining",
    "listing",
    "messages",
    "modes",
    "operators",
    "people",
    "server",
    "session",
    "who",
    "whois",
]
