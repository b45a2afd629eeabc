"""The certificate of an HTTPS listener, which can be read anew while the listener is open."""

from __future__ import annotations

import ssl

from ring.shells.certificates import check_pair, ends_at


class HttpsContext:
    """New connections use the pair of files that was read last."""

    def __init__(self, cert: str, key: str) -> None:
        """PEM files. Raises OSError or ssl.SSLError if they do not make a pair."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ends = 0.0  # Unix seconds, of the first certificate that ends
        self.reload(cert, key)

    def reload(self, cert: str, key: str) -> None:
        """Raises as the constructor, and then changes nothing."""
        check_pair(cert, key)
        ends = ends_at(cert)
        self.context.load_cert_chain(cert, key)
        self.ends = ends
