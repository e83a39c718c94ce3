"""The same on PostgreSQL, MariaDB and SQLite: values bound, nothing rounded, nothing too much."""

from __future__ import annotations

import threading
import time

import pytest

from integration_hub.egress.door import Deadline, Login
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    ResponseInvalid,
    TargetForbidden,
    TimedOut,
    ValidationFailed,
)
from tests.executor.adapters.sql_places import SLEEP


def test_rows_come_as_objects_and_values_are_bound(database) -> None:
    found = database.value(
        "SELECT id, name FROM contact WHERE id IN :ids AND name <> :name ORDER BY id",
        {"ids": [1, 2], "name": "x' OR '1'='1"},
    )
    assert found == {
        "rows": [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}],
        "count": 2,
        "truncated": False,
    }


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE contact; --", 'x" OR 1=1', "100%", "a\\'b", ":id", "ünïcødé 🦊", ""]
)
def test_no_text_is_read_as_sql(database, text) -> None:
    (row,) = database.value("SELECT :text AS said FROM contact WHERE id = 1", {"text": text})[
        "rows"
    ]
    assert row == {"said": text}
    assert database.value("SELECT count(*) AS n FROM contact")["rows"] == [{"n": 3}]


def test_a_parameter_that_is_not_given_is_null_and_an_object_is_json(database) -> None:
    found = database.value(
        "SELECT :nothing AS absent, :object AS object", {"object": {"a": [1, 2**60]}}
    )
    assert found["rows"] == [{"absent": None, "object": '{"a":[1,1152921504606846976]}'}]


def test_what_is_written_is_there_afterwards_and_counted(database) -> None:
    done = database.write("UPDATE contact SET seen = :seen WHERE id < 3", {"seen": 2**31 - 1})
    assert (done["affected"], done["rows"]) == (2, [])
    assert database.value("SELECT sum(seen) AS n FROM contact WHERE seen > 0 AND id = 1")[
        "rows"
    ] in (
        [{"n": 2**31 - 1}],
        [{"n": str(2**31 - 1)}],
    )


@pytest.mark.parametrize(
    "statement",
    [
        "WITH gone AS (SELECT 1) DELETE FROM contact",
        "EXPLAIN ANALYZE DELETE FROM contact",
        "SELECT 1; DELETE FROM contact",
        "SELECT 1; COMMIT; DELETE FROM contact",
    ],
)
def test_a_statement_that_should_only_read_cannot_write(database, statement) -> None:
    refused = database.answer(statement)
    assert refused.status in (400, None), refused.content
    assert database.value("SELECT count(*) AS n FROM contact")["rows"] == [{"n": 3}]


def test_a_refused_write_says_so_and_leaves_the_connection_good(database) -> None:
    taken = database.answer(
        "INSERT INTO contact (id, name) VALUES (9, :name)", {"name": "Ada"}, block={"mode": "write"}
    )
    assert taken.status == 409
    assert taken.said.startswith("refused the statement (")
    assert database.answer("SELECT nothing FROM contact").status == 400
    assert database.value("SELECT count(*) AS n FROM contact")["rows"] == [{"n": 3}]


def test_more_rows_than_asked_for_are_cut_and_that_is_said(database) -> None:
    found = database.value("SELECT id FROM contact ORDER BY id", block={"max_rows": 2})
    assert (found["rows"], found["truncated"]) == ([{"id": 1}, {"id": 2}], True)
    exact = database.value("SELECT id FROM contact", block={"max_rows": 3})
    assert (exact["count"], exact["truncated"]) == (3, False)


MANY = (
    "WITH RECURSIVE many(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM many WHERE x < 900) "
    "SELECT x, '{}' AS filler FROM many"
)


def test_more_bytes_than_asked_for_are_cut_and_that_is_said(database) -> None:
    statement = MANY.format("f" * 1000)
    found = database.value(statement, block={"max_bytes": 20_000})
    assert found["truncated"]
    assert 15 <= found["count"] <= 20
    assert [row["x"] for row in found["rows"]] == list(range(1, found["count"] + 1))
    assert database.value(MANY.format("f"))["count"] == 900


def test_the_deadline_ends_a_statement_on_the_server(database) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut, match="The database ended the statement"):
        database.answer(SLEEP[database.kind], deadline=Deadline(1))
    assert time.monotonic() - began < 3
    assert database.value("SELECT 1 AS one")["count"] == 1


