"""The importer contract and its catalog: a foreign description becomes a definition's parts.

An importer reads one kind of document (OpenAPI, Postman). It lists the operations
first and makes methods one by one, so that choosing costs little and one faulty
operation costs no other. It imports no model and opens no connection.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from integration_hub.lib.catalog import Catalog
from registry.import_budget import Budget

JSONObject = dict[str, Any]


class LeftOut(Exception):
    """An operation that does not become a method; `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it is listed. `id` names it in reports and in `include`."""

    id: str
    verb: str
    path: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    index: int = 0


@dataclass(slots=True)
class Notes:
    """What a person should know of what was made: `notes` were decided, `guesses` want a look."""

    notes: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def guess(self, sentence: str) -> None:
        if sentence not in self.guesses:
            self.guesses.append(sentence)


class Source(ABC):
    """One readable document."""

    operations: tuple[Operation, ...]

    @abstractmethod
    def head(self, notes: Notes) -> JSONObject:
        """The members of the definition beside slug, version, type and methods."""

    @abstractmethod
    def method(self, operation: Operation, notes: Notes) -> JSONObject:
        """The method of one operation. Raises LeftOut."""


class Importer(ABC):
    """Reads one kind of document into `http` methods. Stateless."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether the document says that it is of this kind, of whatever version."""

    @abstractmethod
    def open(self, document: Mapping[str, Any], budget: Budget, *, url: str = "") -> Source:
        """`url` is where it came from, for relative addresses. Raises
        ValidationFailed for a document of another kind or version.
        """


importers: Catalog[Importer] = Catalog("importer", entry_point_group="integration_hub.importers")
