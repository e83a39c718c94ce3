"""What the editor shows for three texts: a spec, a sample, and what is expected."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, ValidationFailed
from registry.reading import read_document
from transformer.authoring.comparing import differences
from transformer.authoring.places import line_of, lines_of
from transformer.authoring.proposing import propose
from transformer.preview import preview

MAX_CHARACTERS = 1_000_000
JSONObject = dict[str, Any]


class Unreadable(Exception):
    """One of the texts cannot be read; `where` says which."""

    def __init__(self, where: str, detail: str, line: int | None = None) -> None:
        super().__init__(detail)
        self.as_dict = {"where": where, "detail": detail, "line": line}


def attempt(spec: str, sample: str, expected: str = "") -> JSONObject:
    """`{"result", "errors", "trace", "differences"}`; nothing is stored and nobody is called.

    An error has `where` (`spec`, `sample`, `expected` or `result`), `detail`, and `line`
    in that text where it is known; what a rule did wrong has the line of the rule.
    """
    try:
        document, lines = spec_of(spec), lines_of(spec)
        data = _sample(document, sample)
        wanted = _json("expected", expected) if expected.strip() else None
    except Unreadable as error:
        return _answer(errors=[error.as_dict])
    try:
        found = preview(spec=document, sample=data)
    except ValidationFailed as failed:
        return _answer(errors=[_in_spec(fault, lines) for fault in failed.errors])
    errors = [_at_rule(error, lines) for error in found["errors"]]
    result = None if errors and found["result"] is None else pretty(found["result"])
    answer = _answer(result=result, errors=errors, trace=found["trace"])
    if expected.strip() and not errors:
        answer["differences"] = differences(wanted, found["result"])
    return answer


def proposal(sample: str, expected: str) -> JSONObject:
    """`{"spec": text, "constants": targets that were found nowhere}`, or `{"errors"}`."""
    try:
        found = propose(_json("sample", sample), _json("expected", expected))
    except Unreadable as error:
        return {"errors": [error.as_dict]}
    return {"spec": pretty({"rules": found.rules}), "constants": found.constants}


def spec_of(text: str) -> JSONObject:
    """The spec that JSON or YAML writes. Raises Unreadable."""
    _bounded("spec", text)
    try:
        return read_document(text.encode("utf-8", "surrogatepass"), what="a transform")
    except ValidationFailed as failed:
        raise Unreadable("spec", failed.detail, _line_in(failed.detail)) from None


def pretty(document: Any) -> str:
    """JSON as people read it, every digit and letter as it is."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def _sample(spec: JSONObject, text: str) -> Any:
    """Text of the format that the spec reads, as it stands; else JSON."""
    side = spec.get("input")
    format_name = side.get("format") if isinstance(side, dict) else None
    if format_name not in (None, "json"):
        _bounded("sample", text)
        return text
    return _json("sample", text)


def _json(where: str, text: str) -> Any:
    _bounded(where, text)
    try:
        return jsonsafe.loads(text)
    except jsonsafe.JSONFault as fault:
        detail = f"not acceptable JSON: {fault}"
        raise Unreadable(where, detail, fault.line) from None


def _bounded(where: str, text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(where, f"larger than {MAX_CHARACTERS:,} characters")


def _line_in(detail: str) -> int | None:
    """The strict readers end what they say with `(line 3, column 5)`."""
    _, _, rest = detail.rpartition("(line ")
    number = rest.partition(",")[0].rstrip(").")
    return int(number) if number.isdigit() else None


def _in_spec(fault: Fault, lines: dict[str, int]) -> JSONObject:
    detail = f"{fault.pointer or 'spec'}: {fault.detail}"
    return {"where": "spec", "detail": detail, "line": line_of(lines, fault.pointer)}


def _at_rule(error: JSONObject, lines: dict[str, int]) -> JSONObject:
    """A fault of the data stands at the rule that met it, or in the sample."""
    told = f"{error['code']}: {error['detail']}"
    place = f" (at {error['pointer']} of the sample)" if error["pointer"] else ""
    if "rule" in error:
        line = line_of(lines, f"/rules/{error['rule']}")
        return {"where": "spec", "detail": told + place, "line": line}
    return {"where": "sample", "detail": told + place, "line": error.get("line")}


def _answer(
    *,
    result: str | None = None,
    errors: Iterable[JSONObject] = (),
    trace: Iterable[JSONObject] = (),
) -> JSONObject:
    return {
        "result": result,
        "errors": list(errors),
        "trace": list(trace),
        "differences": None,
    }
