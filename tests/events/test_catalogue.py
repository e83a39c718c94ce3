"""The catalogue over REST; every event that is emitted fits its schema, and no other is."""

from __future__ import annotations

import json

import pytest

from integration_hub.events import services
from integration_hub.events.catalog import SCHEMAS, TITLES, schema_of
from integration_hub.events.choices import EventType
from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Event
from integration_hub.lib.errors import InternalFailure
from integration_hub.lib.schema import compile_schema

SAMPLES = {"string": "x", "integer": 1, "number": 1.5, "boolean": True}


def sample(schema) -> object:
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-11-23T10:00:00Z"
    kind = schema["type"]
    return SAMPLES[kind if isinstance(kind, str) else kind[0]]


@pytest.mark.parametrize("kind", EventType)
def test_every_type_has_a_schema_and_an_event_that_fits_it(kind):
    assert kind in TITLES
    schema = SCHEMAS[kind]
    data = {name: sample(schema["properties"][name]) for name in schema["required"]}
    event = services.build(type=kind, subject="acme", data=data)
    assert compile_schema(schema_of(kind)).faults(json.loads(cloudevent_of(event).body)) == ()
    for name in schema["required"]:
        with pytest.raises(InternalFailure):
            services.build(
                type=kind, subject="acme", data={k: v for k, v in data.items() if k != name}
            )


@pytest.mark.django_db
def test_the_catalogue_is_served(api):
    found = api("read").get("/api/v1/event-types").json()["results"]
    assert [entry["type"] for entry in found] == EventType.values
    one = api("execute").get(f"/api/v1/event-types/{EventType.CONNECTED.value}").json()
    assert one["schema"] == schema_of(EventType.CONNECTED)
    unknown = api("read").get("/api/v1/event-types/integration.conected")
    assert unknown.status_code == 404
    assert EventType.CONNECTED.value in unknown.json()["suggestions"]


@pytest.mark.django_db
def test_the_suite_itself_checks_every_event_that_it_emits(settings):
    """So a fact whose event breaks its schema turns its own test red, wherever it is."""
    assert settings.HUB_CHECK_EVENTS
    with pytest.raises(InternalFailure):
        services.emit(type=EventType.CONNECTED, subject="acme", data={})
    assert not Event.objects.exists()
