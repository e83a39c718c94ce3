from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from integration_hub.lib import metrics

pytestmark = pytest.mark.django_db


def test_the_names_of_the_contract_are_exported(client):
    metrics.executions_total.labels("a", "b", "completed").inc()
    text = client.get("/metrics").content.decode()
    for name in (
        "integration_method_executions_total",
        "integration_method_execution_time_seconds",
        "integration_active_requests",
        "integration_queue_depth",
        "integration_queue_oldest_seconds",
        "integration_auth_attempts_total",
        "integration_auth_refresh_total",
        "integration_external_request_total",
        "integration_external_request_time_seconds",
        "integration_rate_limit_hits_total",
        "integration_circuit_breaker_open_total",
        "integration_circuit_breaker_state",
        "integration_external_system_availability",
        "integration_events_pending",
        "integration_event_deliveries_total",
    ):
        family = name.removesuffix("_total")
        assert f"# TYPE {name} " in text or f"# TYPE {family} " in text, name


def test_this_machine_needs_no_token(client):
    assert client.get("/metrics").status_code == 200


def test_another_machine_needs_a_token_that_may_read(client, make_token):
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", **far).status_code == 401
    for scope, status in (("read", 200), ("manage", 200), ("execute", 403)):
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {make_token(scope, name=scope)}"}
        assert client.get("/metrics", **far, **bearer).status_code == status


def test_what_a_proxy_passed_on_is_not_this_machine(client):
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 401


def test_values_of_ended_processes_are_forgotten(tmp_path):
    gone, here = tmp_path / "gauge_livesum_999999999.db", tmp_path / "gauge_livesum_1.db"
    gone.touch()
    here.touch()
    metrics.forget_dead(tmp_path)
    assert (gone.exists(), here.exists()) == (False, True)


def test_shared_counts_show_every_name_once_raised_or_not(tmp_path):
    script = (
        "import sys; from pathlib import Path; from prometheus_client import CollectorRegistry,"
        " generate_latest; from integration_hub.lib import metrics;"
        " metrics.share(Path(sys.argv[1]), fresh=True);"
        " metrics.executions_total.labels('a', 'b', 'completed').inc(2);"
        " found = CollectorRegistry(); found.register(metrics.SharedCounts(Path(sys.argv[1])));"
        " print(generate_latest(found).decode())"
    )
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    text = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env=env,
        cwd=settings.BASE_DIR,
    ).stdout
    labels = 'integration="a",method="b",status="completed"'
    assert f"integration_method_executions_total{{{labels}}} 2.0" in text
    assert text.count("# TYPE integration_method_executions_total counter") == 1
    for name in ("auth_refresh_total", "rate_limit_hits_total", "circuit_breaker_open_total"):
        assert text.count(f"# TYPE integration_{name} counter") == 1


def test_the_queues_are_told_apart(client, waiting):
    text = client.get("/metrics").content.decode()
    labels = 'integration="demo",method="m",queue="batch"'
    assert f"integration_queue_depth{{{labels}}} 2.0" in text
    waited = re.findall(r'integration_queue_oldest_seconds{queue="(\w+)"} ([\d.]+)', text)
    assert [name for name, _ in waited] == ["interactive", "batch", "health", "events"]
    assert 29 < float(dict(waited)["batch"]) < 60
    assert float(dict(waited)["interactive"]) == 0
