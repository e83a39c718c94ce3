"""A database without room: new work is refused with 507, what was accepted stays (promise 75)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from executor.models import Execution
from integration_hub.coordination import disk
from integration_hub.monitoring.findings import room

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/instances/acme/methods/{}/execute"

REFUSE = """
CREATE FUNCTION refuse_for_want_of_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END
$$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON executor_execution
  FOR EACH ROW EXECUTE FUNCTION refuse_for_want_of_room();
"""
ALLOW = """
DROP TRIGGER full_disk ON executor_execution;
DROP FUNCTION refuse_for_want_of_room();
"""


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def full():
    """The database refuses to grow, as its own engine says so, until `full()`."""
    state = {"full": False}

    def empty() -> None:
        if state["full"]:
            run("PRAGMA max_page_count = 1073741823" if connection.vendor == "sqlite" else ALLOW)
        state["full"] = False

    def fill() -> None:
        if connection.vendor == "sqlite":
            run("VACUUM")  # pages that other tests left would be room
        run("PRAGMA max_page_count = 1" if connection.vendor == "sqlite" else REFUSE)
        state["full"] = True

    yield fill, empty
    empty()


@pytest.fixture
def forget():
    """What was seen of the disk in another test is not of this one's settings."""
    disk.volume.__init__()
    yield
    disk.volume.__init__()


def post(client, method: str = "create_contact"):
    return client.post(URL.format(method), {"parameters": {"note": "n" * 50_000}}, format="json")


def test_a_full_database_answers_507_and_takes_work_again_when_there_is_room(
    api, acme, upstream, full
):
    fill, empty = full
    client = api("execute")
    accepted = post(client)
    assert accepted.status_code == 200
    kept = Execution.objects.count()
    fill()
    answers = [post(client) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {507}
    body = answers[0].json()
    assert (body["code"], body["retryable"]) == ("INSUFFICIENT_STORAGE", True)
    assert int(answers[0]["Retry-After"]) >= 1
    empty()
    assert Execution.objects.count() == kept
    assert post(client).status_code == 200


def test_work_is_refused_before_the_disk_is_full(api, acme, upstream, settings, forget):
    if disk.free_bytes() is None:
        pytest.skip("only a file of SQLite shows its disk to the hub")
    settings.HUB_DATABASE_MIN_FREE_BYTES = 1 << 60
    answer = post(api("execute"))
    assert (answer.status_code, answer.json()["code"]) == (507, "INSUFFICIENT_STORAGE")
    assert upstream.hits == []
    assert [finding.state for finding in room.size()] == ["ok", "fail"]


def test_other_faults_of_the_database_are_not_taken_for_a_full_disk():
    with pytest.raises(Exception, match="nothing_of_this_name") as raised, transaction.atomic():
        run("SELECT * FROM nothing_of_this_name")
    assert not disk.is_full(raised.value)
