"""All commands: importing a theme registers its commands in the table."""

from gateway.commands import (
    accounts,
    channels,
    history,
    joining,
    listing,
    markers,
    messages,
    modes,
    operators,
    people,
    redaction,
    server,
    services,
    session,
    who,
    whois,
)

__all__ = [
    "accounts",
    "channels",
    "history",
    "joining",
    "listing",
    "markers",
    "messages",
    "modes",
    "operators",
    "people",
    "redaction",
    "server",
    "services",
    "session",
    "who",
    "whois",
]
