"""Postman collections 2.1 (and 2.0): folders are tags, the origin of most requests is config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.errors import Fault, ValidationFailed
from registry.import_budget import Budget
from registry.importer import Importer, importers
from registry.importers.postman.source import PostmanSource


@importers.register("postman")
class PostmanImporter(Importer):
    name: ClassVar[str] = "postman"
    title: ClassVar[str] = "Postman collection 2.1"

    def recognises(self, document: Mapping[str, Any]) -> bool:
        found = _collection(document)
        return "_postman_id" in _info(found) or "getpostman.com" in str(_info(found).get("schema"))

    def open(self, document: Mapping[str, Any], budget: Budget, *, url: str = "") -> PostmanSource:
        found = _collection(document)
        schema = str(_info(found).get("schema", ""))
        if "/v2." not in schema or not isinstance(found.get("item"), list):
            detail = "Not a Postman collection 2.1: export it as Collection v2.1."
            raise ValidationFailed(detail, errors=[Fault("/info/schema", detail, "KIND")])
        return PostmanSource(found)


def _collection(document: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = document.get("collection")  # as Postman's own API wraps it
    return inner if isinstance(inner, Mapping) else document


def _info(collection: Mapping[str, Any]) -> Mapping[str, Any]:
    info = collection.get("info")
    return info if isinstance(info, Mapping) else {}
