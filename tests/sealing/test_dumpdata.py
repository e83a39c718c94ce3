"""Fixtures carry no secret, however they are asked for."""

from __future__ import annotations

import io
import json

import pytest
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.base import DeserializationError

from credentials.models import Credential
from executor.models import Payload
from integration_hub.events.models import EventSink
from integration_hub.lib.ids import new_id
from integration_hub.sealing.field import seal
from registry.choices import InstanceState
from registry.models import Definition, Instance
from tests.sealing.conftest import CANARY

pytestmark = pytest.mark.django_db


@pytest.fixture
def secrets(sink):
    """One row of each kind that holds a secret; the ciphertexts in clear ASCII."""
    definition = Definition.objects.create(
        slug="acme", version="1.0.0", name="Acme", type="http", document="{}", digest="0"
    )
    instance = Instance.objects.create(
        slug="acme", name="Acme", definition=definition, state=InstanceState.DISCONNECTED
    )
    credential = Credential(instance=instance, auth_id="key", type="bearer")
    credential.secret = seal(credential, "secret", CANARY)
    credential.save()
    payload = Payload(id=new_id())
    payload.sealed_data = seal(payload, "sealed_data", CANARY)
    payload.save()
    row = sink()
    held = (credential.secret, payload.sealed_data, row.secret)
    return [sealed.token.decode() for sealed in held]


def dump(*arguments: str, **options) -> str:
    out = io.StringIO()
    call_command("dumpdata", *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_base_manager": True},
        {"format": "yaml"},
        {"format": "xml"},
        {"format": "jsonl"},
        {"use_natural_foreign_keys": True, "use_natural_primary_keys": True},
    ],
)
def test_a_dump_holds_no_secret_and_no_ciphertext(secrets, options) -> None:
    dumped = dump(**options)
    assert "canary" not in dumped
    for ciphertext in secrets:
        assert ciphertext not in dumped
    assert "credentials.credential" not in dumped


@pytest.mark.parametrize("label", ["credentials", "credentials.Credential"])
def test_credentials_are_absent_even_when_named(secrets, label: str) -> None:
    assert json.loads(dump(label)) == []


def test_the_rest_is_dumped_with_empty_sealed_columns(secrets) -> None:
    rows = {row["model"]: row["fields"] for row in json.loads(dump())}
    assert rows["registry.instance"]["slug"] == "acme"
    assert rows["executor.payload"]["sealed_data"] in (None, "")


def test_a_serializer_writes_no_ciphertext_either(secrets) -> None:
    for model in (Credential, EventSink, Payload):
        for kind in ("json", "xml", "yaml", "python"):
            written = str(serializers.serialize(kind, model.objects.all()))
            assert not [text for text in secrets if text in written]
            assert "canary" not in written


def test_a_fixture_with_a_text_in_a_sealed_column_is_refused() -> None:
    fixture = [
        {
            "model": "events.eventsink",
            "pk": str(new_id()),
            "fields": {"name": "x", "type": "log", "secret": "plain"},
        }
    ]
    with pytest.raises(DeserializationError):
        list(serializers.deserialize("python", fixture))


def test_a_dump_loads_again(secrets) -> None:
    dumped = dump("executor.Payload")
    Payload.objects.all().delete()
    for item in serializers.deserialize("json", dumped):
        item.save()
    assert Payload.objects.get().sealed_data is None
