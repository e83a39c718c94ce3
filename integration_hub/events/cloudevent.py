"""CloudEvents 1.0, structured JSON: the shape in which every sink gets an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from integration_hub.events.models import Event
from integration_hub.lib import jsonsafe
from integration_hub.lib.clock import rfc3339

SOURCE = "/integration-hub"
CONTENT_TYPE = "application/cloudevents+json"
_DIGITS = 20  # of a sequence: compared as text it is in order too


class CloudEvent(Mapping[str, Any]):
    """One event as sinks get it; its data is read only when a sink asks for it."""

    def __init__(self, envelope: Mapping[str, Any], data: str) -> None:
        self._envelope, self._data = envelope, data

    @cached_property
    def body(self) -> bytes:
        """The whole event as JSON; the stored text of its data goes in as it is."""
        head = jsonsafe.dumps(self._envelope)
        return head[:-1] + b',"data":' + self._data.encode() + b"}"

    @cached_property
    def _parsed(self) -> Any:
        return jsonsafe.loads(self._data)

    def __getitem__(self, name: str) -> Any:
        return self._parsed if name == "data" else self._envelope[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._envelope
        yield "data"

    def __len__(self) -> int:
        return len(self._envelope) + 1


def cloudevent_of(event: Event) -> CloudEvent:
    """The envelope; `id` and `time` are the row's, so that a redelivery is recognised.

    `sequence` (an extension of CloudEvents) orders the events of a subject; it is
    there once the deliveries are planned.
    """
    envelope = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": SOURCE,
        "type": event.type,
        "subject": event.subject,
        "time": rfc3339(event.created_at),
        "datacontenttype": "application/json",
    }
    if event.position is not None:
        envelope["sequence"] = f"{event.position:0{_DIGITS}d}"
    return CloudEvent(envelope, event.data)
