import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from integration_hub.coordination import revision
from integration_hub.coordination.models import Revision

pytestmark = pytest.mark.django_db


@pytest.fixture
def cached():
    return revision.Cached("registry", max_items=3)


class Source:
    def __init__(self, value="first"):
        self.value, self.loads = value, 0

    def load(self):
        self.loads += 1
        return self.value


def test_the_families_exist_from_the_start():
    assert set(revision.snapshot()) == {"registry", "credentials", "access"}


def test_a_snapshot_is_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        revision.snapshot()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_kept_connection_that_the_server_closed_is_replaced_without_a_check_of_its_own():
    before = revision.snapshot()
    end_connection(connection.connection.info.backend_pid)
    connection.health_check_enabled, connection.health_check_done = True, False
    with CaptureQueriesContext(connection) as ran:
        assert revision.snapshot() == before
    # What the dead connection was asked has no text: the driver never got to send it.
    assert all("SELECT 1" not in (query["sql"] or "") for query in ran.captured_queries)


def end_connection(pid):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


def test_a_scope_reads_once(django_assert_num_queries):
    with django_assert_num_queries(1), revision.scope():
        revision.snapshot()
        with revision.scope():
            revision.snapshot()
        revision.snapshot()


def test_a_scope_ends_with_its_block(django_assert_num_queries):
    with revision.scope():
        revision.snapshot()
    with django_assert_num_queries(1):
        revision.snapshot()


def test_a_bump_raises_one_family_only():
    before = dict(revision.snapshot())
    revision.bump("registry")
    after = revision.snapshot()
    assert after["registry"] > before["registry"]
    assert after["access"] == before["access"]


def test_a_bump_inside_a_scope_is_seen_in_it():
    with revision.scope():
        before = revision.snapshot()["registry"]
        revision.bump("registry")
        assert revision.snapshot()["registry"] > before


def test_a_family_whose_row_is_gone_begins_again():
    Revision.objects.all().delete()
    assert revision.Cached("registry").get("key", lambda: 1) == 1
    revision.bump("registry")
    assert revision.snapshot()["registry"] > 0


def test_a_value_is_loaded_once_until_its_family_changes(cached):
    source = Source()
    assert [cached.get("key", source.load) for _ in range(3)] == ["first"] * 3
    source.value = "second"
    revision.bump("registry")
    assert [cached.get("key", source.load) for _ in range(3)] == ["second"] * 3
    assert source.loads == 2


def test_a_change_of_another_family_drops_nothing(cached):
    source = Source()
    cached.get("key", source.load)
    revision.bump("access")
    cached.get("key", source.load)
    assert source.loads == 1


def test_what_a_load_raises_is_not_kept(cached):
    def fail():
        raise LookupError

    with pytest.raises(LookupError):
        cached.get("key", fail)
    assert cached.get("key", lambda: "there") == "there"


def test_when_full_what_was_used_longest_ago_goes(cached):
    for key in ("a", "b", "c", "a", "d"):
        cached.get(key, lambda key=key: key)
    again = Source()
    for key in ("a", "c", "d"):
        cached.get(key, again.load)
    assert again.loads == 0
    cached.get("b", again.load)
    assert again.loads == 1


def test_a_value_seen_in_a_transaction_that_failed_never_comes_back(cached):
    source = Source("before")
    with transaction.atomic():
        revision.bump("registry")
        source.value = "never committed"
        cached.get("key", source.load)
        transaction.set_rollback(True)
    source.value = "after"
    revision.bump("registry")
    assert cached.get("key", source.load) == "after"


def test_a_change_during_a_load_is_not_hidden_by_it(cached):
    """The load began before the change and ends after it."""

    def load():
        with connection.cursor():
            revision.bump("registry")
        return "old"

    cached.get("key", load)
    assert cached.get("key", lambda: "new") == "new"


def test_forget_drops_every_cache_of_the_process(cached):
    source = Source()
    cached.get("key", source.load)
    revision.forget()
    cached.get("key", source.load)
    assert source.loads == 2


def test_many_threads_never_see_a_value_older_than_their_snapshot(cached, monkeypatch):
    """The numbers are played by a counter, the data by the same counter read later."""
    truth = [1]
    monkeypatch.setattr(revision, "snapshot", lambda: {"registry": truth[0]})
    wrong = []

    def read():
        for _ in range(3000):
            least = truth[0]
            if cached.get("key", lambda: truth[0]) < least:
                wrong.append(least)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        truth[0] += 1
    assert wrong == []
