"""OpenAPI 3.0 and 3.1, and Swagger 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from integration_hub.lib.errors import Fault, ValidationFailed
from registry.import_budget import Budget
from registry.importer import Importer, importers
from registry.importers.openapi.source import OpenAPISource


@importers.register("openapi")
class OpenAPIImporter(Importer):
    name: ClassVar[str] = "openapi"
    title: ClassVar[str] = "OpenAPI 3.0, 3.1 or Swagger 2.0"

    def recognises(self, document: Mapping[str, Any]) -> bool:
        return "openapi" in document or "swagger" in document

    def open(self, document: Mapping[str, Any], budget: Budget, *, url: str = "") -> OpenAPISource:
        swagger, version = document.get("swagger"), str(document.get("openapi", ""))
        if str(swagger) != "2.0" and not version.startswith(("3.0", "3.1")):
            detail = "Not an OpenAPI 3.0 or 3.1 or Swagger 2.0 document: it does not say so."
            raise ValidationFailed(detail, errors=[Fault("/openapi", detail, "KIND")])
        if not isinstance(document.get("paths"), Mapping):
            detail = "The document has no `paths`, so there is nothing to import."
            raise ValidationFailed(detail, errors=[Fault("/paths", detail, "REQUIRED")])
        return OpenAPISource(document, budget, url)
