"""A method's `poll` block, read once, and what it can get wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from executor.followups.page_options import path_fault
from integration_hub.lib.errors import Fault
from registry.spec import MethodSpec
from transformer import paths

BLOCK = "poll"
INTERVAL_MS, MAX_POLLS = 1_000, 60
_PATHS = ("url_path", "status_path", "result_url_path")
_TEXT = {"type": "string", "minLength": 1, "maxLength": 1_000}
_WORDS = {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": ["string", "boolean"]}}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "The method starts a job: its state is read, with GET, until it is done, and "
    "its result is the result of the call.",
    "properties": {
        "url_header": {**_TEXT, "description": "Has the state's address; default Location."},
        "url_path": {**_TEXT, "description": "Where the first answer has it instead."},
        "status_path": {
            **_TEXT,
            "description": "Where an answer has the state's word; without it 202 is at work.",
        },
        "done": {**_WORDS, "description": "Words of a job that is done."},
        "failed": {**_WORDS, "description": "Words of one that failed; any other is at work."},
        "result_url_path": {
            **_TEXT,
            "description": "Where the last answer has the result's address; default: it is it.",
        },
        "interval_ms": {"type": "integer", "minimum": 100, "maximum": 300_000},
        "max_polls": {"type": "integer", "minimum": 1, "maximum": 1_000},
    },
}


@dataclass(frozen=True, slots=True)
class JobOptions:
    url_header: str
    url: tuple[paths.Step, ...] | None
    status: tuple[paths.Step, ...] | None
    done: tuple[Any, ...]
    failed: tuple[Any, ...]
    result_url: tuple[paths.Step, ...] | None
    interval: float
    max_polls: int


def options_of(method: MethodSpec) -> JobOptions | None:
    """The options of a method whose definition was judged; None where it starts no job."""
    block = method.protocol.get(BLOCK)
    if block is None:
        return None
    found: JobOptions | None = method.memo.get(BLOCK)
    if found is None:
        found = method.memo[BLOCK] = _options(block)
    return found


def _options(block: Mapping[str, Any]) -> JobOptions:
    steps = {name: paths.parse(block[name]) if name in block else None for name in _PATHS}
    return JobOptions(
        url_header=str(block.get("url_header", "location")).lower(),
        url=steps["url_path"],
        status=steps["status_path"],
        done=tuple(block.get("done", ())),
        failed=tuple(block.get("failed", ())),
        result_url=steps["result_url_path"],
        interval=block.get("interval_ms", INTERVAL_MS) / 1000,
        max_polls=block.get("max_polls", MAX_POLLS),
    )


def faults(method: MethodSpec, adapter: str) -> Iterator[Fault]:
    """Every fault of the block; pointers start at the method."""
    block = method.protocol.get(BLOCK)
    if not isinstance(block, Mapping):
        return
    base = f"/{adapter}/{BLOCK}"
    for name in _PATHS:
        if name in block and (wrong := path_fault(str(block[name]))):
            yield Fault(f"{base}/{name}", wrong, "PATH")
    if ("status_path" in block) != ("done" in block):
        missing = "done" if "status_path" in block else "status_path"
        detail = "`status_path` and `done` belong together: where the word is, and which it is."
        yield Fault(f"{base}/{missing}", detail, "REQUIRED")
    if "url_header" in block and "url_path" in block:
        detail = "Either a header or a path of the answer has the address."
        yield Fault(f"{base}/url_path", detail, "DUPLICATE")
    if method.pagination is not None:
        yield Fault(base, "A method has pages or starts a job, not both.", "NOT_SUPPORTED")
