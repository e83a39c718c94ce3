"""Pages that belong together are one call: every item, one deadline, no way to go on for ever."""

from __future__ import annotations

import pytest

from executor import services
from executor.choices import ExecutionStatus
from executor.delivery import purge
from executor.models import Attempt, Execution, Progress
from integration_hub.lib import clock, jsonsafe
from tests.executor.conftest import CALLER

ALL = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("method", "requests"),
    [
        ("by_cursor", 3),
        ("by_address", 3),
        ("by_page", 4),
        ("by_short_page", 3),
        ("by_offset", 4),
        ("by_link", 3),
    ],
)
def test_one_call_has_the_items_of_every_page(call, upstream, method, requests):
    _, body = call(method)
    assert body["data"] == ALL
    assert body["pages"] == {"count": requests, "items": 5, "complete": True}
    assert body["attempts"] == len(upstream.hits) == requests
    tries = Attempt.objects.filter(execution_id=body["execution_id"])
    assert [row.status_code for row in tries] == [200] * requests


def test_a_caller_may_begin_where_an_earlier_call_was_cut(call, upstream):
    _, cut = call("endless")
    assert cut["data"] == [0, 1, 2]
    assert cut["pages"] == {
        "count": 3,
        "items": 3,
        "complete": False,
        "cut_by": "max_pages",
        "next": "c3",
    }
    _, more = call("endless", {"cursor": cut["pages"]["next"]})
    assert more["data"] == [3, 4, 5]


def test_more_items_than_the_method_takes_are_cut_and_it_is_said(call):
    _, body = call("few_items")
    assert body["data"] == ["a", "b", "c"]
    assert (body["pages"]["complete"], body["pages"]["cut_by"]) == (False, "max_items")


def test_pages_beyond_the_size_of_an_answer_are_cut_and_it_is_said(call, settings, upstream):
    settings.HUB_MAX_RESPONSE_BYTES = 60
    _, body = call("by_cursor")
    assert (body["pages"]["cut_by"], body["pages"]["next"]) == ("max_bytes", "c4")
    assert len(upstream.hits) == 2


@pytest.mark.parametrize(("method", "requests"), [("loop", 3), ("deaf", 2)])
def test_pages_that_come_round_again_are_an_error(call, upstream, method, requests):
    reply, body = call(method)
    assert (reply.status, body["code"], body["retryable"]) == (502, "RESPONSE_INVALID", False)
    assert "would never end" in body["detail"]
    assert len(upstream.hits) == requests


def test_a_list_that_is_left_out_is_empty_where_the_definition_says_so(call):
    _, body = call("left_out")
    assert body["data"] == []
    assert body["pages"] == {"count": 3, "items": 0, "complete": True}


def test_an_answer_that_is_no_object_leaves_no_list_out(call):
    reply, body = call("left_out_of_text")
    assert (reply.status, body["code"]) == (502, "RESPONSE_INVALID")


@pytest.mark.parametrize("method", ["no_items", "text", "broken"])
def test_a_page_without_items_is_an_error_that_says_how_far_it_got(call, method):
    reply, body = call(method)
    assert (reply.status, body["code"]) == (502, "RESPONSE_INVALID")
    assert body.get("pages", {}).get("count", 0) == (0 if method == "no_items" else 1)


def test_a_page_that_fails_is_tried_again_and_not_the_pages_before_it(call, upstream):
    _, body = call("flaky")
    assert body["data"] == ALL
    cursors = [hit["query"].get("cursor") for hit in upstream.hits]
    assert cursors == [None, "c2", "c2", "c4"]


def test_a_page_that_keeps_failing_ends_the_call(call):
    reply, body = call("down")
    assert (reply.status, body["code"]) == (502, "INTEGRATION_ERROR")
    assert body["pages"] == {"count": 1, "items": 2, "complete": False}


def test_a_page_that_must_wait_is_planned_and_taken_up_from_its_cursor(accept, work, upstream):
    with clock.use(clock.FakeClock(clock.now())) as time:
        execution = work(accept("later", timeout_ms=60_000))
        assert execution.status == ExecutionStatus.RETRYING
        assert execution.due_at > clock.now()
        assert Progress.objects.filter(pk=execution.pk).exists()
        time.advance(7)
        execution = work(execution)
    assert execution.status == ExecutionStatus.COMPLETED
    cursors = [hit["query"].get("cursor") for hit in upstream.hits]
    assert cursors == [None, "c2", "c2", "c4"]
    assert execution.attempts == 4
    assert not Progress.objects.exists()


def test_each_page_takes_a_token_of_the_rate_limit(call, accept, work, upstream):
    execution = work(accept("limited", timeout_ms=120_000))
    assert execution.status == ExecutionStatus.RETRYING
    assert len(upstream.hits) == 2


def test_what_a_cancelled_run_had_fetched_goes_with_the_next_upkeep(accept, work):
    execution = work(accept("later"))
    purge.purge(now=clock.now())
    assert Progress.objects.count() == 1
    services.cancel(caller=CALLER, execution=execution)
    purge.purge(now=clock.now())
    assert not Progress.objects.exists()


def test_a_sync_call_without_a_token_for_its_next_page_ends_with_the_wait(call):
    reply, body = call("limited")
    assert (reply.status, body["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert body["pages"]["count"] == 2
    assert Execution.objects.get(pk=body["execution_id"]).status == ExecutionStatus.FAILED


def test_an_address_outside_the_allowed_hosts_is_not_followed(call, upstream):
    for address in ("http://169.254.169.254/latest", "http://evil.example/", "file:///etc/passwd"):
        upstream.clear()
        _, body = call("elsewhere", {"to": address})
        assert body["code"] in ("TARGET_FORBIDDEN", "RESPONSE_INVALID"), address
        assert len(upstream.hits) == 1


def test_transforms_see_the_query_of_every_page_and_the_whole_list(call, upstream):
    _, body = call("shaped", {"q": "x"})
    assert body["data"] == {"letters": ALL}
    assert [hit["query"]["search"] for hit in upstream.hits] == ["x", "x", "x"]


def test_a_posted_search_has_its_cursor_in_the_body(call, upstream):
    call("searched", {"q": "x", "cursor": "c4"})
    assert jsonsafe.loads(upstream.hits[0]["body"]) == {"q": "x", "cursor": "c4"}


def test_one_deadline_bounds_all_pages(call, upstream):
    began = clock.monotonic()
    _, body = call("slow_pages", timeout_ms=1_200)
    assert clock.monotonic() - began < 1.7
    assert body["code"] == "TIMEOUT_ERROR"
    assert 1 <= body["pages"]["count"] <= 4


def test_the_log_shows_the_pages_too(api, call):
    _, body = call("by_cursor")
    shown = api("read").get(f"/api/v1/executions/{body['execution_id']}").json()
    assert shown["pages"] == body["pages"]
