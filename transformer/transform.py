"""The value-transform contract and its catalog: one value to one value, inside a rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.fields import Field


class ValueTransform(ABC):
    """Stateless. Compiled once with its options; raises ValueError with a sentence at run time."""

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[tuple[Field, ...]] = ()

    @abstractmethod
    def apply(self, value: Any, options: Mapping[str, Any]) -> Any:
        """The new value."""


transforms: Catalog[ValueTransform] = Catalog(
    "value transform", entry_point_group="integration_hub.transforms"
)
