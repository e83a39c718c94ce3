"""The webhook sink before a real receiver: signed, judged by its answer, guarded."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from integration_hub.coordination import dbtime
from integration_hub.events import posting, relay, secret_rotation, services, trial
from integration_hub.events.choices import EventType
from integration_hub.events.models import Delivery, Event, EventSink, FailedAttempt
from integration_hub.lib.errors import TargetForbidden, ValidationFailed
from tests.events.conftest import SECRET
from tests.events.receiver import HANG, RESET

pytestmark = pytest.mark.django_db


def emit(subject="acme", n=0):
    return services.emit(
        type=EventType.INSTANCE_STATUS, subject=subject, data={"state": "connected", "n": n}
    )


def drain():
    while relay.relay_once():
        pass


def due_now():
    past = dbtime.now() - timedelta(seconds=1)
    Delivery.objects.filter(status="pending").update(due_at=past, lease_until=None)
    EventSink.objects.update(paused_until=None)


def test_an_event_arrives_signed_as_a_cloudevent(webhook, receiver):
    webhook()
    row = emit()
    drain()
    (hit,) = receiver.of("/hook")
    assert hit.headers["content-type"] == "application/cloudevents+json"
    assert hit.headers["webhook-id"] == str(row.pk)
    event = Webhook(SECRET).verify(hit.body, hit.headers)
    assert (event["id"], event["subject"], event["data"]["n"]) == (str(row.pk), "acme", 0)
    assert event["sequence"].isdigit()
    assert Delivery.objects.get().status_code == 200


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_is_success(webhook, receiver, status):
    webhook()
    receiver.says["/hook"] = status
    emit()
    drain()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.status_code) == ("delivered", status)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 502, 503, 504])
def test_everything_else_is_failure_and_is_shown(webhook, receiver, status):
    webhook()
    receiver.says["/hook"] = (status, {"Location": receiver.url("/elsewhere")}, b"because")
    emit()
    drain()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.status_code) == ("pending", 1, status)
    assert len(receiver.hits) == 1
    failure = FailedAttempt.objects.get()
    assert (failure.number, failure.status_code, failure.answer) == (1, status, "because")
    assert str(status) in failure.error


def test_a_receiver_that_hangs_or_resets_is_tried_again(webhook, receiver, monkeypatch):
    monkeypatch.setattr(posting, "TIMEOUT", 0.3)
    webhook("/hang")
    webhook("/reset")
    receiver.says |= {"/hang": HANG, "/reset": RESET}
    emit()
    drain()
    errors = dict(Delivery.objects.values_list("sink__name", "last_error"))
    assert errors["webhook /hang"].startswith("TimedOut")
    assert errors["webhook /reset"].startswith("ConnectionFailed")


def test_each_attempt_has_its_own_time_and_signature_under_one_id(webhook, receiver, fake_clock):
    fake_clock._now = dbtime.now()
    webhook()
    receiver.says["/hook"] = 500
    emit()
    for _ in range(3):
        drain()
        fake_clock.advance(90)
    hits = receiver.of("/hook")
    assert len(hits) == 3
    assert len({hit.headers["webhook-id"] for hit in hits}) == 1
    assert len({hit.headers["webhook-timestamp"] for hit in hits}) == 3
    assert len({hit.headers["webhook-signature"] for hit in hits}) == 3
    assert len({hit.body for hit in hits}) == 1


def test_410_switches_the_sink_off_and_says_so(webhook, receiver):
    webhook()
    receiver.says["/hook"] = 410
    EventSink.objects.create(name="log", type="log")
    emit()
    drain()
    sink = EventSink.objects.get(type="webhook")
    assert not sink.enabled
    assert "410" in sink.disabled_reason
    told = Event.objects.get(type="integration.sink.disabled")
    assert json.loads(told.data)["sink"] == sink.name
    emit()
    drain()
    assert len(receiver.hits) == 1


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_receiver_that_wants_a_pause_gets_one(webhook, receiver, status):
    webhook()
    receiver.says["/hook"] = (status, {"Retry-After": "120"}, b"")
    emit("a")
    emit("b")
    before = dbtime.now()
    drain()
    assert len(receiver.hits) == 1
    sink = EventSink.objects.get()
    assert 115 <= (sink.paused_until - before).total_seconds() <= 130
    assert relay.relay_once() == 0


@pytest.mark.parametrize(("asked", "least", "most"), [("0", 1.5, 3), ("999999", 3590, 3610)])
def test_a_wait_that_is_asked_for_is_kept_within_bounds(webhook, receiver, asked, least, most):
    webhook()
    receiver.says["/hook"] = (503, {"Retry-After": asked}, b"")
    emit()
    before = dbtime.now()
    drain()
    assert least <= (Delivery.objects.get().due_at - before).total_seconds() <= most


def test_two_secrets_sign_while_one_takes_over_and_then_one(webhook, receiver, fake_clock):
    fake_clock._now = dbtime.now()
    sink = webhook()
    _, fresh = secret_rotation.rotate_secret(sink_id=sink.pk, overlap_hours=2, actor="tests")
    emit()
    drain()
    (hit,) = receiver.of("/hook")
    for secret in (SECRET, fresh):
        one = hit.headers["webhook-signature"].split(" ")
        assert len(one) == 2
        # The reference library compares with the time of the machine, which is the clock's here.
        Webhook(secret).verify(hit.body, hit.headers)
    fake_clock.advance(3 * 3600)
    emit()
    drain()
    assert len(receiver.of("/hook")[-1].headers["webhook-signature"].split(" ")) == 1


def test_a_signing_key_signs_beside_a_secret_and_its_public_half_is_shown(webhook, receiver):
    seed = "whsk_" + "A" * 43 + "="
    sink = webhook(signing_key=seed)
    assert json.loads(sink.config)["public_key"].startswith("whpk_")
    assert seed not in sink.config
    emit()
    drain()
    (hit,) = receiver.of("/hook")
    versions = [part.partition(",")[0] for part in hit.headers["webhook-signature"].split(" ")]
    assert versions == ["v1", "v1a"]
    Webhook(SECRET).verify(hit.body, hit.headers)


def test_a_handshake_comes_before_the_first_event(webhook, receiver):
    webhook(handshake=True)
    receiver.says["/hook"] = lambda hit: 405 if hit.method == "OPTIONS" else 200
    emit()
    drain()
    assert receiver.of("/hook") == []
    assert "did not agree" in Delivery.objects.get().last_error
    agreed = (200, {"WebHook-Allowed-Origin": "*"}, b"")
    receiver.says["/hook"] = lambda hit: agreed if hit.method == "OPTIONS" else 200
    due_now()
    drain()
    assert len(receiver.of("/hook")) == 1
    asked = receiver.of("/hook", "OPTIONS")
    assert asked[-1].headers["webhook-request-origin"] == "localhost"
    emit()
    drain()
    assert len(receiver.of("/hook", "OPTIONS")) == len(asked)


def test_own_headers_go_along_and_are_masked_in_what_the_receiver_echoes(webhook, receiver):
    key = "k-7f3a9c2e51d84b60"
    webhook(headers={"X-Api-Key": key})
    receiver.says["/hook"] = (500, {}, f"bad key {key}".encode())
    emit()
    drain()
    assert receiver.hits[0].headers["x-api-key"] == key
    assert FailedAttempt.objects.get().answer == "bad key ***"
    assert key not in EventSink.objects.get().config


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://10.1.2.3/", "ftp://a.b"])
def test_a_forbidden_address_is_refused_when_it_is_set(webhook, url):
    with pytest.raises(TargetForbidden):
        webhook(url=url)


def test_a_name_that_leads_to_a_forbidden_address_is_never_connected_to(
    webhook, receiver, settings
):
    webhook(url=f"http://localhost:{receiver.port}/hook")
    settings.HUB_OUTBOUND_ALLOW = []
    emit()
    drain()
    assert receiver.hits == []
    assert "TargetForbidden" in Delivery.objects.get().last_error


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"secret": "whsec_short"}, "/config/secret"),
        ({"secret": "plain"}, "/config/secret"),
        ({"signing_key": "whsk_AAAA"}, "/config/signing_key"),
        ({"headers": {"webhook-id": "x"}}, "/config/headers"),
        ({"headers": {"a": "x\ny"}}, "/config/headers/a"),
        ({"secret": None}, "/config/secret"),
    ],
)
def test_a_fault_of_the_config_names_its_place(webhook, config, pointer):
    with pytest.raises(ValidationFailed) as refused:
        webhook(**config)
    assert [fault.pointer for fault in refused.value.errors] == [pointer]


def test_a_test_event_says_how_it_went_and_proves_the_address(webhook, receiver):
    sink = webhook()
    receiver.says["/hook"] = (500, {}, b"no")
    failed = trial.send_test_event(sink=sink, actor="tests")
    assert (failed.ok, failed.status, failed.answer) == (False, 500, "no")
    receiver.says["/hook"] = 204
    done = trial.send_test_event(sink=sink, actor="tests")
    assert (done.ok, done.status) == (True, 204)
    sink.refresh_from_db()
    assert sink.proven_at is not None
    assert Event.objects.count() == 0
    assert json.loads(receiver.hits[-1].body)["type"] == "integration.sink.test"


def test_an_address_that_took_nothing_yet_gets_one_event_at_a_time(webhook, receiver):
    most, now = 0, 0

    def count(hit):
        nonlocal most, now
        now += 1
        most = max(most, now)
        time.sleep(0.01)
        now -= 1
        return 500

    receiver.says["/hook"] = count
    webhook()
    for n in range(12):
        emit(f"s{n}")
    drain()
    assert most == 1
