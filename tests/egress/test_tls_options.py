"""What one instance says of TLS: its own authorities, its certificate, verification."""

from __future__ import annotations

import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from integration_hub.egress import tls
from integration_hub.egress.door import TlsOptions
from integration_hub.lib.errors import ConnectionFailed
from tests.certificates import Authority
from tests.egress.conftest import OK, Peer, send


def polite(peer: Peer) -> None:
    while peer.request():
        peer.say(OK)


@pytest.fixture(scope="module")
def clients(tmp_path_factory) -> Authority:
    """Signs the certificates of callers."""
    return Authority(tmp_path_factory.mktemp("clients"))


@pytest.fixture
def private(authority) -> TlsOptions:
    return TlsOptions(authorities=authority.pem)


def test_a_private_authority_is_trusted_by_its_instance_alone(authority, secure, private):
    server = secure(authority.context("127.0.0.1"), polite)
    assert send(server.url, tls=private).content == b"ok"
    with pytest.raises(ConnectionFailed, match="certificate"):
        send(server.url)


def test_calls_that_ask_other_things_of_tls_share_no_connection(authority, secure, private):
    server = secure(authority.context("127.0.0.1"), polite)
    again = TlsOptions(authorities=authority.pem)
    unverified = TlsOptions(verify=False)
    reused = [send(server.url, tls=each).reused for each in (private, again, unverified, private)]
    assert reused == [False, True, False, True]


@pytest.mark.parametrize("fault", ["expired", "wrong name", "self-signed"])
def test_a_private_authority_does_not_make_anything_else_good(authority, secure, private, fault):
    contexts = {
        "expired": authority.context("127.0.0.1", days=(-3, -1)),
        "wrong name": authority.context("other.example"),
        "self-signed": authority.context("127.0.0.1", self_signed=True),
    }
    with pytest.raises(ConnectionFailed, match="certificate"):
        send(secure(contexts[fault], polite).url, tls=private)


def test_without_verification_any_certificate_will_do(authority, secure):
    server = secure(authority.context("other.example", self_signed=True), polite)
    assert send(server.url, tls=TlsOptions(verify=False)).content == b"ok"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_without_verification_tls_1_2_is_still_the_least(authority, secure):
    old = authority.context("127.0.0.1")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ConnectionFailed):
        send(secure(old, polite).url, tls=TlsOptions(verify=False))


def mutual(authority: Authority, clients: Authority) -> ssl.SSLContext:
    context = authority.context("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # refuses within the handshake
    context.load_verify_locations(clients.file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_the_hub_shows_its_certificate_to_a_server_that_asks(authority, clients, secure):
    seen = []

    def handler(peer: Peer) -> None:
        seen.append(dict(entry[0] for entry in peer.sock.getpeercert()["subject"]))
        polite(peer)

    server = secure(mutual(authority, clients), handler)
    key, certificate = clients.leaf("hub.example")
    options = TlsOptions(authority.pem, certificate, key)
    assert send(server.url, tls=options).content == b"ok"
    assert seen == [{"commonName": "hub.example"}]


def test_without_it_or_with_another_one_the_server_refuses(authority, clients, secure, private):
    server = secure(mutual(authority, clients), polite)
    key, certificate = authority.leaf("hub.example")
    for options in (private, TlsOptions(authority.pem, certificate, key)):
        with pytest.raises(ConnectionFailed):
            send(server.url, tls=options)


def test_the_certificate_is_not_shown_to_another_origin(authority, clients, secure, says):
    shown = []

    def asks(peer: Peer) -> None:
        shown.append(peer.sock.getpeercert())
        polite(peer)

    context = authority.context("localhost")
    context.load_verify_locations(clients.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    other = secure(context, asks)
    moved = f"https://localhost:{other.port}/"
    head = f"HTTP/1.1 302 Found\r\nLocation: {moved}\r\nContent-Length: 0\r\n\r\n".encode()

    def redirects(peer: Peer) -> None:
        peer.request()
        peer.say(head)

    first = secure(authority.context("127.0.0.1"), redirects)
    key, certificate = clients.leaf("hub.example")
    options = TlsOptions(authority.pem, certificate, key)
    with pytest.raises(ConnectionFailed, match="certificate"):
        send(first.url, tls=options, redirects=1)
    assert shown == []


@pytest.mark.parametrize("memory", [True, False])
def test_the_key_leaves_no_file_behind(monkeypatch, tmp_path, clients, memory):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not memory:
        monkeypatch.delattr("os.memfd_create")
    key, certificate = clients.leaf("hub.example")
    tls.context_for(TlsOptions(certificate=certificate, private_key=key, verify=memory))
    assert list(tmp_path.iterdir()) == []


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(clients):
    key, certificate = clients.leaf("hub.example")
    locked = (
        serialization.load_pem_private_key(key.encode(), None)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
        .decode()
    )
    with pytest.raises(ConnectionFailed, match="cannot be used") as caught:
        tls.context_for(TlsOptions(certificate=certificate, private_key=locked))
    assert caught.value.sent is False


def test_a_key_of_another_certificate_is_refused(clients):
    key, _ = clients.leaf("hub.example")
    _, certificate = clients.leaf("other.example")
    with pytest.raises(ConnectionFailed, match="cannot be used"):
        tls.context_for(TlsOptions(certificate=certificate, private_key=key))


def test_the_text_of_the_options_has_no_key(clients):
    key, certificate = clients.leaf("hub.example")
    assert key[40:80] not in repr(TlsOptions(certificate=certificate, private_key=key))


def test_the_contexts_kept_are_bounded(authority, monkeypatch):
    monkeypatch.setattr(tls, "KEPT", 4)
    for number in range(10):
        tls.context_for(TlsOptions(authorities=authority.pem + "\n" * number))
    assert len(tls._contexts._made) == tls.KEPT
