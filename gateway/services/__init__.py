"""All services: importing one registers it in the table."""

from gateway.services import nickserv, playback

__all__ = ["nickserv", "playback"]
