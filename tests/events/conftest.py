"""A sink that remembers, refuses on demand, and is seen by relays like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from integration_hub.coordination import dbtime
from integration_hub.events.models import Event, EventSink
from integration_hub.events.sink import Sink, sinks
from integration_hub.events.sink_services import create_sink
from integration_hub.lib.fields import Field
from integration_hub.lib.standard_webhooks import new_secret
from registry import services as registry
from tests.events.receiver import Receiver, receiving
from tests.events.secured import authority, expired, secured  # noqa: F401 - fixtures

SECRET = new_secret()


class Recorder(Sink):
    type = "recorder"
    title = "Recorder"
    fields = (Field("url"), Field("token", secret=True, required=False))

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.configs: list[Mapping[str, Any]] = []
        self.refuse: Any = lambda event: False

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        if self.refuse(event):
            raise ConnectionError("the receiver said no")
        self.got.append(dict(event))
        self.configs.append(config)

    def seen(self, member: str = "id") -> list[Any]:
        return [event[member] for event in self.got]


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found = Recorder()
    monkeypatch.setitem(sinks._items, "recorder", found)
    return found


@pytest.fixture
def sink(db: None, recorder: Recorder) -> EventSink:
    """The recorder as the only sink; it has taken events before."""
    EventSink.objects.all().delete()
    return EventSink.objects.create(
        name="recorder", type="recorder", config='{"url":"x"}', proven_at=dbtime.now()
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def webhook(db: None, receiver: Receiver):
    """`webhook("/path", filters=…, **config)`: a sink that posts to the receiver there."""
    EventSink.objects.all().delete()

    def make(path: str = "/hook", *, filters: Any = None, **config: Any) -> EventSink:
        return create_sink(
            document={
                "name": f"webhook {path}",
                "type": "webhook",
                "config": {"url": receiver.url(path), "secret": SECRET, **config},
                "filters": filters or {},
            },
            actor="tests",
        )

    return make


@pytest.fixture
def instances(db: None) -> list[str]:
    """One instance for everybody, one of client 7."""
    document = {
        "slug": "acme",
        "name": "Acme",
        "version": "1.0.0",
        "type": "http",
        "default_config": {"base_url": "https://api.acme.example"},
        "methods": {"ping": {"http": {"method": "GET", "path": "/ok"}}},
    }
    row = registry.create_definition(document=document, actor="tests")
    registry.publish_definition(definition=row, actor="tests")
    for slug, context in (
        ("for-all", {"type": "global"}),
        ("of-seven", {"type": "client", "id": "7"}),
    ):
        registry.create_instance(definition="acme", slug=slug, context=context, actor="tests")
    Event.objects.all().delete()
    return ["for-all", "of-seven"]
