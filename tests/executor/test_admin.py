"""The execution log and the calling pages of the admin."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from executor.models import Execution
from tests.executor.conftest import SECRET

LIST = "/admin/executor/execution/"
TRY = "/admin/executor/execution/try/"
EMAIL = "someone@example.com"


@pytest.fixture
def operator(client, bob):
    client.force_login(bob)
    return client


@pytest.fixture
def admin_client(client, alice):
    client.force_login(alice)
    return client


def page_of(execution_id) -> str:
    return f"{LIST}{execution_id}/change/"


def test_the_list_shows_calls_and_finds_them_by_their_ids(operator, call):
    _, body = call("ping", correlation_id="order-7")
    call("xml")
    assert operator.get(LIST).status_code == 200
    for term in (body["execution_id"], "order-7"):
        shown = operator.get(LIST, {"q": term}).content.decode()
        assert body["execution_id"] in shown
        assert shown.count("field-created_at") == 1
    assert "field-created_at" not in operator.get(LIST, {"q": "order"}).content.decode()


def test_the_list_never_counts_the_whole_table(operator, call):
    call("ping")
    with CaptureQueriesContext(connection) as captured:
        operator.get(LIST)
    counts = [q["sql"] for q in captured.captured_queries if "COUNT(" in q["sql"].upper()]
    assert counts
    assert all("LIMIT" in sql.upper() for sql in counts if "executor_execution" in sql)
    assert len(captured) <= 20


def test_a_call_is_shown_with_its_attempts_and_no_secret(operator, call):
    _, body = call("private", {"email": EMAIL})
    shown = operator.get(page_of(body["execution_id"])).content.decode()
    assert "Attempt 1" in shown
    assert "/contacts" in shown
    assert EMAIL not in shown
    assert SECRET not in shown


def test_a_failure_is_shown_with_its_problem(operator, call):
    _, body = call("reset_post")
    shown = operator.get(page_of(body["execution_id"])).content.decode()
    assert "CONNECTION_ERROR" in shown
    assert "Outcome Unknown" in shown


@pytest.mark.parametrize("name", ["nonsense", "00000000-0000-0000-0000-000000000007"])
def test_an_execution_that_is_none_is_not_found(operator, acme, name):
    assert operator.get(page_of(name)).status_code == 404


def test_nothing_can_be_added_changed_or_deleted(admin_client, call):
    _, body = call("ping")
    key = body["execution_id"]
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{key}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(page_of(key), {"status": "failed"})
    assert Execution.objects.get(pk=key).status == "completed"


def test_a_stored_script_is_text(operator, call):
    evil = "<script>alert(1)</script>"
    _, body = call("create_contact", {"note": evil}, correlation_id=evil)
    for address in (LIST, page_of(body["execution_id"])):
        assert evil not in operator.get(address).content.decode()


def test_an_operator_tries_a_method_and_reads_its_execution(operator, bob, call, upstream):
    chosen = operator.get(TRY, {"instance": "acme", "method": "get_contact"}).content.decode()
    assert "&quot;id&quot;: &quot;&quot;" in chosen
    shown = operator.post(
        TRY, {"instance": "acme", "method": "get_contact", "parameters": '{"id": "5"}'}
    ).content.decode()
    assert upstream.hits[0]["path"] == "/contacts/5"
    row = Execution.objects.get()
    assert row.caller == f"user:{bob.pk}"
    assert page_of(row.pk) in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [("{", "not acceptable JSON"), ("[]", "/parameters"), ('{"q": 1}', "/parameters")],
)
def test_a_try_that_is_wrong_says_where(operator, acme, upstream, parameters, expected):
    shown = operator.post(
        TRY, {"instance": "acme", "method": "get_contact", "parameters": parameters}
    ).content.decode()
    assert "VALIDATION_ERROR" in shown
    assert expected in shown
    assert upstream.hits == []


def test_a_connection_is_tested_by_post_only(admin_client, acme, upstream):
    address = reverse("admin:executor_execution_test", args=[acme.pk])
    assert admin_client.get(address).status_code == 200
    assert upstream.hits == []
    shown = admin_client.post(address).content.decode()
    assert "works" in shown
    assert len(upstream.hits) == 1


def test_the_pages_have_neither_inline_script_nor_inline_style_of_ours(operator, call):
    _, body = call("ping")
    own = re.compile(r'<section class="hub-panel">.*</section>', re.DOTALL)
    for address in (TRY, page_of(body["execution_id"])):
        part = own.search(operator.get(address).content.decode())
        assert part is not None
        assert "<script" not in part.group()
        assert "style=" not in part.group()


def test_who_may_not_call_may_not_try_or_test(client, charlie, acme, upstream):
    charlie.is_staff = True
    charlie.save()
    client.force_login(charlie)
    assert client.get(TRY).status_code == 403
    assert client.post(TRY, {"instance": "acme", "method": "ping"}).status_code == 403
    test = reverse("admin:executor_execution_test", args=[acme.pk])
    assert client.post(test).status_code == 403
    assert client.get(LIST).status_code == 403
    assert upstream.hits == []


def test_a_stranger_is_sent_to_the_login(client, acme):
    assert client.get(TRY).status_code == 302


def test_a_form_from_elsewhere_is_refused(acme, bob, upstream):

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)
    assert strict.post(TRY, {"instance": "acme", "method": "ping"}).status_code == 403
    assert upstream.hits == []
