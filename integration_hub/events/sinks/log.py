"""The log sink: one line an event, for whoever reads the service's log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_hub.events.sink import Sink, sinks
from integration_hub.lib import log

logger = log.get(__name__)


@sinks.register("log")
class LogSink(Sink):
    type = "log"
    title = "Log line"

    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        logger.info("event_published", cloudevent=dict(event))
