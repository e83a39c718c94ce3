"""What the editor edits: the transform of a draft definition's method, or a named draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict, NotFound
from registry import services as registry
from registry.choices import DefinitionStatus
from registry.models import Definition
from transformer.choices import TransformStatus
from transformer.models import NamedTransform
from transformer.named import services as named

SIDES = {"request": "request_transform", "response": "response_transform"}
START: dict[str, Any] = {"rules": [{"source": "$", "target": "$"}]}
OF_DEFINITION, NAMED = "definition", "transform"
_MOST = 200
Row = Definition | NamedTransform


@dataclass(frozen=True, slots=True)
class Draft:
    """One row that may be edited; `key` is how the page names it."""

    key: str
    row: Row

    @property
    def kind(self) -> str:
        return NAMED if isinstance(self.row, NamedTransform) else OF_DEFINITION

    @property
    def methods(self) -> list[str]:
        """Those that the definition describes itself; none of a named transform."""
        if isinstance(self.row, NamedTransform):
            return []
        return sorted(jsonsafe.loads(self.row.document).get("methods", {}))


@dataclass(frozen=True, slots=True)
class Chosen:
    """One transform; `sample` and `expected` are of its first example.

    An example of a method tells what a request is made of and what an answer becomes.
    """

    draft: Draft
    method: str
    side: str
    spec: dict[str, Any]
    sample: Any
    expected: Any

    @property
    def title(self) -> str:
        ref = self.draft.row.ref
        return f"the {self.side} of {self.method} in {ref}" if self.method else ref


def drafts() -> dict[str, list[Draft]]:
    """What may be edited by kind, the latest first."""
    definitions = Definition.objects.filter(status=DefinitionStatus.DRAFT)
    transforms = NamedTransform.objects.filter(status=TransformStatus.DRAFT)
    return {
        OF_DEFINITION: [_draft(row) for row in _latest(definitions)],
        NAMED: [_draft(row) for row in _latest(transforms)],
    }


def find(key: str) -> Draft:
    """Raises NotFound."""
    kind, _, text = key.partition(":")
    try:
        pk = UUID(text)
    except ValueError:
        raise _unknown() from None
    row: Row | None
    if kind == NAMED:
        row = NamedTransform.objects.filter(pk=pk).first()
    else:
        row = Definition.objects.filter(pk=pk).first()
    if row is None:
        raise _unknown()
    return _draft(row)


def choose(draft: Draft, method: str, side: str) -> Chosen:
    """Raises NotFound for a method or a side that there is not."""
    document = jsonsafe.loads(draft.row.document)
    if draft.kind == NAMED:
        example = _first_example(document)
        sample, expected = example.get("input", {}), example.get("output")
        return Chosen(draft, "", "", document["spec"], sample, expected)
    body = _method(document, draft.row.ref, method)
    spec = body.get(_member(side)) or START
    example = _first_example(body)
    sample = example.get("parameters", {}) if side == "request" else {}
    expected = example.get("result") if side == "response" else None
    return Chosen(draft, method, side, spec, sample, expected)


def put_back(chosen: Chosen, spec: dict[str, Any], *, revision: int, actor: str) -> None:
    """Store the transform in its draft, whose other members stay as they are.

    Raises ValidationFailed, with pointers into the whole document; Conflict for a draft
    that was published or changed since `revision`.
    """

    def unchanged(row: Row) -> None:
        if row.revision != revision:
            raise Conflict(
                f"{row.ref} was changed since this page was opened. What you wrote is still "
                "here: copy it, open the page again, and put it in."
            )

    row = chosen.draft.row
    document = jsonsafe.loads(row.document)
    if isinstance(row, NamedTransform):
        document["spec"] = spec
        named.update_transform(
            transform=row, document=document, actor=actor, precondition=unchanged
        )
    else:
        _method(document, row.ref, chosen.method)[_member(chosen.side)] = spec
        registry.update_definition(
            definition=row, document=document, actor=actor, precondition=unchanged
        )


def _first_example(body: dict[str, Any]) -> dict[str, Any]:
    return next(iter(body.get("examples", ())), {})


def _draft(row: Row) -> Draft:
    return Draft(f"{NAMED if isinstance(row, NamedTransform) else OF_DEFINITION}:{row.pk}", row)


def _latest(rows: Any) -> Any:
    return rows.only("pk", "slug", "version").order_by("-updated_at")[:_MOST]


def _unknown() -> NotFound:
    return NotFound("There is no such draft; choose one.")


def _method(document: Any, ref: str, method: str) -> dict[str, Any]:
    body = document.get("methods", {}).get(method)
    if not isinstance(body, dict):
        raise NotFound(
            f"{ref} has no method {method[:80]!r} of its own; those that it inherits are edited "
            "where they are described."
        )
    return body


def _member(side: str) -> str:
    if side not in SIDES:
        raise NotFound(f"A method has a request and a response transform, no {side[:40]!r}.")
    return SIDES[side]
