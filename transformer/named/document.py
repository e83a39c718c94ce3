"""The document of a named transform: its shape, its faults, and its examples run as tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from integration_hub.lib import clock, jsonsafe
from integration_hub.lib.errors import Fault, ServiceUnavailable, ValidationFailed
from integration_hub.lib.schema import compile_schema
from registry.name_patterns import SLUG_PATTERN, VERSION_PATTERN
from transformer.faults import MAX_FAULTS, shown
from transformer.services import compile_spec

RESERVED = frozenset({"preview"})
MAX_EXAMPLES = 100
MAX_SECONDS = 10
_EXAMPLE: dict[str, Any] = {
    "type": "object",
    "required": ["input"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "maxLength": 120},
        "input": True,
        "output": True,
        "errors": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_FAULTS,
            "items": {"type": "string", "maxLength": 40},
        },
    },
}
DOCUMENT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Named transform",
    "type": "object",
    "required": ["slug", "version", "spec"],
    "additionalProperties": False,
    "properties": {
        "slug": {"type": "string", "maxLength": 80, "pattern": SLUG_PATTERN},
        "version": {"type": "string", "maxLength": 40, "pattern": VERSION_PATTERN},
        "description": {"type": "string", "maxLength": 4_000},
        "spec": {"type": "object"},
        "examples": {"type": "array", "maxItems": MAX_EXAMPLES, "items": _EXAMPLE},
    },
}


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of one example; `detail` is empty where it passed."""

    number: int
    name: str
    detail: str

    @property
    def ok(self) -> bool:
        return not self.detail

    def as_dict(self) -> dict[str, Any]:
        return {"example": self.number, "name": self.name, "ok": self.ok, "detail": self.detail}


def judge(document: Any) -> None:
    """Raises ValidationFailed with every fault of the document; its examples are not run."""
    faults = tuple(islice(_faults(document), MAX_FAULTS))
    if faults:
        raise ValidationFailed("The transform is not valid; see errors.", errors=faults)


def _faults(document: Any) -> Iterator[Fault]:
    shape = tuple(compile_schema(DOCUMENT_SCHEMA).faults(document))
    yield from shape
    if not isinstance(document, Mapping):
        return
    if document.get("slug") in RESERVED:
        yield Fault("/slug", f"{document['slug']!r} is a word of the API: choose another.", "TAKEN")
    for number, example in enumerate(document.get("examples", ()) if not shape else ()):
        if ("output" in example) == ("errors" in example):
            detail = "An example has either an `output` or the codes of its `errors`."
            yield Fault(f"/examples/{number}", detail, "INVALID")
    if isinstance(document.get("spec"), Mapping):
        try:
            compile_spec(document["spec"], response=False)
        except ValidationFailed as failed:
            for fault in failed.errors:
                yield Fault(f"/spec{fault.pointer}", fault.detail, fault.code)


def run_examples(document: Mapping[str, Any]) -> list[Tested]:
    """Each example of a document that was judged, in order; those that there is no time for
    do not hold."""
    ends_at = clock.monotonic() + MAX_SECONDS
    transform = compile_spec(document["spec"], response=False)
    results = []
    for number, example in enumerate(document.get("examples", ())):
        if clock.monotonic() > ends_at:
            detail = f"Not run: those before took {MAX_SECONDS} s."
            results.append(Tested(number, example.get("name", ""), detail))
            continue
        try:
            outcome = transform.attempt(example["input"])
            detail = _difference(example, outcome.result, outcome.failed, outcome.faults)
        except ServiceUnavailable as error:
            detail = error.detail
        results.append(Tested(number, example.get("name", ""), detail))
    return results


def _difference(
    example: Mapping[str, Any], result: Any, failed: bool, faults: tuple[Fault, ...]
) -> str:
    """What is not as the example says; members may stand in any order."""
    codes = sorted({fault.code for fault in faults})
    if "errors" in example:
        wanted = sorted(set(example["errors"]))
        return "" if failed and codes == wanted else f"Gave the errors {codes}, not {wanted}."
    if failed:
        return f"Failed with {codes}: {faults[0].detail}"[:400]
    if _canonical(result) == _canonical(example["output"]):
        return ""
    return f"Gave {shown(result)}, not {shown(example['output'])}."


def _canonical(value: Any) -> Any:
    """Equal for equal documents alone: true is no 1, and 1 no 1.0."""
    if isinstance(value, Mapping):
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return type(value).__name__, jsonsafe.dumps_text(value)
