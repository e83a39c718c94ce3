"""Promise 46 through the whole service: whom an instance trusts, and what its caller is told."""

from __future__ import annotations

import contextlib
import ssl

import pytest

from executor.models import Execution
from registry import services as registry
from tests.certificates import Authority
from tests.journeys.steps import client
from tests.raw_server import Peer, RawServer

pytestmark = pytest.mark.django_db

DEFINITION = {
    "slug": "private",
    "name": "Private",
    "version": "1.0.0",
    "type": "http",
    "methods": {"write": {"http": {"method": "POST", "path": "/x"}}},
}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def called(db, authority):
    """`called(context, **tls)`: what a call answers whose server shows this certificate."""
    servers: list[RawServer] = []

    def call(context: ssl.SSLContext, **tls):
        heard: list[bytes] = []

        def handler(peer: Peer) -> None:
            with contextlib.suppress(ssl.SSLError):
                peer.sock = context.wrap_socket(peer.sock, server_side=True)
                heard.append(peer.request())
                peer.say(ANSWER)

        servers.append(RawServer(handler))
        registry.create_definition(document=DEFINITION, actor="tests", publish=True)
        registry.create_instance(
            definition="private@1.0.0",
            slug="private",
            actor="tests",
            superuser=True,
            config={"base_url": servers[-1].url.replace("http:", "https:")},
            overrides={"tls": tls},
        )
        path = "/api/v1/instances/private/methods/write/execute"
        return client("execute").post(path, {}, format="json"), heard

    yield call
    for server in servers:
        server.close()


def old(authority: Authority) -> ssl.SSLContext:
    context = authority.context("127.0.0.1")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


BAD = {
    "expired": lambda authority: authority.context("127.0.0.1", days=(-3, -1)),
    "wrong name": lambda authority: authority.context("other.example"),
    "self-signed": lambda authority: authority.context("127.0.0.1", self_signed=True),
    "TLS 1.0": old,
}


def test_a_private_authority_makes_the_call_possible(called, authority):
    answer, heard = called(authority.context("127.0.0.1"), authorities=authority.pem)
    assert answer.status_code == 200, answer.content
    assert heard[0].startswith(b"POST /x ")


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_that_is_not_who_it_should_be_hears_nothing(called, authority, fault):
    answer, heard = called(BAD[fault](authority), authorities=authority.pem)
    body = answer.json()
    assert (answer.status_code, body["code"], body["retryable"]) == (502, "CONNECTION_ERROR", True)
    assert "TLS" in body["detail"]
    assert heard == []
    assert Execution.objects.get(pk=body["execution_id"]).status == "failed"


def test_the_switch_is_what_lets_it_through(called, authority):
    answer, heard = called(BAD["wrong name"](authority), verify=False)
    assert answer.status_code == 200, answer.content
    assert len(heard) == 1
