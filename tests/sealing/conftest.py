"""Rows with a sealed column."""

from __future__ import annotations

import pytest
from django.db import connection

from integration_hub.events.models import EventSink
from integration_hub.sealing.field import seal

CANARY = "canary9Qx7value-é-\x00-end"


@pytest.fixture
def sink(db):
    """`sink("name", text)`: a stored row whose secret is `text`."""

    def make(name: str = "first", text: str = CANARY) -> EventSink:
        row = EventSink(name=name, type="log")
        row.secret = seal(row, "secret", text)
        row.save()
        return EventSink.objects.get(pk=row.pk)

    return make


@pytest.fixture
def raw():
    """The stored bytes of a row, and a way to change them behind the ORM's back."""

    def read(row: EventSink) -> bytes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM events_eventsink WHERE name = %s", [row.name])
            return bytes(cursor.fetchone()[0])

    def write(row: EventSink, content: bytes) -> EventSink:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE events_eventsink SET secret = %s WHERE name = %s", [content, row.name]
            )
        return EventSink.objects.get(pk=row.pk)

    read.write = write
    return read
