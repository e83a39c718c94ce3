"""The sink contract and its catalog: how one kind of receiver is told of an event."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.fields import Field


class Sink(ABC):
    """Stateless. Delivers one CloudEvent; any exception means "not delivered, try again"."""

    type: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    fields: ClassVar[tuple[Field, ...]] = ()

    @abstractmethod
    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
        """Hand the event over; return only when the receiver has it."""


sinks: Catalog[Sink] = Catalog("event sink", entry_point_group="integration_hub.event_sinks")
