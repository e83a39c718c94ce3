"""Send test event: one event that nobody emitted, to one sink, at once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from integration_hub.audit.services import record
from integration_hub.events import moment, sink_config
from integration_hub.events.cloudevent import cloudevent_of
from integration_hub.events.models import Event, EventSink
from integration_hub.events.sink import NotDelivered, sinks
from integration_hub.lib import clock, jsonsafe, redact

TYPE = "integration.sink.test"
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test went; `status` and `answer` are the receiver's, where it gave any."""

    ok: bool
    event_id: str
    status: int | None
    detail: str
    answer: str
    duration_ms: float


def send_test_event(*, sink: EventSink, actor: str) -> Trial:
    """Deliver a test event now, whether the sink is enabled or not; audited.

    One that is taken proves the address. The event is stored nowhere and no other sink
    hears of it.
    """
    with transaction.atomic():
        record(
            actor=actor,
            action="event_sink.tested",
            target_type="event_sink",
            target=sink.name,
            detail={"type": sink.type},
        )
    data = jsonsafe.dumps_text({"sink": sink.name, "test": True})
    event = Event(type=TYPE, subject=sink.name, data=data, created_at=clock.now())
    began = clock.monotonic()
    status, error, redactor = None, None, redact.current()
    try:
        config = sink_config.open_config(sink)
        plugin = sinks.get(sink.type)
        redactor = sink_config.redactor_of(sink, config)
        if sink.proven_at is None:
            plugin.prove(config)
        status = plugin.deliver_all([cloudevent_of(event)], config=config)
    except Exception as raised:  # noqa: BLE001 - the contract of Sink: any is "not delivered"
        error = raised
        status = raised.status if isinstance(raised, NotDelivered) else None
    took = round((clock.monotonic() - began) * 1000, 3)
    if error is None:
        EventSink.objects.filter(pk=sink.pk, proven_at=None).update(proven_at=moment.now())
        return Trial(True, str(event.pk), status, "The receiver has it.", "", took)
    said = redactor.text(str(error) or type(error).__name__, MAX_TEXT)[:MAX_TEXT]
    answer = redactor.text(getattr(error, "answer", ""), MAX_TEXT)[:MAX_TEXT]
    return Trial(False, str(event.pk), status, said, answer, took)
