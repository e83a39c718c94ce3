"""What becomes of a hook that is believed: kept once, told once, called once (promise 55, F18)."""

from __future__ import annotations

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client

from executor import payloads
from executor.choices import ExecutionStatus
from executor.inbound.models import HookSecret, ReceivedHook
from executor.models import Execution, Payload
from integration_hub.events.models import Event
from integration_hub.lib import jsonsafe, pause
from registry import services as registry
from registry.models import Instance
from tests.executor.inbound.conftest import now
from tests.executor.inbound.signing import SECRET, Sent, github, slack, stripe

pytestmark = pytest.mark.django_db
COPIES = 20


def told() -> list[dict]:
    rows = Event.objects.filter(type="integration.webhook.received").order_by("pk")
    return [jsonsafe.loads(row.data) for row in rows]


def test_the_event_says_what_came_and_the_bytes_are_kept(provider, send):
    sent = provider("stripe")({"amount": 12, "card": {"password": "x1-y2-z3"}}, at=now())
    webhook_id = send(sent).json()["webhook_id"]
    row = ReceivedHook.objects.get(pk=webhook_id)
    assert row.body() == sent.body
    assert (row.event_id, row.event_type) == ("evt_1", "charge.succeeded")
    (data,) = told()
    assert (data["webhook_id"], data["event_type"]) == (webhook_id, "charge.succeeded")
    assert data["payload"]["amount"] == 12
    kept = row.shown + row.headers + jsonsafe.dumps_text(data)
    assert "x1-y2-z3" not in kept
    assert sent.headers["Stripe-Signature"] not in kept


def test_the_same_event_again_is_answered_alike_and_sets_off_nothing(provider, send):
    sign = provider("github", then="execute", method="note")
    first = send(sign({"a": 1})).json()
    again = [send(sign({"a": 1})) for _ in range(3)]
    assert [answer.json() for answer in again] == [{**first, "duplicate": True}] * 3
    row = ReceivedHook.objects.get()
    assert (row.copies, Execution.objects.count(), len(told())) == (3, 1, 1)


