"""`callback_url`: the end of a call is told where it asked, signed with the token's secret."""

from __future__ import annotations

import json

import pytest
from standardwebhooks import Webhook

from integration_hub.access import services as access
from integration_hub.access.models import Token
from integration_hub.events import relay
from integration_hub.events.models import Delivery, EventSink
from tests.events.receiver import receiving

pytestmark = pytest.mark.django_db

EXECUTE = "/api/v1/instances/acme/methods/{}/execute"


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def drain():
    while relay.relay_once():
        pass


def call(client, url, method="ping", status=200, **body):
    answer = client.post(EXECUTE.format(method), {"callback_url": url, **body}, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_the_end_of_a_call_is_told_where_it_asked(acme, api, receiver):
    body = call(api("execute"), receiver.url("/done?job=7"))
    drain()
    (hit,) = receiver.of("/done?job=7")
    secret = access.webhook_secret_of(Token.objects.get())
    event = Webhook(secret).verify(hit.body, hit.headers)
    assert event["type"] == "integration.method.executed"
    assert event["data"]["execution_id"] == body["execution_id"]
    assert hit.headers["webhook-id"] == event["id"]


def test_nobody_else_is_told_of_the_address_and_it_is_listed_nowhere_as_a_sink(acme, api, receiver):
    call(api("execute"), receiver.url("/secret-path"))
    drain()
    client = api("manage")
    assert [s["name"] for s in client.get("/api/v1/event-sinks").json()["results"]] == ["log"]
    hidden = EventSink.objects.exclude(owner="").get()
    assert client.get(f"/api/v1/event-sinks/{hidden.pk}").status_code == 404
    assert "secret-path" not in client.get("/api/v1/events").content.decode()


def test_a_callback_that_fails_is_tried_again_and_410_ends_it_alone(acme, api, receiver):
    client = api("execute")
    receiver.says |= {"/later": 500, "/gone": 410}
    for path in ("/later", "/gone", "/fine"):
        call(client, receiver.url(path))
    drain()
    found = {row.url.rpartition("/")[2]: row for row in Delivery.objects.exclude(url="")}
    assert found["gone"].status == "dead"
    assert found["later"].status == "pending"
    assert EventSink.objects.exclude(owner="").get().enabled
    assert receiver.of("/later")


def test_a_refused_address_and_a_caller_without_a_secret_are_told_so(acme, api, receiver):
    refused = call(api("execute"), "http://169.254.169.254/", status=403)
    assert refused["code"] == "TARGET_FORBIDDEN"
    Token.objects.all().delete()
    old = api("execute")
    Token.objects.update(webhook_secret=None)
    body = call(old, receiver.url(), status=400)
    assert body["errors"][0]["pointer"] == "/callback_url"


def test_a_secret_is_sealed_and_goes_with_its_token(acme, api, receiver):
    call(api("execute"), receiver.url("/x"))
    secret = access.webhook_secret_of(Token.objects.get())
    assert secret.startswith("whsec_")
    assert secret not in json.dumps(list(Token.objects.values("name", "prefix", "scopes")))
    Token.objects.all().delete()
    drain()
    assert receiver.hits == []
    assert "is gone" in Delivery.objects.exclude(url="").get().last_error
