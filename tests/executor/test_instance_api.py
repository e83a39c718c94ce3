"""What the executor says of an instance over REST: circuits, tests, what blocks its deletion."""

from __future__ import annotations

from executor.choices import ExecutionStatus
from executor.models import Execution
from integration_hub.audit.models import AuditEntry
from registry import services as registry
from tests.executor.conftest import DOCUMENT


def run(client, method="ping", body=None):
    return client.post(
        f"/api/v1/instances/acme/methods/{method}/execute", body or {}, format="json"
    )


def test_circuits_are_listed_and_reset(api, acme):
    client = api("execute", "manage")
    for _ in range(2):
        run(client, "breaks")
    (found,) = client.get("/api/v1/instances/acme/circuits").json()["results"]
    assert (found["scope"], found["state"]) == ("breaks", "open")
    assert found["retry_after"] > 0
    answer = client.post("/api/v1/instances/acme/circuits/reset")
    assert answer.json()["results"] == [{"scope": "breaks", "state": "closed", "retry_after": 0}]
    assert AuditEntry.objects.filter(action="instance.circuits_reset").exists()
    assert run(client, "breaks").status_code == 502


def test_testing_an_instance_reports_each_step_and_makes_a_real_call(api, acme, upstream):
    report = api("manage").post("/api/v1/instances/acme/test").json()
    assert report["ok"] is True
    assert [(step["name"], step["status"]) for step in report["steps"]] == [
        ("config", "ok"),
        ("credential", "ok"),
        ("call", "ok"),
    ]
    assert len(upstream.hits) == 1


def test_a_test_that_fails_says_why_and_what_to_do(api, acme):
    registry.create_definition(
        document={**DOCUMENT, "version": "1.1.0", "health_check": {"method": "reset"}},
        actor="tests",
        publish=True,
    )
    registry.upgrade_instance(instance=acme, version="1.1.0", actor="tests")
    report = api("manage").post("/api/v1/instances/acme/test").json()
    assert report["ok"] is False
    (failed,) = [step for step in report["steps"] if step["status"] == "failed"]
    assert failed["name"] == "call"
    assert "CONNECTION_ERROR" in failed["detail"]
    assert failed["hint"]


def test_an_instance_with_unfinished_executions_cannot_be_deleted(api, acme):
    client = api("execute", "manage")
    run(client, body={"mode": "async"})
    assert client.delete("/api/v1/instances/acme").status_code == 409
    Execution.objects.update(status=ExecutionStatus.COMPLETED)
    assert client.delete("/api/v1/instances/acme").status_code == 204
