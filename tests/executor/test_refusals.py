"""A sync call that is refused is answered first; its row follows (promise 21)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executor import entering
from executor.calls import Target
from executor.choices import ExecutionStatus
from executor.models import Attempt, Execution, IdempotencyRecord, Payload
from integration_hub.coordination import behind
from integration_hub.coordination.behind import Behind
from integration_hub.events.models import Event
from integration_hub.lib import clock, ids, jsonsafe, metrics, pause
from registry import runtime
from registry import services as registry
from tests.executor.conftest import CALLER, DOCUMENT


def execute(client, method, key=None, **body):
    path = f"/api/v1/instances/acme/methods/{method}/execute"
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return client.post(path, {"parameters": {}, **body}, format="json", **headers)


@pytest.fixture
def client(api, acme):
    return api("execute", "manage")


@pytest.fixture
def opened(client):
    """A client of an instance whose method `breaks` has an open circuit."""
    for _ in range(2):
        assert execute(client, "breaks").status_code == 502
    return client


def test_a_refusal_is_one_final_row_with_its_event_and_no_attempt(opened):
    answer = execute(opened, "breaks", correlation_id="c-1", metadata={"a": 1})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "CIRCUIT_OPEN")
    assert answer["Content-Type"] == "application/problem+json"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "acme.breaks" in body["detail"]
    row = Execution.objects.get(pk=body["execution_id"])
    assert (row.status, row.code, row.attempts) == (ExecutionStatus.REJECTED, "CIRCUIT_OPEN", 0)
    assert (row.sent, row.lease_until, row.correlation_id) == (False, None, "c-1")
    assert row.finished_at is not None
    assert Payload.objects.filter(pk=row.pk).exists()
    assert not Attempt.objects.filter(execution_id=row.pk).exists()
    (event,) = [item for item in Event.objects.all() if str(row.pk) in item.data]
    assert jsonsafe.loads(event.data)["code"] == "CIRCUIT_OPEN"
    shown = opened.get(f"/api/v1/executions/{row.pk}").json()
    assert (shown["status"], shown["error"]["code"]) == ("rejected", "CIRCUIT_OPEN")


def test_a_refusal_by_the_rate_tells_of_the_limit_and_counts(client):
    before = _counted()
    execute(client, "limited")
    answer = execute(client, "limited")
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert _counted() == before + 1
    assert Event.objects.filter(type="integration.rate_limit.exceeded").count() == 1


def _counted():
    labels = {"integration": "acme", "method": "limited", "status": "rejected"}
    return metrics.registry.get_sample_value("integration_method_executions_total", labels) or 0


def test_a_refusal_writes_once_and_begins_nothing(opened):
    execute(opened, "breaks")
    with CaptureQueriesContext(connection) as captured:
        execute(opened, "breaks")
    said = [query["sql"] for query in captured.captured_queries]
    assert not [sql for sql in said if "UPDATE" in sql and "execution" in sql]


def test_who_waits_for_the_rate_is_let_in_by_its_turn_once(client, fake_clock):
    assert execute(client, "soon").status_code == 200
    answer = execute(client, "soon", max_wait_ms=1000)
    assert answer.status_code == 200
    row = Execution.objects.get(pk=answer.json()["execution_id"])
    assert jsonsafe.loads(row.timings)["wait_ms"] == pytest.approx(200)


def test_parameters_that_cannot_be_shaped_take_no_token(client, acme, upstream):
    document = _one_method(
        request_transform={"rules": [{"source": "email", "target": "e", "required": True}]},
        rate_limit={"requests": 1, "per_seconds": 60, "burst": 1},
    )
    path = _serve(document, upstream)
    for _ in range(3):
        assert client.post(path, {"parameters": {}}, format="json").status_code == 422
    good = {"parameters": {"email": "a@example.com"}}
    assert client.post(path, good, format="json").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_row_that_cannot_be_written_gives_its_slot_back(client, upstream):
    path = _serve(_one_method(rate_limit={"max_concurrency": 1}), upstream)

    def post():
        return client.post(path, {"parameters": {}}, format="json").status_code

    with pause.at("before-insert", _fail):
        assert post() == 500
    assert post() == 200


def _fail():
    raise ZeroDivisionError


def _one_method(**members):
    return {
        "slug": "one",
        "name": "One",
        "version": "1.0.0",
        "type": "http",
        "config_schema": DOCUMENT["config_schema"],
        "methods": {"post": {"http": {"method": "POST", "path": "/contacts"}, **members}},
    }


def _serve(document, upstream):
    registry.create_definition(document=document, actor="tests", publish=True)
    registry.create_instance(
        definition="one@1.0.0", slug="one", actor="tests", config={"base_url": upstream.url}
    )
    return "/api/v1/instances/one/methods/post/execute"


@pytest.fixture
def web(monkeypatch):
    """This process is one that may answer before it writes."""
    made = Behind(allowed=True)
    monkeypatch.setattr(behind, "_behind", made)
    yield
    made.close()


@pytest.mark.django_db(transaction=True)
def test_a_web_process_answers_before_it_writes_and_shows_what_it_answered(web, opened):
    with CaptureQueriesContext(connection) as captured:
        answer = execute(opened, "breaks")
    assert (answer.status_code, answer.json()["code"]) == (503, "CIRCUIT_OPEN")
    assert not [query for query in captured.captured_queries if "INSERT" in query["sql"]]
    shown = opened.get(f"/api/v1/executions/{answer.json()['execution_id']}")
    assert (shown.status_code, shown.json()["status"]) == (200, "rejected")
    assert opened.get("/api/v1/executions?status=rejected").json()["results"]


@pytest.mark.django_db(transaction=True)
def test_while_a_method_refuses_a_call_with_a_key_is_answered_before_anything_is_written(
    web, opened
):
    assert execute(opened, "breaks", key="first").json()["code"] == "CIRCUIT_OPEN"
    with CaptureQueriesContext(connection) as captured:
        answer = execute(opened, "breaks", key="second")
    assert (answer.status_code, answer.json()["code"]) == (503, "CIRCUIT_OPEN")
    said = [query["sql"] for query in captured.captured_queries]
    assert not [sql for sql in said if not sql.lstrip("( ").upper().startswith("SELECT")]
    assert opened.get(f"/api/v1/executions/{answer.json()['execution_id']}").status_code == 200
    assert not IdempotencyRecord.objects.exists()


def test_a_key_that_was_refused_is_free_when_calls_go_again(client, fake_clock, upstream):
    assert execute(client, "limited", key="a").status_code == 200
    for _ in range(2):
        assert execute(client, "limited", key="b").json()["code"] == "RATE_LIMIT_EXCEEDED"
    fake_clock.advance(60)
    assert execute(client, "limited", key="b").status_code == 200
    assert len(upstream.hits) == 2


def test_while_a_method_refuses_a_kept_answer_is_replayed_and_another_body_refused(client):
    first = execute(client, "limited", key="a")
    assert execute(client, "limited", key="b").status_code == 429
    again = execute(client, "limited", key="a")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    other = execute(client, "limited", key="a", metadata={"other": True})
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.django_db(transaction=True)
def test_leave_that_was_given_is_given_back_when_the_key_is_taken_meanwhile(client, upstream):
    """Of two slots: a third call finds both after the race, one for itself and one beside it."""
    path = _serve(_one_method(rate_limit={"max_concurrency": 2}), upstream)
    instance = runtime.by_ref("one", CALLER)
    scope = Target(instance, instance.method("post")).scope

    def post(key):
        headers = {"HTTP_IDEMPOTENCY_KEY": key}
        return client.post(path, {"parameters": {}}, format="json", **headers)

    def while_it_asks(point, key):
        others = []

        def other():
            if not others:
                entering._refusing.clear()
                others.append(None)
                others[0] = post(key)

        with pause.at(point, other):
            return post("same" if key == "same" else "third"), others[0]

    entering._refusing[scope] = clock.monotonic() + 30
    outer, inner = while_it_asks("before-insert", "same")
    assert (inner.status_code, outer.content) == (200, inner.content)
    assert outer["Idempotency-Replayed"] == "true"
    third, beside = while_it_asks("after-call", "fourth")
    assert (third.status_code, beside.status_code) == (200, 200)
    assert len(upstream.hits) == 3


@pytest.mark.django_db(transaction=True)
def test_another_process_that_is_asked_at_once_finds_the_row_when_it_is_written(web, opened):
    """The pause is between its answer and its row: the other looks again until it is there."""
    answered = execute(opened, "breaks").json()["execution_id"]
    behind.flush()
    row = Execution.objects.get(pk=answered)
    row.pk = ids.new_id()  # as young as one that another process answered just now
    with pause.at("before-next-look", lambda: row.save(force_insert=True)):
        shown = opened.get(f"/api/v1/executions/{row.pk}")
    assert (shown.status_code, shown.json()["status"]) == (200, "rejected")


def test_an_old_id_that_is_unknown_is_not_waited_for(opened, web, fake_clock):
    answer = opened.get("/api/v1/executions/01900000-0000-7000-8000-000000000000")
    assert answer.status_code == 404
    assert fake_clock.monotonic() == 0
