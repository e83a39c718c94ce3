"""What is wrong with a statement is said when the definition is checked, with the place."""

from __future__ import annotations

import pytest

from registry.adapter import adapters
from tests.executor.adapters.calling import call_of, faults

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "ids": {"type": "array"}},
    "additionalProperties": False,
}
GOOD = "SELECT id FROM contact WHERE city = :city AND id IN :ids"


def found(statement, *, schema=SCHEMA, mode="read", **members):
    block = {"statement": statement, "mode": mode}
    return [
        (item.pointer, item.code) for item in faults("sql", block, param_schema=schema, **members)
    ]


def test_a_good_statement_has_no_fault() -> None:
    assert found(GOOD) == []
    assert found(f"-- all of them\n/* by city */ ({GOOD})") == []
    assert found("SELECT '12:30', id::text FROM contact WHERE a = :city AND id IN :ids") == []
    assert found("INSERT INTO t VALUES (:a, :b)", schema=None, mode="write") == []


@pytest.mark.parametrize(
    ("statement", "place", "code"),
    [
        ("DELETE FROM contact WHERE city = :city AND id IN :ids", "/sql/statement", "WRITES"),
        ("DROP TABLE contact", "/sql/statement", "NOT_SUPPORTED"),
        ("COMMIT", "/sql/statement", "NOT_SUPPORTED"),
        ("SET search_path = x", "/sql/statement", "NOT_SUPPORTED"),
        ("-- nothing but a remark", "/sql/statement", "NOT_SUPPORTED"),
        (GOOD.replace(":city", ":town"), "/sql/statement", "UNKNOWN_PARAMETER"),
        (GOOD.replace(":ids", ":city"), "/sql/statement", "TYPE"),
        ("SELECT 1 WHERE 1 IN :ids", "/param_schema/properties/city", "UNUSED_PARAMETER"),
    ],
)
def test_each_fault_has_its_place(statement, place, code) -> None:
    assert (place, code) in found(statement)


def test_a_near_name_is_suggested() -> None:
    [fault] = faults("sql", {"statement": GOOD.replace(":city", ":citty")}, param_schema=SCHEMA)[:1]
    assert "Did you mean :city?" in fault.detail


def test_with_a_request_transform_the_names_are_its_own() -> None:
    transform = {"rules": [{"source": "city", "target": "town"}]}
    assert found("SELECT :town", request_transform=transform) == []


def test_an_idempotency_header_means_nothing_to_a_database() -> None:
    assert found(GOOD, idempotency_header="Key") == [("/idempotency_header", "NOT_SUPPORTED")]


def test_reading_is_safe_to_repeat_and_writing_is_not() -> None:
    adapter = adapters.get("sql")
    assert adapter.is_idempotent({"statement": "SELECT 1"})
    assert not adapter.is_idempotent({"statement": "DELETE FROM t", "mode": "write"})
    assert adapter.needed_parameters({"statement": GOOD}) == {"ids"}
    assert adapter.needed_parameters({}) == set()  # a method of another adapter, compared with ours


def test_a_preview_shows_the_statement_and_what_is_bound_without_a_connection() -> None:
    config = {"dialect": "postgresql", "host": "db.acme.example", "database": "crm"}
    sent = adapters.get("sql").preview(
        call_of("sql", config, {"statement": GOOD}, {"city": "Bonn"})
    )
    assert (sent.operation, sent.url) == ("SELECT", "postgresql://db.acme.example:5432/crm")
    assert b'"parameters":{"city":"Bonn"}' in sent.body
