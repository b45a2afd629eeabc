"""The certificate of an HTTPS listener. The certificate can be read anew while the listener is open."""

from __future__ import annotations

import ssl

from ring.io.certificates import check_pair, ends_at


class HttpsContext:
    """Holds a certificate and its key. New connections use the pair that was read last."""

    def __init__(self, cert: str, key: str) -> None:
        """PEM files. Raises OSError or ssl.SSLError if they do not make a pair."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ends = 0.0  # Unix seconds: when the first certificate of the file ends
        self.reload(cert, key)

    def reload(self, cert: str, key: str) -> None:
        """Read the pair anew. Raises as the constructor does; the old pair then stays."""
        check_pair(cert, key)
        ends = ends_at(cert)
        self.context.load_cert_chain(cert, key)
        self.ends = ends
