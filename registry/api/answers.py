"""Answers with one row: its shape, its ETag, and where it was created."""

from __future__ import annotations

from django.urls import reverse
from rest_framework.response import Response

from integration_hub.api.etag import etag_of
from registry.api import shapes
from registry.models import Definition, Instance


def answer(row: Definition | Instance, status: int = 200, *, linted: bool = False) -> Response:
    """With `linted` a definition says what in it wants a look, if anything does."""
    is_instance = isinstance(row, Instance)
    body = shapes.instance(row) if isinstance(row, Instance) else shapes.definition(row)
    if linted and isinstance(row, Definition) and (found := shapes.warnings(row)):
        body["warnings"] = found
    response = Response(body, status=status)
    response["ETag"] = etag_of(row)
    if status == 201:
        name = "instance" if is_instance else "definition"
        ref = row.slug if is_instance else str(row.pk)
        response["Location"] = reverse(name, kwargs={"ref": ref})
    return response
