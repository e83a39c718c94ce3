"""The sink contract and its catalog: how one kind of receiver is told of an event."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.errors import Fault
from integration_hub.lib.fields import Field


class NotDelivered(Exception):
    """The receiver did not take the event; the text says why, for people.

    `status` and `answer` are what it said, `retry_after` the seconds that it asked
    for. `throttled`: it wants a pause from all events; `gone`: it wants none any more.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        answer: str = "",
        retry_after: float | None = None,
        throttled: bool = False,
        gone: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status, self.answer, self.retry_after = status, answer, retry_after
        self.throttled, self.gone = throttled, gone


class Sink(ABC):
    """Delivers CloudEvents. It keeps nothing but connections, and is called by several threads."""

    type: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    fields: ClassVar[tuple[Field, ...]] = ()
    lanes: ClassVar[int] = 4
    """How many deliveries of one sink may be under way in one relay, of different subjects."""
    together: ClassVar[int] = 1
    """How many events `deliver_all` takes at once; above 1 they may be of several subjects."""

    @abstractmethod
    def deliver(self, event: Mapping[str, Any], *, config: Mapping[str, Any]) -> int | None:
        """Hand the event over; return only when the receiver has it, with its status if it has one.

        Any exception means "not delivered, try again"; NotDelivered says more.
        """

    def deliver_all(
        self, events: Sequence[Mapping[str, Any]], *, config: Mapping[str, Any]
    ) -> int | None:
        """Hand over up to `together` events as one: all of them or, with an exception, none."""
        (event,) = events
        return self.deliver(event, config=config)

    def prove(self, config: Mapping[str, Any]) -> None:
        """Before the first event at an address: raise NotDelivered unless the receiver agrees."""
        return

    def faults(self, config: Mapping[str, Any]) -> Iterable[Fault]:
        """What the schema of the fields cannot say; pointers begin with /config.

        May raise TargetForbidden for a place that is never called.
        """
        return ()

    def completed(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """A checked config with what the sink itself adds to it."""
        return config

    def address(self, config: Mapping[str, Any]) -> str:
        """Where it leads: a sink whose address changes has to prove itself again."""
        return ""

    def holds_for(self, config: Mapping[str, Any]) -> float:
        """Seconds for which an event waits, so that others may go with it."""
        return 0.0


sinks: Catalog[Sink] = Catalog("event sink", entry_point_group="integration_hub.event_sinks")
