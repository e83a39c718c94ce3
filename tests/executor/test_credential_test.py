"""The test of a credential: each step on the way to a call, and what to do about each."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest

from credentials.models import Credential
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.reach import reach
from integration_hub.lib import clock
from registry import services as registry
from registry.models import Instance
from tests.certificates import Authority
from tests.executor.conftest import DOCUMENT, METHODS, SECRET
from tests.raw_server import RawServer

pytestmark = pytest.mark.usefixtures("worker_at_hand")

ADDRESS = "/api/v1/instances/acme/credentials/test"
NAMES = ["config", "credential", "dns", "tls", "token", "scopes", "call", "rate"]


def steps(answer) -> dict[str, dict]:
    return {step["name"]: step for step in answer.json()["steps"]}


def test_every_step_is_told_in_its_order(api, acme, upstream):
    answer = api("credentials").post(ADDRESS)
    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    told = answer.json()["steps"]
    assert [step["name"] for step in told] == NAMES
    assert all(set(s) == {"name", "status", "detail", "hint", "duration_ms"} for s in told)
    assert steps(answer)["call"]["status"] == "ok"
    assert SECRET not in answer.content.decode()


def test_a_refused_credential_fails_at_the_call_with_a_hint(api, guarded, upstream):
    upstream.let_in = set()
    answer = api("credentials").post(ADDRESS)
    found = steps(answer)
    assert answer.json()["ok"] is False
    assert (found["call"]["status"], found["rate"]["status"]) == ("failed", "skipped")
    assert found["call"]["hint"]


@pytest.mark.parametrize(
    ("base_url", "step"),
    [("https://no-such-host.invalid", "dns"), ("http://127.0.0.1:9", "dns")],
)
def test_a_host_that_is_not_there_fails_before_anything_is_sent(api, acme, base_url, step):
    Instance.objects.update(config=f'{{"base_url": "{base_url}"}}', revision=2)
    found = steps(api("credentials").post(ADDRESS))
    assert found[step]["status"] == "failed"
    assert found[step]["hint"]
    assert found["call"]["status"] == "skipped"


def test_what_ends_soon_is_warned_of(api, acme):
    Credential.objects.update(expires_at=clock.now() + timedelta(days=3))
    answer = api("credentials").post(ADDRESS)
    assert steps(answer)["token"]["status"] == "warn"
    assert answer.json()["ok"] is True


def test_a_credential_that_is_not_there_fails_at_its_step(api, acme):
    Credential.objects.all().delete()
    found = steps(api("credentials").post(ADDRESS))
    assert found["credential"]["status"] == "failed"
    assert "PUT" in found["credential"]["hint"]


def test_a_body_is_not_taken(api, acme):
    assert api("credentials").post(ADDRESS, {"x": 1}, format="json").status_code == 400


@pytest.fixture
def last_call(acme) -> Instance:
    """acme, whose health method answers that the quota is used up for half a minute."""
    spent = {
        "http": {
            "method": "GET",
            "path": "/says/200",
            "query": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"},
        }
    }
    registry.create_definition(
        document={
            **DOCUMENT,
            "version": "2.0.0",
            "methods": {**METHODS, "last_one": spent},
            "health_check": {"method": "last_one"},
        },
        actor="tests",
        publish=True,
    )
    registry.upgrade_instance(instance=acme, version="2.0.0", actor="tests")
    return acme


def test_a_quota_that_the_call_used_up_is_told(api, last_call):
    answer = api("credentials").post(ADDRESS)
    found = steps(answer)
    assert answer.json()["ok"] is True
    assert (found["call"]["status"], found["rate"]["status"]) == ("ok", "warn")
    assert "held back" in found["rate"]["detail"]


@pytest.fixture
def secure(tmp_path):
    """A TLS server on loopback, and the authority that signed for it."""
    authority = Authority(tmp_path)
    context = authority.context("localhost")

    def handler(peer) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(peer.sock, server_side=True) as sock:
            sock.recv(1)

    server = RawServer(handler)
    yield server, authority
    server.close()


def test_the_certificate_tells_how_long_it_lasts(secure):
    server, authority = secure
    found = reach(
        "localhost",
        server.port,
        deadline=Deadline(5),
        tls=TlsOptions(authorities=authority.pem),
        secure=True,
    )
    assert found.ends_at > clock.now()
    assert found.version.startswith("TLS")
