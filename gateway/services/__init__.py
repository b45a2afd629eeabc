"""All services: importing one registers it in the table."""

from gateway.services import ghost, grouping, nickserv, playback

__all__ = ["ghost", "grouping", "nickserv", "playback"]
