"""Certificates: a fresh certificate for links at each start, and the files of listeners."""

from __future__ import annotations

import datetime
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ring.io.certificates import check_pair, dialler_context, ends_at, listener_context, reload_pair
from tests.ring.io.hubs import Log, News

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


def certificate(key: ec.EllipticCurvePrivateKey, days: int) -> bytes:
    """A self-signed certificate in PEM that ends `days` after NOW."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "irc.example.org")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW - datetime.timedelta(days=1))
    made = builder.not_valid_after(NOW + datetime.timedelta(days=days)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def private(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    protection = (
        serialization.BestAvailableEncryption(password) if password is not None else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


class Pair:
    """The two files of a listener."""

    def __init__(self, folder: Path, days: int = 10, *, password: bytes | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert_file, self.key_file = folder / "cert.pem", folder / "key.pem"
        self.cert_file.write_bytes(certificate(self.key, days))
        self.key_file.write_bytes(private(self.key, password))

    @property
    def files(self) -> tuple[str, str]:
        return str(self.cert_file), str(self.key_file)


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """Shake hands in memory; returns the client's side. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_side=False, server_hostname="anything"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(6):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert all(side.version() is not None for side in sides)
    return sides[0]


def test_the_dialler_sees_the_certificate_whose_hash_the_listener_proves() -> None:
    context, digest = listener_context()
    client = handshake(context, dialler_context())
    seen = client.getpeercert(binary_form=True)
    assert seen is not None and hashlib.sha256(seen).digest() == digest
    assert client.version() == "TLSv1.3"


def test_every_start_has_a_certificate_of_its_own() -> None:
    assert listener_context()[1] != listener_context()[1]


def test_older_versions_of_tls_are_refused() -> None:
    old = dialler_context()
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        handshake(listener_context()[0], old)


def test_a_pair_fits(tmp_path: Path) -> None:
    check_pair(*Pair(tmp_path).files)


def test_files_that_are_no_pair_are_told(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    other = ec.generate_private_key(ec.SECP256R1())
    pair.key_file.write_bytes(private(other))
    with pytest.raises(ssl.SSLError):
        check_pair(*pair.files)
    pair.key_file.unlink()
    with pytest.raises(OSError, match="No such file"):
        check_pair(*pair.files)
    pair.key_file.write_bytes(b"not a key at all")
    with pytest.raises(ssl.SSLError):
        check_pair(*pair.files)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_the_passphrase(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError):
        check_pair(*Pair(tmp_path, password=b"secret").files)


def test_the_end_is_that_of_the_certificate_in_the_chain_that_ends_first(tmp_path: Path) -> None:
    pair = Pair(tmp_path, days=10)
    assert ends_at(pair.files[0]) == (NOW + datetime.timedelta(days=10)).timestamp()
    with pair.cert_file.open("ab") as file:
        file.write(certificate(pair.key, days=3))
    assert ends_at(pair.files[0]) == (NOW + datetime.timedelta(days=3)).timestamp()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_with_no_certificate_is_told_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "cert.pem"
    file.write_bytes(content)
    with pytest.raises(ssl.SSLError, match=str(file)):
        ends_at(str(file))
    with pytest.raises(FileNotFoundError):
        ends_at(str(tmp_path / "none.pem"))


def test_a_pair_is_loaded_again_and_a_bad_pair_is_told_in_words(tmp_path: Path) -> None:
    log, pair = Log(News()), Pair(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert reload_pair(context.load_cert_chain, *pair.files, log) == () and log.lines == []
    pair.cert_file.write_bytes(b"cut off")
    (words,) = reload_pair(context.load_cert_chain, *pair.files, log)
    assert "the old certificate stays in use" in words and pair.files[0] in words and pair.files[1] in words
    ((level, event, facts),) = log.lines
    assert (level, event, facts["file"]) == ("error", "certificate_reload_failed", pair.files[0])
