"""A scheme that another package brings is there once the package is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
from credentials.scheme import AuthScheme, schemes
from credentials.signing import with_header
from integration_hub.egress.door import Signed
from integration_hub.lib.fields import Field


class Plain(AuthScheme):
    type = "custom"
    title = "Acme's own"
    fields = (Field("code", secret=True),)
    options = (Field("header", required=False),)

    def apply(self, request, *, data, options):
        name = options.get("header", "X-Acme")
        return Signed(with_header(request, name, data["code"]), self.secrets(data))


@schemes.register("acme_pair")
class Registered(Plain):
    type = "acme_pair"
"""
ENTRY_POINTS = """[integration_hub.auth_schemes]
custom = acme_hub_auth:Plain
acme_pair = acme_hub_auth:Registered
acme_broken = acme_hub_auth:Missing
"""
SCRIPT = """
import json
import django
django.setup()
from credentials.api.shapes import put_schema
from credentials.definition_checks import check_auth
from credentials.scheme import schemes
from integration_hub.egress.door import HttpRequest
from registry.building import build_spec

document = {"slug": "a", "name": "A", "version": "1.0.0", "type": "http", "methods": {}, "auth": [
    {"type": "custom", "header": "X-Code"}, {"type": "acme_pair"}, {"type": "acme_broken"},
    {"type": "custom", "id": "other", "heder": "X"},
]}
signed = schemes.get("custom").apply(
    HttpRequest("GET", "https://h.example/"), data={"code": "c0de"}, options={"header": "X-Code"})
print(json.dumps({
    "faults": [[f.pointer, f.detail] for f in check_auth(build_spec(document))],
    "disabled": schemes.disabled,
    "offered": [item["properties"]["type"]["const"] for item in put_schema()["oneOf"]],
    "headers": dict(signed.request.headers),
    "secrets": signed.secrets,
}))
"""


def install(folder: Path) -> None:
    """As pip leaves a package behind: its module, and what it says of itself."""
    about = folder / "acme_hub_auth-1.0.dist-info"
    about.mkdir()
    (folder / "acme_hub_auth.py").write_text(SOURCE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-hub-auth\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)


def test_an_installed_package_brings_its_types_and_a_broken_one_stops_nothing(tmp_path) -> None:
    install(tmp_path)
    own = {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | own,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert {"custom", "acme_pair", "basic"} <= set(said["offered"])
    assert list(said["disabled"]) == ["acme_broken"]
    assert said["headers"] == {"X-Code": "c0de"}
    assert said["secrets"] == ["c0de"]
    (broken, misspelt) = said["faults"]
    assert broken[0] == "/auth/2/type"
    assert "is disabled here" in broken[1]
    assert misspelt[0] == "/auth/3/heder"
