"""The alerts and dashboards that come with the hub: they work, and ask for what there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from tests.services import free_port

ROOT = Path(settings.BASE_DIR)
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
_NAME = re.compile(r"integration_[a-z_]+")


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None and not os.environ.get("HUB_CI"):
        pytest.skip(f"{name} is not installed (Debian's package prometheus)")
    assert found, f"{name} is missing"
    return found


def families(text: str) -> set[str]:
    """Every name that a scrape may have values under."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)", text, re.MULTILINE):
        found.add(name)
        if kind == "histogram":
            found |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
    return found


def asked() -> dict[str, set[str]]:
    found = {rule["alert"]: set(_NAME.findall(rule["expr"])) for rule in RULES}
    for path in DASHBOARDS:
        targets = [t for p in json.loads(path.read_text())["panels"] for t in p["targets"]]
        found[path.name] = {name for t in targets for name in _NAME.findall(t["expr"])}
    return found


@pytest.mark.parametrize("test", ["check rules alerts.yml", "test rules alerts_test.yml"])
def test_promtool_passes_the_rules(test):
    done = subprocess.run(
        [tool("promtool"), *test.split()],
        cwd=ALERTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried_and_has_its_page_and_each_page_its_alert():
    pages = {rule["annotations"]["runbook"] for rule in RULES}
    there = {f"docs/runbooks/{path.name}" for path in (ROOT / "docs" / "runbooks").glob("*-*.md")}
    assert pages == there
    tried = yaml.safe_load((ALERTS.parent / "alerts_test.yml").read_text())["tests"]
    assert [test["name"] for test in tried] == [rule["alert"] for rule in RULES]


@pytest.mark.django_db
def test_alerts_and_dashboards_ask_for_metrics_that_there_are(client):
    there = families(client.get("/metrics").content.decode())
    there |= {"integration_database_connections", "integration_database_connections_max"}
    missing = {place: names - there for place, names in asked().items() if names - there}
    assert not missing


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    """A Prometheus that scrapes every second and does not wait before it fires."""
    hasty = re.sub(r"for: \w+", "for: 0s", ALERTS.read_text())
    (folder / "alerts.yml").write_text(hasty)
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["alerts.yml"],
        "scrape_configs": [
            {"job_name": "integration-hub", "static_configs": [{"targets": [target]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        tool("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    process = subprocess.Popen(arguments, cwd=folder)
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.django_db(transaction=True)
def test_a_prometheus_scrapes_the_hub_and_an_alert_fires(tmp_path, live_server, waiting):
    tool("prometheus")
    with prometheus(tmp_path, live_server.url.removeprefix("http://")) as url:
        firing: set[str] = set()
        end = time.monotonic() + 40
        while "HubQueueOld" not in firing and time.monotonic() < end:
            time.sleep(0.5)
            firing = _firing(url)
    assert "HubQueueOld" in firing
    assert "HubDown" not in firing


def _firing(url: str) -> set[str]:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=5) as answer:
            found = json.load(answer)["data"]["alerts"]
    except OSError:  # not up yet
        return set()
    return {alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"}
