"""The transforms of a draft definition's methods: read for the editor, and put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, NotFound
from registry import services as registry
from registry.choices import DefinitionStatus
from registry.models import Definition

SIDES = {"request": "request_transform", "response": "response_transform"}
START: dict[str, Any] = {"rules": [{"source": "$", "target": "$"}]}


@dataclass(frozen=True, slots=True)
class Chosen:
    """One transform of one method; `sample` and `expected` are of its first example.

    An example tells what a request is made of and what an answer becomes.
    """

    definition: Definition
    method: str
    side: str
    spec: dict[str, Any]
    sample: Any
    expected: Any


def drafts() -> list[Definition]:
    """What may be edited, newest first."""
    rows = Definition.objects.filter(status=DefinitionStatus.DRAFT)
    return list(rows.only("pk", "slug", "version").order_by("-updated_at")[:200])


def choose(definition: Definition, method: str, side: str) -> Chosen:
    """Raises NotFound for a method or a side that there is not."""
    body = _method(jsonsafe.loads(definition.document), definition, method)
    spec = body.get(_member(side)) or START
    example: dict[str, Any] = next(iter(body.get("examples", ())), {})
    sample = example.get("parameters", {}) if side == "request" else {}
    expected = example.get("result") if side == "response" else None
    return Chosen(definition, method, side, spec, sample, expected)


def methods_of(definition: Definition) -> list[str]:
    return sorted(jsonsafe.loads(definition.document).get("methods", {}))


def put_back(
    *,
    definition: Definition,
    method: str,
    side: str,
    spec: dict[str, Any],
    revision: int,
    actor: str,
) -> Definition:
    """Store the transform in the draft, whose other members stay as they are.

    Raises ValidationFailed, with pointers into the definition; Conflict for a draft that
    was published or changed since `revision`.
    """

    def unchanged(row: Definition) -> None:
        if row.revision != revision:
            raise Conflict(
                f"{row.ref} was changed since this page was opened. What you wrote is still "
                "here: copy it, open the page again, and put it in."
            )

    document = jsonsafe.loads(definition.document)
    _method(document, definition, method)[_member(side)] = spec
    return registry.update_definition(
        definition=definition, document=document, actor=actor, precondition=unchanged
    )


def _method(document: Any, definition: Definition, method: str) -> dict[str, Any]:
    body = document.get("methods", {}).get(method)
    if not isinstance(body, dict):
        raise NotFound(
            f"{definition.ref} has no method {method[:80]!r} of its own; those that it inherits "
            "are edited where they are described."
        )
    return body


def _member(side: str) -> str:
    if side not in SIDES:
        raise NotFound(f"A method has a request and a response transform, no {side[:40]!r}.")
    return SIDES[side]
