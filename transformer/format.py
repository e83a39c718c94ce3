"""The format contract and its catalog: bytes to a document and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog


class Format(ABC):
    """One format, stateless. `options` are those of a transform's `input` or `output`."""

    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    version: ClassVar[str] = "1.0.0"

    @abstractmethod
    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        """The document. Raises TransformFailed: FORMAT_PARSE faults that name the place."""

    @abstractmethod
    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        """The bytes, UTF-8. Raises TransformFailed for what the format cannot hold."""


formats: Catalog[Format] = Catalog("format", entry_point_group="integration_hub.formats")
