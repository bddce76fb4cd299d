"""A certificate that is not trusted says so, and nothing is sent to whoever has it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from panda_provisioning.core.connection_check import check_connection
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.settings import ROOT_ACCOUNT

from .raw_server import RawServer
from .support import ACME, connected, failing

DAY = timedelta(days=1)


def certificate(folder: Path, host: str, *, is_over: bool) -> Path:
    """A certificate that its owner has signed, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now - DAY if is_over else now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, plain)
    path = folder / "certificate.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + pem)
    return path


FAULTS = {
    "self-signed": ("localhost", False, False),
    "expired": ("localhost", True, True),
    "mismatch": ("panda.example", False, True),
    "": ("localhost", False, True),
}
"""What the words say of a certificate: its host, whether it is over, and whether its
owner is trusted."""


@pytest.fixture
def server(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RawServer]:
    host, is_over, is_trusted = FAULTS[request.param]
    path = certificate(tmp_path, host, is_over=is_over)
    if is_trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with RawServer(context) as server:
        yield server


@pytest.fixture
def transport(server: RawServer) -> Iterator[Transport]:
    with connected(f"https://localhost:{server.port}") as transport:
        yield transport


PAIRS = [(words, words) for words in FAULTS if words]


@pytest.mark.parametrize(("server", "words"), PAIRS, indirect=["server"])
def test_a_bad_certificate_says_what_is_wrong_with_it(
    server: RawServer, transport: Transport, words: str
) -> None:
    with failing(ErrorKind.OUTAGE, "certificate") as caught:
        PandaClient(transport).create_account(ROOT_ACCOUNT, **ACME)
    assert words in caught.value.detail
    finding = check_connection(transport, ROOT_ACCOUNT)
    assert (finding.code, finding.field) == ("certificate", "base_url")
    assert words in finding.detail
    assert server.visits == []


@pytest.mark.parametrize("server", [""], indirect=True)
def test_a_good_certificate_is_good(transport: Transport) -> None:
    assert PandaClient(transport).get_account("WGC-1").name == "Acme"


def test_a_server_without_encryption_has_no_certificate(raw: RawServer) -> None:
    with (
        connected(f"https://127.0.0.1:{raw.port}") as transport,
        failing(ErrorKind.OUTAGE, "unreachable"),
    ):
        transport.authenticate()
