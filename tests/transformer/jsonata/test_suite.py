"""The official JSONata suite through the engine contract: what passes, and every miss by name."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.transformer.jsonata.misses import MISSES
from transformer.engine import ExpressionFailed, Limits, engines

SUITE = json.loads(gzip.decompress((Path(__file__).parent / "suite.json.gz").read_bytes()))
CASES = SUITE["cases"]
PROMISED = 1_676
# The suite goes to JSONata's own limits, which are above the hub's.
WIDE = {"steps": 10**9, "string": 10**8, "array": 10_000_001, "result": 10**9}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or math.isclose(left, right, rel_tol=1e-15)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def document_of(case: dict[str, Any]) -> bytes | None:
    if "data" in case:
        return json.dumps(case["data"]).encode()
    name = case.get("dataset")
    return json.dumps(SUITE["datasets"][name]).encode() if name else None


def outcome(engine: str, case: dict[str, Any]) -> tuple[str, Any]:
    limits = Limits(
        seconds=case.get("timelimit", 10_000) / 1000, depth=case.get("depth", 1_000), **WIDE
    )
    try:
        program = engines.get(engine).compile(case["expr"])
        result = program.run(document_of(case), bindings=case.get("bindings") or {}, limits=limits)
    except ExpressionFailed as failed:
        return "refused", failed.engine_code
    return ("undefined", None) if result is None else ("value", json.loads(result))


def passes(engine: str, case: dict[str, Any]) -> bool:
    kind, got = outcome(engine, case)
    wanted_code = case.get("code") or case.get("error", {}).get("code")
    if wanted_code:
        return (kind, got) == ("refused", wanted_code)
    if "result" not in case:
        return kind == "undefined"
    if case.get("unordered") and kind == "value":
        return sorted(map(json.dumps, got)) == sorted(map(json.dumps, case["result"]))
    return kind == "value" and same(got, case["result"])


@pytest.mark.parametrize("engine", MISSES)
def test_the_official_suite_passes_but_for_what_is_listed(engine):
    missed = {case["id"] for case in CASES if not passes(engine, case)}
    assert missed == set(MISSES[engine])


def test_the_promise_is_kept_by_the_default():
    assert len(CASES) == 1_686
    assert len(CASES) - len(MISSES["jlens"]) >= PROMISED


def test_every_miss_has_its_reason():
    for misses in MISSES.values():
        assert all(len(reason) > 20 for reason in misses.values())
        assert misses.keys() <= {case["id"] for case in CASES}
