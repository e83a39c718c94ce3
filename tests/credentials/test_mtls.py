"""A server that wants a client certificate gets the hub's; bad ones are refused when stored."""

from __future__ import annotations

import ssl

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from credentials.scheme import schemes
from integration_hub.egress.door import HttpRequest
from integration_hub.lib.errors import AuthFailed, ValidationFailed
from tests.certificates import Authority
from tests.credentials.samples import CERTIFICATE, PRIVATE_KEY
from tests.credentials.verifying import Said

AUTH = {"type": "mtls"}
MTLS = schemes.get("mtls")


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    """Of the server."""
    return Authority(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def clients(tmp_path_factory) -> Authority:
    """Of those who may call."""
    return Authority(tmp_path_factory.mktemp("clients"))


@pytest.fixture
def strict(authority, clients, verifier):
    """A server that speaks to nobody without a certificate of `clients`."""
    context = authority.context("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # refuses within the handshake
    context.load_verify_locations(clients.file)
    context.verify_mode = ssl.CERT_REQUIRED
    return verifier(lambda _: Said(), context)


def of(authority: Authority, issuer: Authority, **more) -> dict:
    key, certificate = issuer.leaf("hub.example", **more)
    return {"certificate": certificate, "private_key": key, "ca": authority.pem}


@pytest.mark.django_db
def test_a_server_that_wants_a_certificate_accepts_the_hubs(
    authority, clients, strict, through
) -> None:
    call = through(strict.url, AUTH, of(authority, clients))
    assert [call()[0], call("create", {"n": 1})[0]] == [200, 200]
    subjects = [dict(part[0] for part in r.certificate["subject"]) for r in strict.received]
    assert subjects == [{"commonName": "hub.example"}] * 2


@pytest.mark.django_db
def test_authorities_of_the_instance_and_of_the_credential_are_trusted_together(
    authority, clients, strict, through
) -> None:
    data = of(authority, clients) | {"ca": clients.pem}
    overrides = {"tls": {"authorities": authority.pem}}
    assert through(strict.url, AUTH, data, overrides=overrides)()[0] == 200


@pytest.mark.django_db
def test_a_certificate_of_someone_else_is_refused_by_the_server(authority, strict, through) -> None:
    status, problem = through(strict.url, AUTH, of(authority, authority))()
    assert (status, problem["code"]) == (502, "CONNECTION_ERROR")
    assert strict.received == []


@pytest.mark.django_db
def test_over_plain_http_nothing_is_sent(authority, clients, verifier, through) -> None:
    plain = verifier(lambda _: Said())
    status, problem = through(plain.url, AUTH, of(authority, clients))()
    assert (status, problem["code"], plain.received) == (502, "AUTH_ERROR", [])
    with pytest.raises(AuthFailed, match="https"):
        MTLS.apply(HttpRequest("GET", plain.url), data=of(authority, clients), options={})


def encrypted(style: PrivateFormat) -> str:
    key = load_pem_private_key(PRIVATE_KEY.encode(), None)
    return key.private_bytes(Encoding.PEM, style, BestAvailableEncryption(b"pass")).decode()


BAD = {
    "encrypted": ({"private_key": encrypted(PrivateFormat.PKCS8)}, "/private_key", "encrypted"),
    "encrypted, old style": (
        {"private_key": encrypted(PrivateFormat.TraditionalOpenSSL)},
        "/private_key",
        "encrypted",
    ),
    "cut": (
        {"private_key": PRIVATE_KEY[:90] + PRIVATE_KEY[-26:]},
        "/private_key",
        "cannot be read",
    ),
    "a certificate as key": ({"private_key": CERTIFICATE}, "/private_key", "a certificate"),
    "not PEM": ({"private_key": "canary-of-a-key"}, "/private_key", "no private key"),
    "a key as certificate": ({"certificate": PRIVATE_KEY}, "/certificate", "own member"),
    "no certificate": ({"certificate": "canary-of-a-text"}, "/certificate", "no PEM"),
    "a bad authority": ({"ca": "canary-of-an-authority"}, "/ca", "no PEM"),
    "a lone surrogate": ({"private_key": "\ud800 PRIVATE KEY-----"}, "/private_key", "read"),
}


@pytest.mark.parametrize(("change", "pointer", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_refused_with_the_reason_and_not_quoted(
    change, pointer, reason
) -> None:
    data = {"certificate": CERTIFICATE, "private_key": PRIVATE_KEY} | change
    (fault,) = MTLS.check_data(data, {})
    assert fault.pointer == pointer
    assert reason in fault.detail
    (value,) = change.values()
    assert not [line for line in value.splitlines()[1:-1] if line and line in fault.detail]
    assert "canary" not in fault.detail


def test_a_key_of_another_certificate_and_one_out_of_its_time_are_refused(clients) -> None:
    other, _ = clients.leaf("hub.example")
    (fault,) = MTLS.check_data({"certificate": CERTIFICATE, "private_key": other}, {})
    assert (fault.pointer, fault.code) == ("/private_key", "MISMATCH")
    for days in ((-3, -1), (1, 2)):
        key, certificate = clients.leaf("hub.example", days=days)
        (fault,) = MTLS.check_data({"certificate": certificate, "private_key": key}, {})
        assert (fault.pointer, fault.code) == ("/certificate", "EXPIRED")


@pytest.mark.django_db
def test_the_key_alone_can_be_replaced_and_an_absent_member_stays_absent(
    connect, put, authority, clients
) -> None:
    acme = connect("acme", auth=[AUTH])
    key, certificate = clients.leaf("hub.example")
    put(acme, "mtls", {"certificate": certificate, "private_key": key})
    row = put(acme, "mtls", {"certificate": "***", "private_key": key, "ca": "***"})
    assert row.revision == 2
    assert "CN=hub.example, until " in row.hint
    with pytest.raises(ValidationFailed) as refused:
        put(acme, "mtls", {"certificate": CERTIFICATE, "private_key": "***"})
    assert [fault.pointer for fault in refused.value.errors] == ["/data/private_key"]
    with pytest.raises(ValidationFailed) as refused:
        put(connect("new", auth=[AUTH]), "mtls", {"certificate": certificate, "private_key": "***"})
    assert [fault.pointer for fault in refused.value.errors] == ["/data/private_key"]
