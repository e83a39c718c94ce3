"""docs/adding-an-adapter.md, followed: its package installed, called, broken and switched off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from integration_hub.coordination import revision
from integration_hub.lib.errors import InstanceNotReady
from integration_hub.lib.yaml_reader import load
from registry import adapter_life, adapter_manager
from registry.adapter import adapters
from tests.executor.adapters.through import connect
from tests.raw_server import RawServer

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "adding-an-adapter.md").read_text()
PASSWORD = "password-of-the-lines"
FILES = dict(re.findall(r"`([\w.]+)`:\n```\w+\n(.*?)```", TEXT, re.DOTALL))
DEFINITION = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[-1]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The package as an installer leaves it: its module, and what its pyproject.toml declares."""
    target = tmp_path_factory.mktemp("site")
    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    [group] = project["entry-points"]
    points = "".join(f"{name} = {at}\n" for name, at in project["entry-points"][group].items())
    info = target / f"acme_line-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    (info / "entry_points.txt").write_text(f"[{group}]\n{points}")
    (target / "acme_line.py").write_text(FILES["acme_line.py"])
    return target


@pytest.fixture
def installed(site, db, monkeypatch):
    """The catalog as a hub that starts beside that package has it."""
    revision.forget()
    monkeypatch.syspath_prepend(str(site))
    for name in ("_items", "disabled", "packages"):
        monkeypatch.setattr(adapters, name, dict(getattr(adapters, name)))
    monkeypatch.setattr(adapter_life, "_here", adapter_life._Started(closes_at_exit=True))
    adapters._load_entry_points()
    yield adapters
    sys.modules.pop("acme_line", None)


@pytest.fixture
def server():
    def serve(peer):
        line = b""
        while not line.endswith(b"\n"):
            line += peer.sock.recv(4096)
        _, word, document = line.split(b" ", 2)
        peer.say((b"NO " if word == b"DENY" else b"OK ") + document)

    made = RawServer(serve)
    yield made
    made.close()


@pytest.fixture
def call(installed, server):
    config = {"host": "127.0.0.1", "port": server.port}
    login = {"username": "hub", "password": PASSWORD}
    return connect(load(DEFINITION), config, type="basic", data=login)


def test_it_appears_with_the_package_that_brought_it(installed, api) -> None:
    shown = api("read").get("/api/v1/adapters/acme_line").json()
    assert (shown["state"], shown["package"]) == ("active", "acme-line 1.0.0")
    assert shown["method_schema"]["required"] == ["word"]


def test_it_runs_with_its_credential_and_leaves_a_log_without_it(call) -> None:
    made = call("get", {"id": 7})
    assert made.body["data"] == {"id": 7}
    assert made.exchange["request"]["method"] == "GET"
    assert PASSWORD not in made.kept
    assert call("deny").body["upstream"]["status"] == 409


def test_it_fails_in_isolation(call, upstream, monkeypatch) -> None:
    http = {
        "slug": "other",
        "name": "Other",
        "version": "1.0.0",
        "type": "http",
        "methods": {"ping": {"http": {"method": "GET", "path": "/ok"}}},
    }
    other = connect(http, {"base_url": upstream.url})
    monkeypatch.setattr(sys.modules["acme_line"], "_line", lambda _: 1 / 0)
    assert call("get").body["code"] == "ADAPTER_ERROR"
    assert other("ping").status == 200


def test_it_can_be_switched_off_and_on(call, api) -> None:
    address = "/api/v1/adapters/acme_line"
    api("manage").post(f"{address}/disable", {"reason": "it leaks"}, format="json")
    with pytest.raises(InstanceNotReady, match="it leaks"):
        call("get")
    api("manage").post(f"{address}/enable", format="json")
    assert call("get").status == 200


def test_without_its_package_its_definitions_say_so(call, monkeypatch) -> None:
    monkeypatch.delitem(adapters._items, "acme_line")
    revision.forget()
    with pytest.raises(InstanceNotReady, match="not installed"):
        call("get")
    assert adapter_manager.list_adapters()


def test_it_passes_the_conformance_suite_as_the_page_says(site, tmp_path) -> None:
    (tmp_path / "test_acme_line.py").write_text(FILES["test_acme_line.py"])
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{site}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme_line.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert re.search(r"\b19 passed", ran.stdout), ran.stdout[-500:]
