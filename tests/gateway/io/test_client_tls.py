"""TLS with any client certificate, or none; and proper TLS in everything else."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import socket
import ssl
import threading
import warnings
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import trustme
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.io.client_tls import Context, fingerprint
from tests.gateway.io.onenode import OneNode, Wire, free_port

NAME = "node.example"
DAY = datetime.timedelta(days=1)


def own_certificate(folder: Path, name: str, *, days: int = 1, kind: str = "ec", usage: str = "") -> str:
    """Make a certificate signed by its owner alone; return the fingerprint. days: until the certificate ends; below 0:
    the end has passed.
    """
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(now - 9 * DAY).not_valid_after(now + days * DAY)
    if usage == "server":
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=True)
    made = builder.sign(key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return hashlib.sha256(made.public_bytes(Encoding.DER)).hexdigest()


def client_context(folder: Path, name: str = "", version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if name:
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def issue(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert(NAME)
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(folder / "key.pem")


class Echo(asyncio.Protocol):
    """Says the fingerprint seen, then repeats the input."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        shown = fingerprint(transport.get_extra_info("ssl_object"))
        transport.write(f"{shown}\n".encode())

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Server:
    """Server on a loop of its own, in a thread."""

    def __init__(self, context: ssl.SSLContext, runner: asyncio.Runner) -> None:
        self.port = free_port()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: runner.run(self._serve(context)))
        self._thread.start()
        assert self._ready.wait(5)

    async def _serve(self, context: ssl.SSLContext) -> None:
        self.loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.server = await self.loop.create_server(Echo, "127.0.0.1", self.port, ssl=context, ssl_handshake_timeout=2)
        self._ready.set()
        await self._stop.wait()
        self.server.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)


@pytest.fixture(params=["uvloop", "asyncio"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    issue(tmp_path)
    context = Context.load(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if request.param == "uvloop" else None) as runner:
        made = Server(context, runner)
        yield made
        made.close()


def connect(server: Server, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", server.port), 5)
    wrapped = context.wrap_socket(raw, server_hostname=NAME, session=session)
    wrapped.settimeout(5)
    return wrapped


def read(wire: ssl.SSLSocket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = wire.recv(count - len(data))
        assert more, data
        data += more
    return data


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    "how", [{}, {"kind": "rsa"}, {"days": -1}, {"usage": "server"}], ids=["own", "rsa", "run out", "for servers"]
)
def test_any_certificate_is_taken(
    server: Server, tmp_path: Path, version: ssl.TLSVersion, how: dict[str, object]
) -> None:
    shown = own_certificate(tmp_path, "ann", **how)  # type: ignore[arg-type]
    wire = connect(server, client_context(tmp_path, "ann", version))
    assert read(wire, 65).decode() == f"{shown}\n"
    wire.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_and_none(server: Server, tmp_path: Path, version: ssl.TLSVersion) -> None:
    wire = connect(server, client_context(tmp_path, "", version))
    assert read(wire, 5) == b"None\n"
    wire.close()


def test_long_and_many(server: Server, tmp_path: Path) -> None:
    wire = connect(server, client_context(tmp_path))
    read(wire, 5)
    for size in (1, 100, 16 * 1024, 100_000, 3) * 5:
        data = bytes(number % 251 for number in range(size))
        wire.sendall(data)
        assert read(wire, size) == data
    wire.unwrap().close()  # both sides announce their end


def test_who_comes_again_with_its_session_is_let_in(server: Server, tmp_path: Path) -> None:
    own = own_certificate(tmp_path, "ann")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context, session = client_context(tmp_path, "ann", version), None
        for _ in range(3):
            wire = connect(server, context, session)
            assert read(wire, 65).decode() == f"{own}\n"
            session = wire.session
            wire.close()


def test_a_key_that_is_not_its_own(server: Server, tmp_path: Path) -> None:
    """A client that shows a certificate has to have the key: OpenSSL's client would not even try."""
    own_certificate(tmp_path, "ann")
    own_certificate(tmp_path, "bob")
    (tmp_path / "bob.key").replace(tmp_path / "ann.key")
    with pytest.raises(ssl.SSLError):
        client_context(tmp_path, "ann")


def test_old_versions_are_refused(server: Server, tmp_path: Path) -> None:
    context = client_context(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, OSError)):
            connect(server, context)


@pytest.mark.parametrize("junk", [b"", b"NICK ann\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"\x00" * 5000])
def test_what_is_no_tls_is_cut(server: Server, tmp_path: Path, junk: bytes) -> None:
    raw = socket.create_connection(("127.0.0.1", server.port), 5)
    raw.settimeout(5)
    raw.sendall(junk)
    while raw.recv(4096):
        pass
    raw.close()
    wire = connect(server, client_context(tmp_path))
    assert read(wire, 5) == b"None\n"
    wire.close()


def test_files_that_make_no_pair(tmp_path: Path) -> None:
    issue(tmp_path)
    context = Context.load(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    before = context._inner
    own_certificate(tmp_path, "ann")
    for cert, key in (("cert.pem", "ann.key"), ("key.pem", "key.pem"), ("cert.pem", "none")):
        with pytest.raises((OSError, ssl.SSLError)):
            context.reload(str(tmp_path / cert), str(tmp_path / key))
        with pytest.raises((OSError, ssl.SSLError)):
            Context.load(str(tmp_path / cert), str(tmp_path / key))
    assert context._inner is before


def test_a_node_knows_the_certificate_and_checks_passwords(tmp_path: Path) -> None:
    """A real node: argon2, SCRAM's keys, and the fingerprint on its way to SASL."""
    issue(tmp_path)
    own_certificate(tmp_path, "ann")
    port, tls_port = free_port(), free_port()
    listeners = [
        {"host": "127.0.0.1", "port": port},
        {"host": "127.0.0.1", "port": tls_port, "tls": {"cert": "cert.pem", "key": "key.pem"}},
    ]
    with OneNode.started(tmp_path, listeners=listeners) as node:
        node.port = port

        def come(certificate: str) -> Wire:
            wire = node.connect(port=tls_port).tls(client_context(tmp_path, certificate), NAME)
            wire.send("CAP LS 302", "CAP REQ :sasl")
            wire.expect(" ACK ")
            return wire

        ann = node.client("ann")
        ann.send("REGISTER * * :sesame")
        ann.expect("REGISTER SUCCESS ann")
        for password, numeric in (("sesame", " 903 "), ("mellon", " 904 ")):
            wire = come("")
            wire.send(
                "AUTHENTICATE PLAIN", f"AUTHENTICATE {b64encode(f'{chr(0)}ann{chr(0)}{password}'.encode()).decode()}"
            )
            wire.expect(numeric)
        for certificate, words in (("", "has shown no certificate"), ("ann", "No such account lists your certificate")):
            wire = come(certificate)
            wire.send("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
            wire.expect(words)
        assert "Traceback" not in node.text
        assert "sesame" not in node.text
        assert "mellon" not in node.text
