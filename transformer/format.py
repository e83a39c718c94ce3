"""The format contract and its catalog: bytes to a document and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.fields import Field


class Format(ABC):
    """One format, stateless. `options` are those of a transform's `input` or `output`,
    already checked against `fields`."""

    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    suffixes: ClassVar[tuple[str, ...]] = ()  # structured syntax suffixes: `+json`
    unasked: ClassVar[bool] = True  # whether an answer of its type is read without being told to
    version: ClassVar[str] = "1.0.0"
    fields: ClassVar[tuple[Field, ...]] = ()

    @abstractmethod
    def decode(self, raw: bytes, *, charset: str | None, options: Mapping[str, Any]) -> Any:
        """The document. Raises TransformFailed: FORMAT_PARSE faults that name the place."""

    @abstractmethod
    def encode(self, document: Any, *, options: Mapping[str, Any]) -> bytes:
        """The bytes, UTF-8. Raises TransformFailed for what the format cannot hold."""

    def content_type(self, encoded: bytes) -> str:
        """The header that goes with what `encode` gave."""
        return self.media_types[0]

    def reads(self, essence: str) -> bool:
        return essence in self.media_types or essence.endswith(self.suffixes or ("\0",))


formats: Catalog[Format] = Catalog("format", entry_point_group="integration_hub.formats")
