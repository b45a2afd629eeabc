"""Certificates: this node's certificate for links, made at start, and certificates of listeners, read from files.

The links' certificate is gone at the end of the process: the proof of the network key vouches for it.
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
    """A TLS 1.3 server context with a fresh self-signed certificate, and the certificate's SHA-256."""
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
    # The ssl module reads files only; this one is the process's own and gone at once.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "link.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context, hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


def check_pair(cert: str, key: str) -> None:
    """Raises OSError or ssl.SSLError if the two PEM files do not make a pair."""
    # Without a passphrase at hand OpenSSL would ask for it on the terminal.
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")


def ends_at(cert: str) -> float:
    """Unix seconds at which the first of the certificates in the PEM file ends. Raises OSError or ssl.SSLError."""
    try:
        found = x509.load_pem_x509_certificates(Path(cert).read_bytes())
    except ValueError as problem:  # OpenSSL takes certificates whose fields this library does not
        raise ssl.SSLError(f"{cert}: {problem}") from problem
    return min(one.not_valid_after_utc.timestamp() for one in found)


def reload_pair(reload: Callable[[str, str], None], cert: str, key: str, log: Any) -> tuple[str, ...]:
    """Take what the two files hold now. Returns what is wrong, in words; the old pair stays then."""
    try:
        reload(cert, key)
    except (OSError, ssl.SSLError) as problem:
        log.error("certificate_reload_failed", file=cert, reason=str(problem))
        return (f"{cert} and {key} were not taken, the old certificate stays in use: {problem}",)
    return ()


def dialler_context() -> ssl.SSLContext:
    """Chains say nothing here: the proof of the network key over the certificate's hash does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
