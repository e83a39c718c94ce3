"""A client that shows who it is by its certificate, at a token endpoint that asks for one."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from credentials.choices import Acquisition, Reason
from credentials.errors import NotAcquired
from credentials.oauth2.settings import OAuthSettings
from credentials.oauth2.token_endpoint import request_token
from credentials.scheme import schemes
from integration_hub.egress.door import Deadline
from tests.authorization_server import AuthorizationServer
from tests.certificates import Authority
from tests.credentials.samples import CERTIFICATE, PRIVATE_KEY

FORM = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    """Of the server and of its clients."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority) -> Iterator[AuthorizationServer]:
    """It asks everyone for a certificate, and gives tokens only to whom it names."""
    context = authority.context("127.0.0.1")
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_OPTIONAL
    made = AuthorizationServer(tls=context).start()
    made.add_client("hub", method="tls_client_auth", subject="hub.example")
    yield made
    made.stop()


@pytest.fixture
def ask(server, authority):
    def make(certificate: str, private_key: str):
        settings = OAuthSettings(
            grant="client_credentials",
            token_url=server.token_url,
            client_auth="tls_client_auth",
            authorities=authority.pem,
            hosts=("127.0.0.1",),
        )
        data = {"client_id": "hub", "certificate": certificate, "private_key": private_key}
        return request_token(settings=settings, data=data, form=FORM, deadline=Deadline(5))

    return make


def pair(authority: Authority, name: str) -> tuple[str, str]:
    key, certificate = authority.leaf(name)
    return certificate, key


def test_the_server_knows_the_client_by_its_certificate_alone(ask, server, authority) -> None:
    answer = ask(*pair(authority, "hub.example"))
    assert server.is_live(f"Bearer {answer.access_token}")
    (request,) = server.requests
    assert request["form"] == {**FORM, "client_id": "hub"}
    assert "Authorization" not in request["headers"]


def test_another_clients_certificate_is_an_invalid_client(ask, server, authority) -> None:
    with pytest.raises(NotAcquired) as refused:
        ask(*pair(authority, "somebody.example"))
    assert refused.value.reason == Reason.INVALID_CLIENT
    assert refused.value.outcome == Acquisition.REFUSED
    assert server.counts["client_credentials"] == 0


def test_a_certificate_of_an_unknown_authority_gets_no_answer(ask, server) -> None:
    with pytest.raises(NotAcquired) as refused:
        ask(CERTIFICATE, PRIVATE_KEY)
    assert refused.value.reason in (Reason.UNREACHABLE, Reason.UNAVAILABLE)
    assert server.requests == []


def test_a_call_shows_the_certificate_that_its_token_may_be_bound_to(
    server, shop, call, authority
) -> None:
    key, certificate = authority.leaf("hub.example")
    data = {"client_id": "hub", "certificate": certificate, "private_key": key}
    shop(
        data,
        bare=True,
        overrides={"tls": {"authorities": authority.pem}},
        grant="client_credentials",
        client_auth="tls_client_auth",
    )
    reply, document = call()
    assert (reply.status, document["data"]) == (200, {"ok": True})
    assert [hit["certificate"] for hit in server.resources] == ["hub.example"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"certificate": "canary-of-a-text"}, "/certificate", "FORMAT"),
        ({"private_key": "canary-of-a-key"}, "/private_key", "FORMAT"),
        ({"certificate": None}, "/certificate", "REQUIRED"),
    ],
)
def test_what_cannot_be_shown_is_refused_when_it_is_stored(change, pointer, code) -> None:
    data = {"client_id": "hub", "certificate": CERTIFICATE, "private_key": PRIVATE_KEY} | change
    options = {"grant": "client_credentials", "client_auth": "tls_client_auth"}
    faults = list(schemes.get("oauth2").check_data(data, options))
    assert (faults[0].pointer, faults[0].code) == (pointer, code)
    assert "canary" not in faults[0].detail


def test_a_key_of_another_certificate_is_refused_when_it_is_stored(authority) -> None:
    other, _ = authority.leaf("hub.example")
    data = {"client_id": "hub", "certificate": CERTIFICATE, "private_key": other}
    (fault,) = schemes.get("oauth2").check_data(data, {"client_auth": "tls_client_auth"})
    assert (fault.pointer, fault.code) == ("/private_key", "MISMATCH")
