"""Pages by number and by cursor, filters, ordering."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integration_hub.audit import services as audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(db):
    return [
        audit.record(actor=f"a{n % 3}", action="x", target_type="t", target=str(n))
        for n in range(25)
    ]


def ids(response):
    return [row["id"] for row in response.json()["results"]]


def walk(client, address, link="next"):
    pages = []
    while address:
        response = client.get(address)
        assert response.status_code == 200, response.content
        pages.append(response)
        address = response.json()[link]
    return pages


def audit_ids(entries):
    return [str(entry.pk) for entry in reversed(entries)]


def test_pages_by_number_have_count_and_links(api, sample, entries):
    body = api("read").get(f"{sample}/rows?page=1&page_size=5&actor=a0").json()
    assert body["count"] == 9
    body = api("read").get(f"{sample}/rows?page=2&page_size=10").json()
    assert len(body["results"]) == 10
    assert "page=3" in body["next"]
    assert body["previous"]


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page_size=0", "page_size=201", "page=-1", "page=²"]
)
def test_bad_page_numbers_are_400(api, sample, problem, query):
    body = problem(api("read").get(f"{sample}/rows?{query}"), 400, "VALIDATION_ERROR")
    assert body["errors"][0]["pointer"] == "/" + query.split("=")[0]


def test_a_page_past_the_end_is_404(api, sample, problem, entries):
    problem(api("read").get(f"{sample}/rows?page=99"), 404, "NOT_FOUND")


def test_a_misspelt_filter_is_400_with_near_names(api, sample, problem):
    body = problem(api("read").get(f"{sample}/rows?actr=a0"), 400, "VALIDATION_ERROR")
    assert body["suggestions"] == ["actor"]
    assert body["errors"][0]["pointer"] == "/actr"


def test_ordering_takes_what_it_knows_and_refuses_the_rest(api, sample, problem, entries):
    rows = api("read").get(f"{sample}/rows?ordering=actor").json()["results"]
    assert [row["actor"] for row in rows] == sorted(row["actor"] for row in rows)
    problem(api("read").get(f"{sample}/rows?ordering=detail"), 400, "VALIDATION_ERROR")


def test_walking_by_cursor_shows_every_row_once_newest_first(api, entries):
    client = api("manage")
    pages = walk(client, "/api/v1/audit?page_size=10&action=x")
    assert [row for page in pages for row in ids(page)] == audit_ids(entries)
    assert pages[0].json()["previous"] is None
    assert pages[-1].json()["next"] is None


def test_walking_back_by_cursor_shows_the_same_pages(api, entries):
    client = api("manage")
    forth = walk(client, "/api/v1/audit?page_size=10&action=x")
    back = walk(client, forth[-1].json()["previous"], "previous")
    assert [ids(page) for page in back] == [ids(page) for page in reversed(forth[:-1])]


def test_oldest_first_on_demand(api, entries):
    pages = walk(api("manage"), "/api/v1/audit?page_size=10&action=x&ordering=created_at")
    assert [row for page in pages for row in ids(page)] == audit_ids(entries)[::-1]


def test_rows_that_come_in_between_move_nothing(api, entries):
    client = api("manage")
    first = client.get("/api/v1/audit?page_size=10&action=x").json()
    audit.record(actor="late", action="x", target_type="t", target="new")
    second = client.get(first["next"])
    assert ids(second) == audit_ids(entries)[10:20]


def test_a_page_by_cursor_never_counts_or_skips(api, entries):
    client = api("manage")
    address = walk(client, "/api/v1/audit?page_size=5&action=x")[3].json()["next"]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(address)
    pages = [query["sql"] for query in queries if "audit_auditentry" in query["sql"]]
    assert len(pages) == 1
    assert "OFFSET" not in pages[0].upper()
    assert "COUNT(" not in pages[0].upper()


@pytest.mark.parametrize(
    "query", ["cursor=zzz", "cursor=b", "page_size=x", "ordering=actor", "color=red"]
)
def test_bad_cursor_parameters_are_400(api, problem, query):
    problem(api("manage").get(f"/api/v1/audit?{query}"), 400, "VALIDATION_ERROR")