def test_a_copy_that_comes_between_the_look_and_the_insert_is_not_a_second(provider, send):
    sign = provider("github", then="execute", method="note")
    answers = []

    def another() -> None:
        if not answers:
            answers.append(None)
            answers[0] = send(sign({"a": 1}))

    with pause.at("hook-before-insert", another):
        late = send(sign({"a": 1}))
    assert (answers[0].json()["duplicate"], late.json()["duplicate"]) == (False, True)
    assert late.json()["webhook_id"] == answers[0].json()["webhook_id"]
    assert (ReceivedHook.objects.count(), Execution.objects.count(), len(told())) == (1, 1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_twenty_copies_at_once_are_processed_once(provider, send):
    sent = provider("stripe", then="execute", method="note")({"a": 1}, at=now())
    here = threading.Barrier(COPIES)

    def post(_: int):
        try:
            return send(sent)
        finally:
            connection.close()

    with pause.at("hook-before-insert", lambda: here.wait(30)), ThreadPoolExecutor(COPIES) as pool:
        answers = list(pool.map(post, range(COPIES)))
    assert [answer.status_code for answer in answers] == [200] * COPIES
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 19
    assert len({answer.json()["webhook_id"] for answer in answers}) == 1
    assert (ReceivedHook.objects.count(), Execution.objects.count(), len(told())) == (1, 1, 1)
    assert ReceivedHook.objects.get().copies == COPIES - 1


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_is_not_answered_with_2xx_and_comes_again(provider, send):
    sign = provider("github", then="execute", method="note")

    def break_off() -> None:
        transaction.set_rollback(True)
        raise ConnectionResetError("the process ends here")

    with pause.at("hook-before-commit", break_off):
        assert send(sign({})).status_code == 500
    assert not ReceivedHook.objects.exists()
    assert not Execution.objects.exists()
    assert send(sign({})).json()["duplicate"] is False
    assert (ReceivedHook.objects.count(), Execution.objects.count(), len(told())) == (1, 1, 1)


def test_a_hook_calls_the_method_that_its_definition_names(provider, send, work, upstream):
    rules = {"rules": [{"source": "order.id", "target": "key", "required": True}]}
    sign = provider("github", then="execute", method="keyed", transform=rules)
    send(sign({"order": {"id": "o-7"}}))
    execution = Execution.objects.get()
    assert (execution.status, execution.correlation_id) == ("queued", "d-1")
    assert execution.caller_name == "webhook of shop"
    assert work(execution).status == ExecutionStatus.COMPLETED
    assert payloads.open_parameters(Payload.objects.get()) == {"key": "o-7"}
    assert len(upstream.hits) == 1
    (data,) = told()
    assert (data["execution_id"], data["payload"]) == (str(execution.pk), {"key": "o-7"})


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"order": {}}, "/order/id"),
        (b"[1]", "TRANSFORM_ERROR"),
        (b"not json", "TRANSFORM_ERROR"),
        (b'{"a":1,"a":2}', "TRANSFORM_ERROR"),
        (b"\xff\xfe\x00binary", "TRANSFORM_ERROR"),
        (b"", "empty"),
    ],
)
def test_a_hook_that_cannot_be_used_is_kept_says_why_and_is_not_sent_back(
    payload, said, provider, send
):
    rules = {"rules": [{"source": "order.id", "target": "key", "required": True}]}
    sent = provider("github", then="execute", method="keyed", transform=rules)(payload)
    assert send(sent).status_code == 200
    row = ReceivedHook.objects.get()
    assert row.status == "failed"
    assert said in row.error
    assert row.body() == sent.body
    assert told()[0]["detail"] == row.error
    assert not Execution.objects.exists()


def test_a_call_that_is_refused_leaves_its_rejected_row(provider, send):
    send(provider("github", then="execute", method="keyed")({"other": 1}))
    row, execution = ReceivedHook.objects.get(), Execution.objects.get()
    assert (row.status, row.execution_id) == ("failed", execution.pk)
    assert execution.status == ExecutionStatus.REJECTED
    assert row.error.startswith("VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (bytes(range(256)) * 40, "application/octet-stream"),
        (gzip.compress(b"{}", mtime=0), "application/gzip"),
        (b"a=1&b=2", "application/x-www-form-urlencoded"),
        (b"<a><b>1</b></a>", "text/xml"),
        (b"{}", "nonsense"),
        (b"{}", ""),
        ('{"a": "\\u0000é"}'.encode(), "application/json; charset=utf-8"),
    ],
)
def test_any_signed_bytes_are_kept_as_they_came(body, kind, provider, send):
    sent = provider("github")(body)
    answer = send(Sent(sent.body, sent.headers, kind))
    assert answer.status_code == 200, answer.content
    assert ReceivedHook.objects.get().body() == body
    assert len(told()) == 1


def test_a_hook_that_is_too_large_is_413_and_one_at_the_limit_is_taken(provider, send, settings):
    settings.HUB_MAX_REQUEST_BYTES = 20_000
    sign = provider("github")
    assert send(sign(b"x" * 20_001)).status_code == 413
    assert not ReceivedHook.objects.exists()
    assert send(sign(b'"' + b"x" * 19_998 + b'"')).status_code == 200


def test_a_large_payload_is_named_in_the_event_and_kept_whole(provider, send):
    sent = provider("github")({"text": "y" * 100_000})
    assert send(sent).status_code == 200
    assert told()[0]["omitted"] == ["payload"]
    assert ReceivedHook.objects.get().body() == sent.body


