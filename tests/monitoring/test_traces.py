"""The spans of a call, as a receiver of OTLP gets them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from executor import tasks
from executor.delivery.stopping import stop
from executor.models import Execution
from integration_hub.lib import tracing
from integration_hub.monitoring import traces
from registry import services as registry
from tests.executor.delivery.conftest import definition_document

pytestmark = pytest.mark.django_db(transaction=True)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"


class Receiver:
    """An OTLP receiver over HTTP; `spans` are what arrived."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces"
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        owner.spans += scope.spans
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    made = Receiver()
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = made.url
    traces.enable()
    try:
        yield made
    finally:
        tracing.enable(None)
        stop.requested = False
        made.stop()


@pytest.fixture
def target(upstream):
    def make(**members: Any) -> None:
        document = definition_document(upstream.url, **members)
        registry.create_definition(document=document, actor="tests", publish=True)
        registry.create_instance(
            definition="target", slug="target", name="Target", config={}, actor="tests"
        )

    return make


def flushed(receiver: Receiver) -> list[Any]:
    tracing.tracer().flush()
    return receiver.spans


def line_to_the_root(spans: list[Any], leaf: Any) -> list[str]:
    by_id, names = {span.span_id: span for span in spans}, [leaf.name]
    while leaf.parent_span_id in by_id:
        leaf = by_id[leaf.parent_span_id]
        names.append(leaf.name)
    assert leaf.parent_span_id.hex() == CALLER[36:52]
    return names


def call(client: Any, method: str, mode: str) -> Any:
    return client.post(
        f"/api/v1/instances/target/methods/{method}/execute",
        {"mode": mode},
        format="json",
        HTTP_TRACEPARENT=CALLER,
    )


def test_one_async_execution_from_the_caller_to_the_upstream(receiver, target, api, upstream):
    target(propagate_trace=True)
    assert call(api("execute"), "ok", "async").status_code == 202
    tasks.drain("interactive")
    spans = flushed(receiver)
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    (leaf,) = [span for span in spans if span.name == "http ok"]
    assert line_to_the_root(spans, leaf) == [
        "http ok",
        "attempt 1",
        "target.ok",
        "POST /api/v1/instances/<str:ref>/methods/<str:name>/execute",
    ]
    (hit,) = upstream.hits
    sent = {name.lower(): value for name, value in hit["headers"].items()}["traceparent"]
    assert sent.split("-")[1:3] == [TRACE, leaf.span_id.hex()]
    facts = {item.key: item.value for item in leaf.attributes}
    assert facts["http.response.status_code"].int_value == 200


def test_a_call_that_fails_says_by_which_code_and_tells_nobody_outside(
    receiver, target, api, upstream
):
    target()
    call(api("execute"), "down", "sync")
    spans = {span.name: span for span in flushed(receiver)}
    facts = {item.key: item.value.string_value for item in spans["target.down"].attributes}
    assert facts["error.type"] == "INTEGRATION_ERROR"
    assert "traceparent" not in {name.lower() for name in upstream.hits[0]["headers"]}


def test_a_receiver_that_is_away_costs_spans_and_no_call(receiver, target, api):
    target()
    receiver.stop()
    assert call(api("execute"), "ok", "sync").status_code == 200
    tracing.tracer().flush()


def test_without_the_setting_nothing_is_traced_kept_or_made(target, api, upstream):
    target(propagate_trace=True)
    assert call(api("execute"), "ok", "sync").status_code == 200
    assert Execution.objects.get().traceparent is None
    assert "traceparent" not in {name.lower() for name in upstream.hits[0]["headers"]}
    script = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "import django; django.setup(); print('integration_hub.monitoring.otel' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (CALLER, CALLER),
        (None, ""),
        (CALLER.upper(), ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"{CALLER}\r\nX: y", ""),
    ],
)
def test_only_a_sound_traceparent_is_taken(given, taken):
    assert tracing.accepted(given) == taken
