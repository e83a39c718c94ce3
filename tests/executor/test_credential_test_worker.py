"""A credential's test is asked for in one process and run in another."""

from __future__ import annotations

import pytest

from executor.api import waiting
from executor.credential_tests import asking, running
from executor.credential_tests.models import CredentialTest
from integration_hub.access.caller import Caller
from integration_hub.audit.models import AuditEntry
from integration_hub.lib import clock
from integration_hub.lib.errors import ServiceUnavailable
from registry.models import Instance

ADDRESS = "/api/v1/instances/acme/credentials/test"
CALLER = Caller.command("tests")


class Meanwhile(clock.FakeClock):
    """Whatever else happens while somebody waits."""

    def __init__(self, happens) -> None:
        super().__init__(clock.now())
        self.happens = happens

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.happens()


def test_without_a_worker_it_is_said_at_once(api, acme):
    began = clock.monotonic()
    answer = api("credentials").post(ADDRESS)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "runworker" in body["detail"]
    assert body["retryable"]
    assert clock.monotonic() - began < 5
    assert not CredentialTest.objects.exists()


def test_a_test_that_no_worker_takes_is_withdrawn(worker_at_hand, acme):
    with clock.use(Meanwhile(lambda: None)), pytest.raises(ServiceUnavailable, match="busy"):
        asking.ask(caller=CALLER, instance_ref="acme")
    assert running.run_due() == 0


def test_a_worker_that_dies_with_it_is_told(worker_at_hand, acme):
    with clock.use(Meanwhile(running._take)), pytest.raises(ServiceUnavailable, match="its end"):
        asking.ask(caller=CALLER, instance_ref="acme")
    assert running.run_due() == 0


def test_an_instance_deleted_meanwhile_is_what_the_test_finds(worker_at_hand, acme):
    def deleted() -> None:
        Instance.objects.all().delete()
        running.run_due()

    with clock.use(Meanwhile(deleted)):
        report = asking.ask(caller=CALLER, instance_ref="acme")
    assert report["ok"] is False
    assert report["steps"][0]["status"] == "failed"


def test_who_asked_stands_in_the_audit_of_what_the_worker_did(worker_at_hand, api, acme):
    answer = api("credentials").post(ADDRESS, headers={"X-Request-ID": "req-17"})
    assert answer.json()["ok"] is True
    rows = AuditEntry.objects.filter(action__startswith="credential.test")
    assert {row.action for row in rows} == {"credential.test_started", "credential.tested"}
    assert len({(row.actor, row.source, row.request_id) for row in rows}) == 1
    assert rows[0].request_id == "req-17"
    assert not CredentialTest.objects.exists()


def test_what_nobody_came_back_for_goes(worker_at_hand, acme, monkeypatch):
    monkeypatch.setattr(asking, "TAKEN_WITHIN", 0.0)
    long_ago = clock.now() - asking.KEPT * 2
    CredentialTest.objects.create(instance_id=acme.pk, caller="x", asked_at=long_ago, report="{}")
    with clock.use(clock.FakeClock()), pytest.raises(ServiceUnavailable):
        asking.ask(caller=CALLER, instance_ref="acme")
    assert not CredentialTest.objects.exists()


def test_when_too_many_wait_it_is_said_at_once(worker_at_hand, acme, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr(waiting, "_waiting", waiting.seats())
        with pytest.raises(ServiceUnavailable, match="room"):
            asking.ask(caller=CALLER, instance_ref="acme")
