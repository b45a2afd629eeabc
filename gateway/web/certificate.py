"""The certificate of an HTTPS listener. The files can be read again while the listener is open."""

from __future__ import annotations

import ssl

from ring.io.certificates import check_pair, ends_at


class HttpsContext:
    """Holds a certificate and its key. New connections use the pair read last."""

    def __init__(self, cert: str, key: str) -> None:
        """Read PEM files. Raises OSError or ssl.SSLError if certificate and key do not match."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ends = 0.0  # end of the first certificate of the file to end, in Unix seconds
        self.reload(cert, key)

    def reload(self, cert: str, key: str) -> None:
        """Read the pair again. Raises the same errors as the constructor; after an error the old pair stays."""
        check_pair(cert, key)
        ends = ends_at(cert)
        self.context.load_cert_chain(cert, key)
        self.ends = ends
