"""A call of `sql` from the outside: the same codes, masks, limits and circuits as of any other."""

from __future__ import annotations

import pytest

from tests.executor.adapters.through import connect

SECRET = "pass-word-7c31d2e8b6"
CONTACT = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def _sql(statement, **members):
    return {"sql": {"statement": statement, **members.pop("block", {})}, **members}


METHODS = {
    "echo": _sql("SELECT :name AS name", param_schema=CONTACT),
    "secret": _sql("SELECT :name AS name", param_schema=CONTACT, sensitive=["parameters.name"]),
    "add": _sql(
        "INSERT INTO contact (id, name) VALUES (9, :name)",
        block={"mode": "write"},
        param_schema=CONTACT,
        retry={"max_attempts": 3, "initial_delay_ms": 1},
    ),
    "broken": _sql("SELECT nothing FROM contact"),
    "slow": _sql("SELECT sleep(20)", timeout_ms=400),
    "slow_add": _sql(
        "INSERT INTO contact (id, name) SELECT 9, sleep(20)",
        block={"mode": "write"},
        timeout_ms=400,
    ),
    "limited": _sql("SELECT 1 AS one", rate_limit={"requests": 1, "per_seconds": 60, "burst": 1}),
}


@pytest.fixture
def call(db, on_mariadb):
    document = {
        "slug": "crm",
        "name": "CRM",
        "version": "1.0.0",
        "type": "sql",
        "auth": [{"type": "basic"}],
        "circuit_breaker": {"window": 4, "min_calls": 2, "cooldown_ms": 60_000},
        "methods": METHODS,
    }
    data = {"username": "hub", "password": SECRET}
    return connect(document, on_mariadb.config, type="basic", data=data)


def test_a_result_and_its_log(call) -> None:
    made = call("echo", {"name": "Ada"})
    assert made.status == 200
    assert made.body["data"] == {"rows": [{"name": "Ada"}], "count": 1, "truncated": False}
    sent = made.exchange["request"]
    assert sent["method"] == "SELECT"
    assert sent["url"].startswith("mariadb://127.0.0.1:")
    assert sent["body"] == '{"statement":"SELECT :name AS name","parameters":{"name":"Ada"}}'


def test_a_secret_that_the_database_echoes_is_masked(call) -> None:
    made = call("echo", {"name": f"is it {SECRET}?"})
    assert made.body["data"]["rows"] == [{"name": "is it ***?"}]
    assert SECRET not in made.kept


def test_a_sensitive_parameter_is_not_kept(call) -> None:
    made = call("secret", {"name": "Ada Lovelace"})
    assert made.status == 200
    payload = made.payload
    assert "Ada Lovelace" not in f"{payload.exchanges}{payload.parameters}"


def test_a_refusal_is_an_integration_error_with_what_the_database_said(call) -> None:
    made = call("add", {"name": "Ada"})
    assert (made.status, made.body["code"]) == (502, "INTEGRATION_ERROR")
    assert made.body["upstream"]["status"] == 409
    assert "Duplicate entry" in made.body["upstream"]["body"]
    assert made.body["detail"] == "The external system refused the statement (1062)."
    assert not made.body["retryable"]


def test_refusals_of_a_statement_do_not_open_the_circuit(call) -> None:
    for _ in range(5):
        assert call("broken").body["upstream"]["status"] == 400


def test_time_outs_do(call) -> None:
    for _ in range(2):
        made = call("slow")
        assert (made.status, made.body["code"], made.body["retryable"]) == (
            504,
            "TIMEOUT_ERROR",
            True,
        )
    assert call("slow").body["code"] == "CIRCUIT_OPEN"


def test_a_write_without_an_answer_is_not_repeated_where_its_end_is_not_known(call) -> None:
    made = call("slow_add")
    assert (made.body["code"], made.body["retryable"]) == ("TIMEOUT_ERROR", False)


def test_the_rate_limit_holds(call) -> None:
    assert call("limited").status == 200
    assert call("limited").body["code"] == "RATE_LIMIT_EXCEEDED"


def test_the_address_policy_holds(call, settings) -> None:
    settings.HUB_OUTBOUND_ALLOW = []
    made = call("echo", {"name": "x"})
    assert (made.status, made.body["code"]) == (403, "TARGET_FORBIDDEN")
