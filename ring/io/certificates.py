"""Make this node's certificate for links at start, and read the certificates of listeners from files.

The links' certificate is gone at the end of the process: the proof of the network key vouches for the certificate.
"""

from __future__ import annotations

import datetime
import hashlib
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def listener_context() -> tuple[ssl.SSLContext, bytes]:
    """Make a TLS 1.3 server context with a fresh self-signed certificate. Returns the context and the certificate's
    SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "circlet node")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # The ssl module reads files only; this file is the process's own and gone at once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "link.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


def check_pair(cert: str, key: str) -> None:
    """Check that the two PEM files make a pair. Raises OSError or ssl.SSLError."""
    # Without a passphrase at hand OpenSSL would ask for a passphrase on the terminal.
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")


def ends_at(cert: str) -> float:
    """Return the Unix seconds at which the PEM file's first certificate ends. Raises OSError or ssl.SSLError."""
    try:
        found = x509.load_pem_x509_certificates(Path(cert).read_bytes())
    except ValueError as problem:  # OpenSSL takes certificates with fields unknown to this library
        raise ssl.SSLError(f"{cert}: {problem}") from problem
    return min(one.not_valid_after_utc.timestamp() for one in found)


def reload_pair(reload: Callable[[str, str], None], cert: str, key: str, log: Any) -> tuple[str, ...]:
    """Load the two files as they are now. Returns the problems in words; with a problem the old pair stays."""
    try:
        reload(cert, key)
    except (OSError, ssl.SSLError) as problem:
        log.error("certificate_reload_failed", file=cert, reason=str(problem))
        return (f"{cert} and {key} were not taken, the old certificate stays in use: {problem}",)
    return ()


def dialler_context() -> ssl.SSLContext:
    """Make a client context without checks of the chain: the proof of the network key over the certificate's hash
    decides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
