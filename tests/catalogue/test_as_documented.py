"""Six entries, through the REST API, against servers that answer as the services say they do."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from executor.catalogue import FOLDER
from tests.catalogue.documented import CASES, STRIPE, Answer, Case
from tests.catalogue.service import Service

pytestmark = pytest.mark.django_db
REFUSALS = [
    pytest.param(case, refusal, id=f"{case.slug}-{refusal.answer.status}-{refusal.said or 'no'}")
    for case in CASES
    for refusal in case.refusals
]
by_service = pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    yield found
    found.stop()


@pytest.fixture
def connect(api, service):
    """`connect(case)`: the shipped entry published, an instance of it with a credential."""

    def made(case: Case) -> APIClient:
        path = str(FOLDER / f"{case.slug}.yaml")
        call_command("load_definitions", path, "--publish", stdout=io.StringIO())
        client = api("manage", "credentials", "execute")
        config = {"base_url": service.url + case.base, **case.config}
        instance = {"definition": f"{case.slug}@^1", "slug": case.slug, "config": config}
        said = client.post("/api/v1/instances", instance, format="json")
        assert said.status_code == 201, said.content
        said = client.put(
            f"/api/v1/instances/{case.slug}/credentials",
            {"type": case.type, "auth": case.auth, "data": case.data},
            format="json",
        )
        assert said.status_code == 201, said.content
        return client

    return made


def call(client, case, method=None, parameters=None, **headers):
    path = f"/api/v1/instances/{case.slug}/methods/{method or case.method}/execute"
    given = case.parameters if parameters is None else parameters
    return client.post(path, {"parameters": given}, format="json", headers=headers)


@by_service
def test_a_call_gets_every_page_with_the_credential_on_each(connect, service, case):
    client = connect(case)
    service.will(*case.pages)
    answer = call(client, case)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["data"] == case.result
    assert body["pages"] == {"count": 2, "items": len(case.result), "complete": True}
    assert [asked.query for asked in service.asked] == list(case.queries)
    header, begins = case.sign
    assert all(asked.headers[header].startswith(begins) for asked in service.asked)


@pytest.mark.parametrize(("case", "refusal"), REFUSALS)
def test_a_refusal_is_told_as_what_it_is(connect, service, case, refusal):
    client = connect(case)
    service.will(refusal.answer)
    answer = call(client, case)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (502, refusal.code), body
    assert body["retryable"] == (refusal.reason == "transient")
    assert body.get("reason", "") == refusal.reason
    assert refusal.said in json.dumps(body.get("upstream", {}))
    assert len(service.asked) == 1
    assert body.get("retry_after", 0) >= (4 if refusal.reason == "transient" else 0)
    state = client.get(f"/api/v1/instances/{case.slug}/credentials").json()["status"]
    assert state == ("expired" if refusal.reason == "needs_reauth" else "active")


@by_service
def test_a_service_that_asks_for_time_gets_it(connect, service, case):
    client = connect(case)
    service.will(case.busy)
    first = call(client, case).json()
    assert (first["code"], first["retryable"]) == ("INTEGRATION_ERROR", True)
    assert first["upstream"]["status"] == case.busy.status
    assert case.again - 5 <= first["retry_after"] <= case.again + 5
    if case.busy.status == 429:
        second = call(client, case).json()
        assert (second["code"], len(service.asked)) == ("RATE_LIMIT_EXCEEDED", 1)
        assert case.again - 5 <= second["retry_after"] <= case.again + 5


def test_a_payment_that_met_a_lock_is_sent_again_with_the_same_key(connect, service):
    client = connect(STRIPE)
    intent = {"id": "pi_1", "amount": 2000, "currency": "usd", "status": "requires_payment_method"}
    service.will(Answer(429, {"error": {"code": "lock_timeout"}}), Answer(200, intent))
    parameters = {"amount": 2000, "currency": "usd"}
    answer = call(client, STRIPE, "create_payment_intent", parameters)
    body = answer.json()
    assert (answer.status_code, body["data"], body["attempts"]) == (200, intent, 2)
    first, second = service.asked
    assert first.body == "amount=2000&currency=usd&automatic_payment_methods%5Benabled%5D=true"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] != ""


@by_service
def test_a_connection_test_takes_the_health_check_of_the_entry(connect, service, case):
    client = connect(case)
    service.will(Answer(401, {"error": "no"}))
    assert client.post(f"/api/v1/instances/{case.slug}/test").json()["ok"] is False
    assert len(service.asked) == 1
