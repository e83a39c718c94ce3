"""An adapter that raises, hangs or returns rubbish harms the call that meets it, and no other."""

from __future__ import annotations

import threading
import time

import pytest

from executor import services
from executor.adapters.http import HttpAdapter
from executor.calls import CallOptions
from integration_hub.access.caller import Caller
from integration_hub.coordination import revision
from integration_hub.egress.door import Deadline
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import AdapterFailed, Cancelled, ValidationFailed
from registry import adapter_isolation
from registry import services as registry
from registry.adapter import AdapterAnswer, adapters
from registry.adapter_isolation import bounded

CALLER = Caller.command("tests")


class Wild(HttpAdapter):
    type = "wild"
    keeps_deadline = False

    def call(self, call):
        return WAYS[call.method.protocol["path"]](super().call, call)


def _exits(*_):
    raise SystemExit("goodbye")


def _raises(*_):
    raise KeyError("Bearer very-secret-thing")


def _spins(*_):
    while True:
        time.sleep(0.001)


def _answer(**members):
    good = {"status": 200, "content": b"{}", "content_type": "application/json", "headers": {}}
    return lambda *_: AdapterAnswer(**{**good, **members})


WAYS = {
    "/ok": lambda call, given: call(given),
    "/raises": _raises,
    "/exits": _exits,
    "/spins": _spins,
    "/none": lambda *_: None,
    "/text": lambda *_: "an answer",
    "/status": _answer(status="200"),
    "/number": _answer(status=9000),
    "/content": _answer(content={"a": 1}),
    "/type": _answer(content_type=None),
    "/headers": _answer(headers={"x": 1}),
    "/no-headers": _answer(headers=None),
    "/exchange": _answer(exchange="all of it"),
}


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch):
    revision.forget()
    monkeypatch.setattr(adapter_isolation, "_lost", {})
    monkeypatch.setattr(adapters, "_items", {**adapters._items, "wild": Wild()})


@pytest.fixture
def call(db, upstream):
    methods = {
        path.strip("/").replace("-", "_"): {
            "wild": {"method": "GET", "path": path},
            "timeout_ms": 300,
        }
        for path in WAYS
    }
    document = {
        "slug": "wild",
        "name": "Wild",
        "version": "1.0.0",
        "type": "wild",
        "methods": methods,
    }
    registry.create_definition(document=document, actor="tests", publish=True)
    registry.create_instance(
        definition="wild@1.0.0", slug="wild", actor="tests", config={"base_url": upstream.url}
    )

    def make(method):
        reply = services.execute(
            caller=CALLER,
            instance_ref="wild",
            method=method,
            parameters={},
            options=CallOptions(),
        )
        return reply.status, jsonsafe.loads(reply.body)

    return make


@pytest.mark.parametrize("way", [path for path in WAYS if path != "/ok"])
def test_that_call_ends_with_adapter_error_and_the_next_one_works(call, way) -> None:
    status, body = call(way.strip("/").replace("-", "_"))
    assert (status, body["code"], body["retryable"]) == (500, "ADAPTER_ERROR", False)
    assert "very-secret-thing" not in jsonsafe.dumps_text(body)
    assert call("ok")[0] == 200


def test_a_call_that_spins_ends_at_its_deadline_and_its_thread_with_it(call) -> None:
    before, began = threading.active_count(), time.monotonic()
    call("spins")
    assert time.monotonic() - began < 3
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_a_cancelled_call_is_not_waited_for() -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        bounded("wild", threading.Event().wait, Deadline(30, cancelled=cancelled))
    assert time.monotonic() - began < 3


def test_threads_that_never_come_back_are_few(monkeypatch) -> None:
    monkeypatch.setattr(adapter_isolation, "GRACE_SECONDS", 0.01)
    release = threading.Event()
    try:
        for _ in range(adapter_isolation.MOST_LOST):
            with pytest.raises(AdapterFailed, match="did not end by its deadline"):
                bounded("wild", lambda: release.wait(30), Deadline(0.01))
        with pytest.raises(AdapterFailed, match=r"8 calls of it hang .* /adapters/wild/disable"):
            bounded("wild", lambda: 1, Deadline(1))
        assert bounded("other", lambda: 1, Deadline(1)) == 1
    finally:
        release.set()
    until = time.monotonic() + 5
    while any(thread.is_alive() for thread in adapter_isolation._lost["wild"]):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert bounded("wild", lambda: 1, Deadline(1)) == 1


class Undecided(HttpAdapter):
    type = "undecided"

    def check_method(self, method):
        raise IndexError("private")

    def is_idempotent(self, protocol):
        raise IndexError("private")


def test_an_adapter_that_fails_judging_a_definition_refuses_it(db, monkeypatch) -> None:
    monkeypatch.setattr(adapters, "_items", {**adapters._items, "undecided": Undecided()})
    document = {
        "slug": "undecided",
        "name": "Undecided",
        "version": "1.0.0",
        "type": "undecided",
        "methods": {"m": {"undecided": {"method": "GET", "path": "/"}}},
    }
    with pytest.raises(ValidationFailed) as refused:
        registry.create_definition(document=document, actor="tests")
    (fault,) = refused.value.errors
    assert (fault.code, fault.pointer) == ("ADAPTER_ERROR", "/methods")
    assert "private" not in fault.detail
