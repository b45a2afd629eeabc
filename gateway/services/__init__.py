"""All services: importing one registers it in the table."""

from gateway.services import circlet, ghost, grouping, keeping, nickserv, playback

__all__ = ["circlet", "ghost", "grouping", "keeping", "nickserv", "playback"]