def test_hooks_beyond_the_rate_are_429_and_bad_ones_use_none_of_it(provider, send, settings):
    settings.HUB_WEBHOOK_RATE = "2/h"
    sign = provider("github")
    for _ in range(5):
        assert send(sign({}, secret="another-secret-1")).status_code == 401
    said = [send(sign({}, event=f"d-{number}")) for number in range(3)]
    assert [answer.status_code for answer in said] == [200, 200, 429]
    assert int(said[2]["Retry-After"]) > 0


def test_a_disabled_instance_has_its_hooks_sent_again_later(provider, send):
    sign = provider("github")
    registry.disable_instance(instance=Instance.objects.get(), actor="tests")
    assert send(sign({})).status_code == 503
    registry.enable_instance(instance=Instance.objects.get(), actor="tests")
    assert send(sign({})).json()["duplicate"] is False


def test_secrets_that_cannot_be_opened_now_have_the_hook_sent_again(provider, send):
    sign = provider("github")
    HookSecret.objects.update(secret=None)
    assert send(sign({})).status_code == 503


def test_a_providers_accept_and_authorization_headers_are_its_own_business(provider, send):
    sent = provider("github")({})
    assert send(sent.having(Accept="text/plain", Authorization="Basic eDp5")).status_code == 200


def test_slack_is_answered_its_challenge_once_it_has_signed_it(provider, send):
    sign = provider("slack")
    question = {"type": "url_verification", "challenge": "3eZbrw1a"}
    answer = send(sign(question, at=now()))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1a"})
    assert send(sign(question, at=now(), secret="another-secret-1")).status_code == 401
    assert send(sign({**question, "challenge": 7}, at=now())).status_code == 400
    assert not ReceivedHook.objects.exists()


def test_meta_is_answered_its_challenge_for_the_token_that_was_agreed_on(taking, api):
    taking({"verify": "meta"})
    made = api("manage").post(
        "/api/v1/instances/shop/webhook-secrets",
        {"kind": "verify_token", "secret": "agreed-on-token"},
        format="json",
    )
    assert made.status_code == 201, made.content
    asked = {"hub.mode": "subscribe", "hub.challenge": "115", "hub.verify_token": "agreed-on-token"}
    answer = Client().get("/api/v1/hooks/shop", asked)
    assert (answer.status_code, answer.content) == (200, b"115")
    assert answer["Content-Type"].startswith("text/plain")
    # What signs is not what greets.
    for wrong in ("", "agreed-on-toke", SECRET):
        refused = Client().get("/api/v1/hooks/shop", {**asked, "hub.verify_token": wrong})
        assert refused.status_code == 403
    assert Client().get("/api/v1/hooks/shop").status_code == 400


def test_cloudevents_is_given_leave_to_send(taking):
    taking({"verify": "github", "handshake": ["cloudevents"]})
    answer = Client().options("/api/v1/hooks/shop", headers={"WebHook-Request-Origin": "e.example"})
    assert answer.status_code == 200
    assert answer["WebHook-Allowed-Origin"] == "e.example"
    assert answer["WebHook-Allowed-Rate"] == "3000"


def test_a_handshake_that_the_definition_has_not_is_not_found(provider):
    provider("github")
    assert Client().get("/api/v1/hooks/shop", {"hub.mode": "subscribe"}).status_code == 404
    headers = {"WebHook-Request-Origin": "e.example"}
    assert Client().options("/api/v1/hooks/shop", headers=headers).status_code == 404


def test_one_providers_events_are_told_apart_by_instance(provider, send):
    sign = provider("github")
    registry.create_instance(definition="shop", slug="second", actor="tests")
    assert send(sign({})).status_code == 200
    assert send(sign({}), to="second").status_code == 401


@pytest.mark.parametrize("sign", [github, slack, stripe])
def test_events_with_different_ids_are_different(sign, taking, send):
    taking({"verify": sign.__name__})
    for event in ("one", "two"):
        assert send(sign({}, event=event, at=now())).json()["duplicate"] is False
    assert ReceivedHook.objects.count() == 2
