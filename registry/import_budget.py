"""What one import may cost: time, and the size of what it makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from integration_hub.lib import clock

SECONDS = 45.0
SCHEMA_NODES = 2_000
TOTAL_CHARACTERS = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a description's schemas is kept: their levels, texts, and those of results."""

    depth: int
    texts: bool = True
    results: bool = True


# From everything (a whole definition document may nest 64 levels of JSON) to the least.
DETAILS = (
    Detail(16),
    Detail(8),
    Detail(8, texts=False),
    Detail(5, texts=False),
    Detail(3, texts=False),
    Detail(3, texts=False, results=False),
    Detail(1, texts=False, results=False),
)


@dataclass(slots=True)
class Budget:
    """`schema_nodes` bounds one expanded schema, `characters` all methods together.

    A definition document may have 10 MiB, so what is made stays safely below it: all
    methods have the same `detail`, the first with which they fit.
    """

    seconds: float = SECONDS
    schema_nodes: int = SCHEMA_NODES
    characters: int = TOTAL_CHARACTERS
    detail: Detail = DETAILS[0]
    _started: float = field(default_factory=clock.monotonic)

    @property
    def late(self) -> bool:
        return clock.monotonic() - self._started > self.seconds
