"""Equal reads share an answer, only where they may, and the log tells which did."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection

from credentials import services as credentials
from executor.caching import entries
from executor.models import Execution, Payload
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.lib import clock, jsonsafe
from registry import services as registry
from registry.document import check_document
from registry.models import Instance
from tests.executor.conftest import DOCUMENT, SECRET, _http

METHODS = {
    "cached": _http("/contacts", cache_seconds=60),
    "cached_slow": _http("/delay/0.4", cache_seconds=60),
    "cached_secret": _http(
        "/contacts", cache_seconds=60, sensitive=["result.query.q", "parameters.q"]
    ),
    "cached_flaky": _http("/breaks-later", cache_seconds=60),
    "cached_error": _http("/status/500", cache_seconds=60),
}


@pytest.fixture(autouse=True)
def _own_cache(settings):
    """Never emptied: on Redis that would take the limits of tests beside this one along."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


@pytest.fixture
def acme(acme):
    registry.create_definition(
        document={**DOCUMENT, "version": "1.1.0", "methods": {**DOCUMENT["methods"], **METHODS}},
        actor="tests",
        publish=True,
    )
    row = registry.upgrade_instance(instance=acme, version="1.1.0", actor="tests")
    return override(row, {"stale_if_error_seconds": 600})


def override(row: Instance, block) -> Instance:
    changes = {"overrides": {"cache": block}}
    row = registry.update_instance(instance=row, actor="tests", changes=changes)
    revision.forget()
    return row


def test_the_second_of_equal_calls_is_answered_from_the_cache(call, upstream):
    _, first = call("cached", {"a": 1})
    reply, second = call("cached", {"a": 1})
    assert len(upstream.hits) == 1
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["data"] == first["data"]
    assert (second["attempts"], second["age_seconds"]) == (0, 0)
    assert reply.headers["Age"] == "0"
    row = Execution.objects.get(pk=second["execution_id"])
    assert (row.status, row.attempts, row.credential_revision) == ("completed", 0, 1)


def test_calls_that_differ_in_anything_share_nothing(call, acme, upstream):
    call("cached", {"a": 1})
    call("cached", {"a": "1"})
    call("cached", {"a": 1, "b": None})
    assert len(upstream.hits) == 3
    credentials.put_credential(
        instance=acme, type="bearer", data={"token": "another"}, caller=Caller.command("tests")
    )
    revision.forget()
    call("cached", {"a": 1})
    assert len(upstream.hits) == 4
    assert upstream.hits[-1]["headers"]["authorization"] == "Bearer another"


def test_an_answer_is_fetched_again_once_its_time_is_over(call, acme, upstream):
    override(acme, {"seconds": 0, "stale_if_error_seconds": 600})
    call("cached")
    call("cached")
    assert len(upstream.hits) == 2


def test_what_is_kept_is_sealed_and_without_the_hubs_secret(call):
    call("cached", {"q": "in-the-clear"})
    kept = [value for key, value in _everything_kept()]
    assert kept
    for value in kept:
        assert b"in-the-clear" not in value
        assert SECRET.encode() not in value


def _everything_kept():
    store = getattr(cache, "_cache", None)
    if isinstance(store, dict):
        return list(store.items())
    client = cache._cache.get_client()
    return [(key, client.get(key)) for key in client.scan_iter("*answer:*")]


def test_a_cached_answer_is_masked_for_others_as_any(call):
    call("cached_secret", {"q": "hidden-value"})
    _, body = call("cached_secret", {"q": "hidden-value"})
    assert body["cached"] is True
    assert body["data"]["query"]["q"] == "hidden-value"
    assert "hidden-value" not in Payload.objects.get(pk=body["execution_id"]).data
    assert SECRET not in jsonsafe.dumps_text(body)


def test_a_failure_is_never_kept(call, upstream):
    call("cached_error")
    call("cached_error")
    assert len(upstream.hits) == 2


def test_a_kept_answer_stands_in_for_a_system_that_fails_and_says_so(call, upstream, monkeypatch):
    _, first = call("cached_flaky")
    at = clock.now().timestamp()
    monkeypatch.setattr(entries.Entry, "age", property(lambda kept: at + 100 - kept.stored_at))
    Instance.objects.update(state="disconnected")
    revision.forget()
    _, body = call("cached_flaky")
    assert len(upstream.hits) == 2
    assert (body["cached"], body["stale"], body["attempts"]) == (True, True, 1)
    assert body["data"] == first["data"]
    assert body["age_seconds"] >= 100
    assert Instance.objects.get(slug="acme").state == "disconnected"


def test_without_leave_a_failure_is_a_failure(call, acme, monkeypatch):
    override(acme, {})
    call("cached_flaky")
    monkeypatch.setattr(entries.Entry, "age", 100.0)
    reply, body = call("cached_flaky")
    assert (reply.status, body["code"]) == (502, "INTEGRATION_ERROR")


def test_a_replay_always_calls(api, acme, upstream):
    client = api("execute")
    path = "/api/v1/instances/acme/methods/cached/execute"
    first = client.post(path, {"parameters": {}}, format="json").json()
    again = client.post(f"/api/v1/executions/{first['execution_id']}/replay", {}, format="json")
    assert again.json()["cached"] is False
    assert len(upstream.hits) == 2


@pytest.mark.django_db(transaction=True)
def test_equal_calls_at_one_moment_make_one_request(call, upstream):
    barrier = threading.Barrier(4)

    def one(_):
        barrier.wait()
        try:
            return call("cached_slow")[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        bodies = list(pool.map(one, range(4)))
    assert len(upstream.hits) == 1
    assert sorted(body["cached"] for body in bodies) == [False, True, True, True]


@pytest.mark.parametrize(
    "method",
    [
        _http("/x", "POST", cache_seconds=5),
        _http("/x", "PUT", cache_seconds=5),
        _http("/x", cache_seconds=5, risk="destructive"),
        _http("/x", cache_seconds=5, idempotent=False),
    ],
)
def test_a_method_that_writes_cannot_be_cached(db, method):
    document = {**DOCUMENT, "methods": {"ping": _http("/ok"), "m": method}}
    assert [fault.code for fault in check_document(document)] == ["NOT_CACHEABLE"]
