"""The format contract and its catalog: bytes to a document and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import IO, Any, ClassVar, NamedTuple, Protocol

from integration_hub.lib.catalog import Catalog
from integration_hub.lib.fields import Field
from transformer.faults import TransformFault


class Format(ABC):
    """One format, stateless. `options` are those of a transform's `input` or `output`,
    already checked against `fields`."""

    name: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    suffixes: ClassVar[tuple[str, ...]] = ()  # structured syntax suffixes: `+json`
    unasked: ClassVar[bool] = True  # whether an answer of its type is read without being told to
    readable: ClassVar[bool] = True
    writable: ClassVar[bool] = True
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


class Row(NamedTuple):
    """One row of a stream. With `faults` it is a bad one and has no document."""

    line: int | None  # where it begins; None where the format has no lines to speak of
    document: Any
    faults: tuple[TransformFault, ...] = ()


class RowWriter(Protocol):
    """The bytes of a stream in order: `head` once, each row, `tail` once."""

    def head(self) -> bytes: ...

    def row(self, document: Any) -> bytes:
        """Raises TransformFailed for a row that the format cannot hold; the next may follow."""

    def tail(self) -> bytes: ...


class Streamed(ABC):
    """What a format of rows can do beside: any number of them in bounded memory."""

    def streams(self, options: Mapping[str, Any]) -> bool:
        """Whether these options say where the rows are."""
        return True

    @abstractmethod
    def rows(
        self, source: IO[bytes], *, charset: str | None, options: Mapping[str, Any]
    ) -> Iterator[Row]:
        """Each row as it is read. Raises TransformFailed where no more can be read after it."""

    @abstractmethod
    def row_writer(self, *, options: Mapping[str, Any]) -> RowWriter:
        """A writer of one stream."""


formats: Catalog[Format] = Catalog("format", entry_point_group="integration_hub.formats")
