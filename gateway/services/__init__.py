"""All services: importing the module of a service registers the service in the table."""

from gateway.services import (
    accesses,
    channel_settings,
    chanserv,
    circlet,
    clearing,
    forbidding,
    ghost,
    grouping,
    hostserv,
    keeping,
    moderating,
    nickserv,
    operating,
    playback,
)

__all__ = [
    "accesses",
    "channel_settings",
    "chanserv",
    "circlet",
    "clearing",
    "forbidding",
    "ghost",
    "grouping",
    "hostserv",
    "keeping",
    "moderating",
    "nickserv",
    "operating",
    "playback",
]
