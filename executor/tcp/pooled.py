"""An adapter whose calls each hand over one message on a kept connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic

from integration_hub.egress.pooling import K, Pool
from registry.adapter import Adapter


class PooledAdapter(Adapter, Generic[K]):
    """Keeps connections of kind `K`; what it has handed over is not handed over again."""

    keeps_deadline: ClassVar[bool] = True

    def __init__(self) -> None:
        self._pool: Pool[K] = Pool()

    def close(self) -> None:
        self._pool.close()

    def is_idempotent(self, protocol: Mapping[str, Any]) -> bool:
        return False