def test_a_cancelled_call_ends_within_a_second_or_so(database) -> None:
    deadline = Deadline(20)
    threading.Timer(0.3, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        database.answer(SLEEP[database.kind], deadline=deadline)
    assert time.monotonic() - began < 3


def test_two_columns_of_one_name_are_refused_rather_than_lost(database) -> None:
    with pytest.raises(ResponseInvalid, match="AS"):
        database.answer("SELECT 1 AS a, 2 AS a")


@pytest.mark.parametrize("ids", [[], None, 5, list(range(1001))])
def test_a_list_must_be_one(database, ids) -> None:
    with pytest.raises(ValidationFailed) as caught:
        database.answer("SELECT id FROM contact WHERE id IN :ids", {"ids": ids})
    assert caught.value.errors[0].pointer == "/parameters/ids"


def test_the_output_of_a_request_transform_is_bound_instead_of_the_parameters(database) -> None:
    found = database.value("SELECT :a AS a", {"a": "given"}, body={"a": "made"})
    assert found["rows"] == [{"a": "made"}]


@pytest.mark.postgres
def test_types_of_postgresql_lose_nothing(postgresql) -> None:
    (row,) = postgresql.value(
        """SELECT 12345678901234567.890::numeric AS n, 9007199254740993 AS big, 1.5::float8 AS f,
           'NaN'::float8 AS nan, '\\x00ff'::bytea AS bytes, '2024-01-31'::date AS day,
           '2024-01-31 10:20:30.5+02'::timestamptz AS instant, 'infinity'::timestamp AS ever,
           '2024-01-31 10:20:30'::timestamp AS local, '10:20:30'::time AS time,
           interval '1 month 2 days' AS span, '{"a": [1, 2.50]}'::jsonb AS json, TRUE AS yes,
           '8b7f3c1e-0000-4000-8000-000000000001'::uuid AS uuid, ARRAY[1, NULL, 3] AS list,
           ARRAY['a,"b', 'c'] AS texts, int4range(1, 5) AS range, '10.0.0.0/8'::cidr AS net"""
    )["rows"]
    assert row == {
        "n": "12345678901234567.890",
        "big": 9007199254740993,
        "f": 1.5,
        "nan": "nan",
        "bytes": "AP8=",
        "day": "2024-01-31",
        "instant": "2024-01-31T08:20:30.5Z",
        "ever": "infinity",
        "local": "2024-01-31T10:20:30",
        "time": "10:20:30",
        "span": "P1M2D",
        "json": {"a": [1, 2.5]},
        "yes": True,
        "uuid": "8b7f3c1e-0000-4000-8000-000000000001",
        "list": [1, None, 3],
        "texts": ['a,"b', "c"],
        "range": "[1,5)",
        "net": "10.0.0.0/8",
    }


def test_types_of_mariadb_lose_nothing(on_mariadb) -> None:
    (row,) = on_mariadb.value(
        """SELECT CAST('12345678901234567.890' AS DECIMAL(30, 3)) AS n, 18446744073709551615 AS big,
           x'00ff' AS bytes, DATE'2024-01-31' AS day, TIMESTAMP'2024-01-31 10:20:30.5' AS instant,
           TIME'10:20:30' AS time, '{"a": 1}' AS json, TRUE AS yes, 1.5e0 AS f"""
    )["rows"]
    assert row == {
        "n": "12345678901234567.890",
        "big": 18446744073709551615,
        "bytes": "AP8=",
        "day": "2024-01-31",
        "instant": "2024-01-31T10:20:30.500000",
        "time": 37230.0,
        "json": '{"a": 1}',
        "yes": 1,
        "f": 1.5,
    }


@pytest.mark.postgres
def test_a_login_that_is_not_taken_is_told_apart(postgresql) -> None:
    postgresql.login = Login("nobody_of_that_name", "wrong-pass-1")
    refused = postgresql.answer("SELECT 1")
    assert (refused.status, refused.said) == (401, "refused the login (28000)")


@pytest.mark.postgres
def test_a_write_that_ends_before_its_commit_is_known_to_have_done_nothing(
    postgresql,
) -> None:
    with pytest.raises(TimedOut) as caught:
        postgresql.write(
            "INSERT INTO contact (id, name) SELECT 9, 'Zoe' FROM pg_sleep(20)", deadline=Deadline(1)
        )
    assert caught.value.sent is False
    assert postgresql.value("SELECT count(*) AS n FROM contact")["rows"] == [{"n": 3}]


@pytest.mark.postgres
def test_nothing_of_a_call_is_left_in_the_session_of_the_next(postgresql) -> None:
    lock = "SELECT pg_advisory_lock(4711), set_config('search_path', 'pg_temp', false) AS path"
    for _ in range(2):
        postgresql.value(lock)
        held = postgresql.value(
            "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"
        )
        assert held["rows"] == [{"n": 0}]
        assert postgresql.value("SELECT count(*) AS n FROM contact")["rows"] == [{"n": 3}]


def test_nothing_of_a_call_is_left_in_a_session_of_mariadb(on_mariadb) -> None:
    on_mariadb.value("SELECT get_lock('hub', 0) AS got, @note := 5 AS noted")
    found = on_mariadb.value("SELECT is_free_lock('hub') AS free, @note AS note")
    assert found["rows"] == [{"free": 1, "note": None}]


@pytest.mark.parametrize(
    "name", ["../crm.sqlite3", "/etc/passwd", "link.sqlite3", "a\x00b", "folder"]
)
def test_a_sqlite_file_outside_the_folder_is_not_opened(sqlite, tmp_path, name) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.sqlite3").symlink_to("/etc/passwd")
    sqlite.config["database"] = name
    with pytest.raises((TargetForbidden, ConnectionFailed)):
        sqlite.answer("SELECT 1")


def test_sqlite_is_off_unless_the_operator_names_a_folder(sqlite, settings) -> None:
    settings.HUB_SQLITE_DIR = ""
    with pytest.raises(TargetForbidden, match="HUB_SQLITE_DIR"):
        sqlite.answer("SELECT 1")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT load_extension('x')",
        "SELECT 1 FROM pragma_database_list",
        "SELECT zeroblob(2000000000)",
    ],
)
def test_sqlite_reaches_nothing_but_its_own_tables(sqlite, statement) -> None:
    assert sqlite.answer(statement).status in (400, 422)


def test_a_sqlite_file_that_is_no_database_is_a_clear_refusal(sqlite, tmp_path) -> None:
    (tmp_path / "text.sqlite3").write_text("just text, which is long enough to be looked at " * 20)
    sqlite.config["database"] = "text.sqlite3"
    assert sqlite.answer("SELECT 1 FROM sqlite_master").status == 500
