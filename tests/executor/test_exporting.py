"""The execution log as a file: the list's filters, bounded memory, no formulas."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executor import exporting
from executor.api import waiting
from executor.models import Execution
from integration_hub.lib import jsonsafe
from tests.executor.conftest import SECRET

PATH = "/api/v1/executions/export"


@pytest.fixture
def reader(api, acme):
    return api("read")


def text(answer) -> str:
    assert answer.status_code == 200, answer.content
    return answer.getvalue().decode()


def copies(row: Execution, count: int) -> None:
    rows = [Execution(**_columns(row)) for _ in range(count)]
    Execution.objects.bulk_create(rows)


def _columns(row: Execution) -> dict:
    names = [field.attname for field in Execution._meta.concrete_fields if field.name != "id"]
    return {name: getattr(row, name) for name in names}


def test_every_execution_is_one_line_newest_first(reader, call):
    made = [call("ping")[1]["execution_id"] for _ in range(3)]
    answer = reader.get(PATH)
    lines = [jsonsafe.loads(line) for line in text(answer).splitlines()]
    assert [line["id"] for line in lines] == made[::-1]
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert lines[0]["created_at"].endswith("Z")
    assert SECRET not in str(lines)


def test_pages_leave_nothing_out_and_nothing_twice(reader, call):
    call("ping")
    copies(Execution.objects.get(), 2 * exporting.PAGE)
    ids = [jsonsafe.loads(line)["id"] for line in text(reader.get(PATH)).splitlines()]
    assert len(ids) == len(set(ids)) == 2 * exporting.PAGE + 1
    assert ids == sorted(ids, reverse=True)


def test_the_filters_are_those_of_the_list(reader, call):
    call("ping")
    call("reset")
    found = text(reader.get(PATH, {"status": "failed", "format": "csv"})).splitlines()
    assert len(found) == 2
    assert "CONNECTION_ERROR" in found[1]
    for query in ({"statsu": "failed"}, {"format": "xlsx"}, {"created_after": "soon"}):
        assert reader.get(PATH, query).status_code == 400


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_cell_begins_a_formula(reader, call, evil):
    call("ping", correlation_id=evil)
    (row,) = csv.DictReader(io.StringIO(text(reader.get(PATH, {"format": "csv"}))))
    assert row["correlation_id"] == f"'{evil}"
    assert row["status"] == "completed"
    assert float(row["duration_ms"]) > 0


def test_a_token_exports_only_what_it_sees(api, call):
    call("ping")
    assert text(api("read", instances=("other",)).get(PATH)) == ""
    assert text(api("execute").get(PATH)) == ""
    assert api("credentials").get(PATH).status_code == 403


def test_memory_does_not_grow_with_the_log(acme, call):
    call("ping")
    copies(Execution.objects.get(), 6 * exporting.PAGE)
    tracemalloc.start()
    size = sum(len(line) for line in exporting.ndjson(Execution.objects.all()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 500_000
    assert peak < 6_000_000


def test_a_page_costs_one_query(call):
    call("ping")
    copies(Execution.objects.get(), exporting.PAGE)
    with CaptureQueriesContext(connection) as captured:
        assert len(list(exporting.ndjson(Execution.objects.all()))) == exporting.PAGE + 1
    assert len(captured) == 2


@pytest.mark.django_db(transaction=True)
def test_streams_take_a_quarter_of_the_threads_and_give_them_back(reader, call, monkeypatch):
    monkeypatch.setattr(waiting, "_waiting", 0)  # other tests leave streams unread
    call("ping")
    open_ones = [reader.get(PATH) for _ in range(waiting.seats())]
    refused = reader.get(PATH)
    assert (refused.status_code, refused.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert refused.headers["Retry-After"]
    text(open_ones[0])
    open_ones[0].close()
    again = reader.get(PATH)
    assert again.status_code == 200
    for answer in (*open_ones, again):
        answer.close()
    assert waiting._waiting == 0
