"""TLS that asks clients for a certificate and accepts any certificate. A self-signed certificate is enough, because
only the fingerprint counts.

Python's ssl module cannot do this: with CERT_OPTIONAL, ssl refuses every certificate that no authority has signed.
pyOpenSSL can. So the event loop gets ordinary contexts, and pyOpenSSL encrypts the connections of these contexts. The
loop still does the reading, writing and flow control.
"""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from ring.io.certificates import check_pair, ends_at

RECORD = 16 * 1024
"""The longest record of TLS, in bytes."""

HEAD = 5
"""Bytes at the start of a record: the type, the version, and the record's length in the last two bytes."""

CIPHERS = b"@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
"""The ciphers for TLS 1.2, as Python's ssl module sets them."""


class Context(ssl.SSLContext):
    """A context for asyncio and uvloop. Both make the TLS of each connection with `wrap_bio`."""

    _inner: SSL.Context
    ends: float
    """The end of the certificate in the file that ends first, in Unix seconds."""

    @classmethod
    def load(cls, cert: str, key: str) -> Context:
        """Load PEM files. Raises OSError or ssl.SSLError if certificate and key do not match."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.reload(cert, key)
        return context

    def reload(self, cert: str, key: str) -> None:
        """Use other PEM files for new connections. Raises the same errors as `load`, and then changes nothing."""
        check_pair(cert, key)
        inner = SSL.Context(SSL.TLS_SERVER_METHOD)
        inner.set_min_proto_version(SSL.TLS1_2_VERSION)
        inner.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
        inner.set_cipher_list(CIPHERS)
        inner.set_mode(SSL.MODE_RELEASE_BUFFERS)
        inner.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        inner.set_session_id(b"circlet")  # with VERIFY_PEER and no id, OpenSSL refuses clients that resume
        inner.use_certificate_chain_file(cert)
        inner.use_privatekey_file(key)
        inner.set_verify(SSL.VERIFY_PEER, lambda *shown: True)
        ends = ends_at(cert)
        self._inner, self.ends = inner, ends

    def wrap_bio(self, incoming: Any, outgoing: Any, server_side: bool = False, *rest: Any, **more: Any) -> Any:
        return Tls(self._inner, incoming, outgoing, self)


class Tls:
    """The TLS of one connection, with the interface of ssl.SSLObject that event loops use."""

    __slots__ = ("_connection", "_due", "_head", "_incoming", "_outgoing", "context")

    def __init__(self, inner: SSL.Context, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, context: Context) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.context = context
        self._head = b""  # head of the record for OpenSSL, as far as received
        self._due = 0  # bytes of the current record that OpenSSL has not got yet
        self._connection = SSL.Connection(inner, None)
        self._connection.set_accept_state()

    def _do(self, act: Any, *arguments: Any) -> Any:
        """Call OpenSSL with the received bytes, and pass the output on. Errors become errors of Python's ssl module."""
        try:
            while True:
                try:
                    return act(*arguments)
                except SSL.WantReadError:
                    if not self._feed():
                        raise
        except SSL.WantReadError:
            if self._incoming.eof:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol") from None
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)") from None
        except SSL.ZeroReturnError:
            raise ssl.SSLZeroReturnError(
                ssl.SSL_ERROR_ZERO_RETURN, "TLS/SSL connection has been closed (EOF)"
            ) from None
        except SSL.SysCallError:
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol") from None
        except SSL.Error as problem:
            raise ssl.SSLError(ssl.SSL_ERROR_SSL, str(problem.args[0] if problem.args else problem)) from None
        finally:
            self._flush()

    def _feed(self) -> bool:
        """Give OpenSSL at most one record, or the received part of a record. The loop calls until no bytes are left."""
        if not self._incoming.pending:
            return False
        if not self._due:
            self._head += self._incoming.read(HEAD - len(self._head))
            if len(self._head) < HEAD:
                return False
            self._connection.bio_write(self._head)
            self._due, self._head = int.from_bytes(self._head[3:], "big"), b""
        data = self._incoming.read(self._due)
        if data:
            self._connection.bio_write(data)
            self._due -= len(data)
        return True

    def _flush(self) -> None:
        try:
            while True:
                self._outgoing.write(self._connection.bio_read(RECORD))
        except SSL.WantReadError:
            pass

    def do_handshake(self) -> None:
        self._do(self._connection.do_handshake)

    def read(self, size: int = RECORD, buffer: Any = None) -> Any:
        """Read decrypted bytes. Returns 0 or b"" after the client has closed its side."""
        if not self._connection.pending():
            self._feed()
        try:
            if buffer is not None:
                return self._do(self._connection.recv_into, buffer, min(size, len(buffer)))
            return self._do(self._connection.recv, size)
        except ssl.SSLZeroReturnError:
            return 0 if buffer is not None else b""

    def write(self, data: Any) -> int:
        return int(self._do(self._connection.send, data))

    def unwrap(self) -> None:
        if not self._do(self._connection.shutdown):
            self._do(self._connection.recv, 1)

    def pending(self) -> int:
        return self._connection.pending()

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Return the client's certificate in DER form; None if the client has shown no certificate."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return None
        return certificate.public_bytes(Encoding.DER)

    def cipher(self) -> Any:
        name = self._connection.get_cipher_name()
        return (name, self._connection.get_cipher_version(), self._connection.get_cipher_bits()) if name else None

    def compression(self) -> None:
        return None

    def version(self) -> str:
        return self._connection.get_protocol_version_name()


def fingerprint(transport_info: Any) -> str | None:
    """Return the SHA-256 of the client's certificate in lower-case hexadecimal; None without a certificate.

    transport_info: "ssl_object" of the asyncio transport.
    """
    der = transport_info.getpeercert(True) if transport_info is not None else None
    return hashlib.sha256(der).hexdigest() if der else None
