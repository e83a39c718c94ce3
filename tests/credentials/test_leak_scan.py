"""A planted secret is found wherever it stands, and never printed."""

from __future__ import annotations

import base64
import json

import pytest
from django.core.management import call_command

from integration_hub.audit.services import record
from registry.models import Instance
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db


def scanned(capsys) -> tuple[int, str]:
    try:
        call_command("leak_scan", "--json")
        code = 0
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out


def test_a_clean_database_has_none(acme, put, capsys) -> None:
    put(acme, "bearer", {"token": HEADER_CANARY})
    code, out = scanned(capsys)
    assert (code, json.loads(out)) == (0, {"ok": True, "leaks": []})


@pytest.mark.parametrize("form", [str, lambda text: base64.b64encode(text.encode()).decode()])
def test_a_planted_secret_is_named_by_its_place_alone(acme, put, capsys, form) -> None:
    put(acme, "bearer", {"token": HEADER_CANARY})
    Instance.objects.update(name=f"before {form(HEADER_CANARY)} after")
    code, out = scanned(capsys)
    (leak,) = json.loads(out)["leaks"]
    assert (code, leak["table"], leak["column"], leak["pk"]) == (
        *(1, "registry_instance", "name"),
        str(acme.pk),
    )
    assert HEADER_CANARY not in out


def test_the_hubs_own_keys_are_looked_for(settings, capsys) -> None:
    record(actor="x", action="y", target_type="z", target=settings.FERNET_KEYS[0])
    code, out = scanned(capsys)
    assert (code, json.loads(out)["leaks"][0]["column"]) == (1, "target")
