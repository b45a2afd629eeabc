"""All services: importing the module of a service registers the service in the table."""

from gateway.services import circlet, ghost, grouping, keeping, nickserv, playback

__all__ = ["circlet", "ghost", "grouping", "keeping", "nickserv", "playback"]
