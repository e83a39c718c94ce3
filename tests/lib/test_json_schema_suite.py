"""The official JSON Schema test suite, through our own validator.

`data/json-schema-test-suite.tar.xz` is json-schema-org/JSON-Schema-Test-Suite at
44401e0c046704b476ec9d2e2fccdaee618f259d (MIT, its LICENSE inside): the five drafts, their
optional tests too, and the documents that stand in for remote ones.
"""

from __future__ import annotations

import functools
import json
import tarfile
from collections import Counter
from pathlib import Path

import jsonschema_rs
import pytest

from integration_hub.lib.errors import ValidationFailed
from integration_hub.lib.schema import DRAFTS, compile_schema

ARCHIVE = Path(__file__).parent / "data" / "json-schema-test-suite.tar.xz"
NAMES = dict(
    zip(("draft2020-12", "draft2019-09", "draft7", "draft6", "draft4"), DRAFTS, strict=True)
)
# Says that formats are notes only, which is the default of newer drafts; ours are checked,
# as `optional/format/` wants.
NOTES_ONLY = "format.json"


@functools.cache
def suite() -> dict[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        return {
            member.name: archive.extractfile(member).read()
            for member in archive
            if member.isfile() and member.name.endswith(".json")
        }


def remote(uri: str):
    """What the tests expect at http://localhost:1234, without anyone fetching it."""
    return json.loads(suite()["remotes/" + uri.removeprefix("http://localhost:1234/")])


def cases(draft: str):
    for name, raw in suite().items():
        if name.startswith(f"tests/{draft}/") and name != f"tests/{draft}/{NOTES_ONLY}":
            for case in json.loads(raw):
                yield name, case


def of_draft(schema, draft: str):
    if isinstance(schema, bool) or "$schema" in schema:
        return schema
    return {"$schema": NAMES[draft], **schema}


def judge_of(schema):
    """Our validator; None for a schema that leads outside, which we refuse to follow."""
    try:
        return compile_schema(schema)
    except ValidationFailed as failed:
        codes = {fault.code for fault in failed.errors}
    text = json.dumps(schema)
    assert codes <= {"REFERENCE", "DRAFT"}
    assert "localhost:1234" in text or "json-schema.org" in text
    return None


@pytest.mark.parametrize("draft", NAMES)
def test_every_case_of_the_suite_is_judged_as_it_says_or_refused_for_leading_outside(draft):
    counts, wrong = Counter(), []
    for name, case in cases(draft):
        schema = of_draft(case["schema"], draft)
        judge = judge_of(schema)
        if judge is None:  # refused by us; the engine knows the answer all the same
            judge = jsonschema_rs.validator_for(schema, validate_formats=True, retriever=remote)
            counts["outside"] += len(case["tests"])
        for test in case["tests"]:
            counts["all"] += 1
            if judge.is_valid(test["data"]) != test["valid"]:
                wrong.append((name, case["description"], test["description"]))
    assert not wrong
    assert counts["all"] > 900
    assert counts["outside"] < counts["all"] / 30
