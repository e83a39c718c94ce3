"""A job of the external system is one call: started once, read until it is done."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from executor import ending, pipeline
from executor.choices import ExecutionStatus
from executor.models import Execution, Progress
from integration_hub.coordination import dbtime, revision
from integration_hub.lib import clock, pause
from integration_hub.lib.errors import ValidationFailed
from registry import services as registry
from registry.document import check_document
from tests.executor.conftest import DOCUMENT, _http, claimed

STATE = {"status_path": "state", "done": ["ready"], "failed": ["error"], "interval_ms": 100}


def _job(kind: str, verb: str = "POST", **poll):
    return {
        "http": {"method": verb, "path": f"/jobs/{kind}", "poll": poll},
        "retry": {"max_attempts": 2, "initial_delay_ms": 1},
    }


METHODS = {
    "by_header": _job("plain", interval_ms=100),
    "by_path": _job("worded", url_path="links.self", **STATE),
    "with_result": _job("worded", **STATE, result_url_path="links.file"),
    "at_once": _job("at-once", **STATE),
    "fails": _job("fails", **STATE),
    "endless": _job("endless", **STATE, max_polls=3),
    "nowhere": _job("nowhere", interval_ms=100),
    "elsewhere": _job("elsewhere", interval_ms=100),
    "flaky_look": _job("flaky", **STATE),
    "slow": _job("plain", interval_ms=3_000),
    "asks_to_wait": _job("later", **STATE),
}


@pytest.fixture
def acme(acme):
    registry.create_definition(
        document={**DOCUMENT, "version": "3.0.0", "methods": {**DOCUMENT["methods"], **METHODS}},
        actor="tests",
        publish=True,
    )
    return registry.upgrade_instance(instance=acme, version="3.0.0", actor="tests")


def starts(upstream) -> int:
    return sum(1 for hit in upstream.hits if hit["method"] == "POST")


@pytest.mark.parametrize(
    ("method", "polls", "data"),
    [
        ("by_header", 3, {"state": "ready", "links": {"file": "/job-result"}}),
        ("by_path", 3, {"state": "ready", "links": {"file": "/job-result"}}),
        ("with_result", 3, {"rows": [1, 2]}),
        ("at_once", 0, {"state": "ready"}),
    ],
)
def test_one_call_starts_a_job_and_has_its_result(call, upstream, method, polls, data):
    _, body = call(method, {"what": "x"})
    assert (body["status"], body["data"], body["job"]) == ("completed", data, {"polls": polls})
    assert body["attempts"] == len(upstream.hits)
    assert starts(upstream) == 1
    assert all(hit["body"] == "" for hit in upstream.hits if hit["method"] == "GET")


def test_a_job_that_fails_says_what_the_system_said(call):
    reply, body = call("fails")
    assert (reply.status, body["code"], body["retryable"]) == (502, "INTEGRATION_ERROR", False)
    assert "no room" in body["upstream"]["body"]


def test_a_job_that_never_ends_is_given_up_and_its_outcome_is_unknown(call, upstream):
    reply, body = call("endless")
    assert (reply.status, body["code"], body["retryable"]) == (504, "TIMEOUT_ERROR", False)
    assert body["job"] == {"polls": 3}
    assert len(upstream.hits) == 4
    row = Execution.objects.get(pk=body["execution_id"])
    assert row.status == ExecutionStatus.OUTCOME_UNKNOWN


def test_a_job_outlives_no_deadline(call):
    began = clock.monotonic()
    _, body = call("endless", timeout_ms=150)
    assert clock.monotonic() - began < 0.65
    assert body["code"] == "TIMEOUT_ERROR"
    row = Execution.objects.get(pk=body["execution_id"])
    assert row.status == ExecutionStatus.OUTCOME_UNKNOWN


@pytest.mark.parametrize(
    ("method", "code"), [("nowhere", "RESPONSE_INVALID"), ("elsewhere", "TARGET_FORBIDDEN")]
)
def test_an_address_that_is_none_or_not_allowed_is_not_followed(call, upstream, method, code):
    _, body = call(method)
    assert body["code"] == code
    assert len(upstream.hits) == 1


def test_a_look_that_fails_is_made_again_and_the_start_is_not(call, upstream):
    _, body = call("flaky_look")
    assert body["status"] == "completed"
    assert starts(upstream) == 1


def test_a_job_looked_at_seldom_is_for_async_calls(call, upstream):
    with pytest.raises(ValidationFailed):
        call("slow")
    assert upstream.hits == []


def test_each_long_wait_is_a_due_time_and_the_job_is_started_once(accept, work, upstream):
    execution = accept("slow", timeout_ms=60_000)
    for polls in range(4):
        assert execution.status in (ExecutionStatus.QUEUED, ExecutionStatus.RETRYING)
        execution = work(execution)
        assert len(upstream.hits) == polls + 1
    assert execution.status == ExecutionStatus.COMPLETED
    assert starts(upstream) == 1
    assert not Progress.objects.exists()


def test_a_sync_call_that_is_asked_to_wait_long_ends_and_says_so(call):
    reply, body = call("asks_to_wait")
    assert (reply.status, body["code"]) == (504, "TIMEOUT_ERROR")
    assert body["retry_after"] >= 30


def test_a_worker_that_dies_after_the_start_costs_no_second_start(accept, upstream):
    execution = claimed(accept("by_path", timeout_ms=60_000))
    with pytest.raises(SystemExit), pause.at("after-secure", _die):
        pipeline.run_claimed(execution, cancelled=threading.Event())
    Execution.objects.update(lease_until=dbtime.now() - timedelta(seconds=1))
    execution.refresh_from_db()
    ending.settle_lost(execution)
    execution.refresh_from_db()
    assert execution.status == ExecutionStatus.RETRYING
    pipeline.run_claimed(claimed(execution), cancelled=threading.Event())
    execution.refresh_from_db()
    assert execution.status == ExecutionStatus.COMPLETED
    assert starts(upstream) == 1


def test_a_job_under_way_is_not_started_again_when_its_definition_changes(
    accept, work, upstream, acme
):
    execution = work(accept("slow", timeout_ms=60_000))
    methods = {**DOCUMENT["methods"], "slow": _http("/jobs/plain", "POST")}
    registry.create_definition(
        document={**DOCUMENT, "version": "4.0.0", "methods": methods}, actor="tests", publish=True
    )
    registry.upgrade_instance(instance=acme, version="4.0.0", actor="tests")
    revision.forget()
    execution = work(execution)
    assert (execution.status, execution.code) == (ExecutionStatus.FAILED, "RESPONSE_INVALID")
    assert starts(upstream) == 1


def _die() -> None:
    raise SystemExit


@pytest.mark.parametrize(
    ("poll", "at", "code"),
    [
        ({"status_path": "state"}, "done", "REQUIRED"),
        ({"url_path": "a[*]"}, "url_path", "PATH"),
        ({"url_path": "a", "url_header": "b"}, "url_path", "DUPLICATE"),
        ({"max_polls": 0}, "max_polls", "MINIMUM"),
    ],
)
def test_a_poll_that_could_not_work_is_refused(db, poll, at, code):
    methods = {"ping": _http("/ok"), "job": _job("x", **poll)}
    faults = {fault.pointer: fault for fault in check_document({**DOCUMENT, "methods": methods})}
    assert faults[f"/methods/job/http/poll/{at}"].code == code
