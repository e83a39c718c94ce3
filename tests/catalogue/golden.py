"""What the catalogue promises to its users, one golden file an entry: every change is seen.

make goldens        # writes them anew; then read what git says has changed
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from executor.catalogue import FOLDER as SHIPPED
from executor.catalogue import Entry, entries, request_of
from registry.api import shapes
from registry.completeness import CATEGORIES, SAMPLE_TAG
from registry.spec import DefinitionSpec, MethodSpec

WIDTH = 180
SHOWN = (
    *("description", "risk", "idempotent", "idempotency_header", "timeout_ms", "param_schema"),
    *("result_schema", "sensitive", "examples", "cache_seconds", "rate_limit", "max_attempts"),
)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "catalogue.md"
BEGIN, END = "<!-- entries: `make goldens` writes this table -->", "<!-- end -->"
FOLDER = Path(__file__).parent / "golden"


@cache
def judged() -> tuple[Entry, ...]:
    """Every entry of the shipped catalogue."""
    return tuple(entries([str(SHIPPED)]))


def public_form(spec: DefinitionSpec) -> str:
    """The entry with its anchors, defaults and policies resolved, and what each example sends."""
    whole = {key: value for key, value in spec.document.items() if key != "methods"}
    whole["methods"] = {}
    for method in spec.methods.values():
        shown = shapes.method(spec, method)
        whole["methods"][method.name] = {
            **{name: shown[name] for name in SHOWN if shown[name] not in (None, "", [])},
            "pagination": dict(method.pagination or {}),
            "transient": list(method.transient.statuses),
            "sends": [_sent(spec, method, example) for example in method.examples],
        }
    return _written(whole) + "\n"


def _written(value: Any, indent: str = "") -> str:
    """JSON with one line for what fits into one, so that a change shows where it is."""
    text = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(text) <= WIDTH or not isinstance(value, dict | list) or not value:
        return text
    inner = indent + " "
    if isinstance(value, list):
        parts, ends = [_written(item, inner) for item in value], "[]"
    else:
        ends = "{}"
        parts = [f"{json.dumps(key)}: {_written(item, inner)}" for key, item in value.items()]
    body = ",\n".join(inner + part for part in parts)
    return f"{ends[0]}\n{body}\n{indent}{ends[1]}"


def _sent(spec: DefinitionSpec, method: MethodSpec, example: Mapping[str, Any]) -> dict[str, Any]:
    """The request without what the hub says of itself in each."""
    request = request_of(spec, method, example, None)
    assert request is not None
    own = {"Accept"} - {*method.protocol.get("headers", {})}
    body = (request.body or b"").decode()
    return {
        "request": f"{request.method} {request.url}",
        "headers": {name: text for name, text in request.headers.items() if name not in own},
        **({"body": body} if body else {}),
    }


def table() -> str:
    """What docs/catalogue.md lists: each service, its category, ways to sign in and methods."""
    rows = []
    for entry in judged():
        spec = entry.spec
        kinds = ", ".join(f"`{found.type}`" for found in spec.auth)
        category = next((tag for tag in spec.tags if tag in CATEGORIES), SAMPLE_TAG)
        name = f"[{spec.name}]({spec.document['docs_url']})"
        row = (name, f"`{spec.slug}`", category, kinds, str(len(spec.methods)))
        rows.append("| " + " | ".join(row) + " |")
    head = ["| service | slug | category | sign in | methods |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *sorted(rows, key=str.lower)])


def documented() -> str:
    return DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def renewed() -> Iterator[str]:
    """Write every file, take those away that belong to nothing; the names of what changed."""
    wanted = {f"{entry.path.stem}.json": public_form(entry.spec) for entry in judged()}
    for path in sorted(FOLDER.glob("*.json")):
        if path.name not in wanted:
            path.unlink()
            yield f"{path.name} (removed)"
    for name, text in wanted.items():
        path = FOLDER / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            yield name
    if documented() != table():
        before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", "utf-8")
        yield DOCUMENT.name
