"""Every failure is a problem document with one of the hub's codes."""

import json
from io import BytesIO

import pytest
from django.test import Client

from integration_hub.api.problem import problem_body, whole_seconds
from integration_hub.lib import errors
from tests.api.sample import RAISES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("operational", 503, "SERVICE_UNAVAILABLE"),
        ("interface", 503, "SERVICE_UNAVAILABLE"),
        ("integrity", 409, "CONFLICT"),
        ("data", 400, "VALIDATION_ERROR"),
        ("bug", 500, "INTERNAL_ERROR"),
        ("http404", 404, "NOT_FOUND"),
        ("denied", 403, "FORBIDDEN"),
        ("suspicious", 400, "VALIDATION_ERROR"),
        ("limited", 429, "RATE_LIMIT_EXCEEDED"),
        ("upstream", 502, "INTEGRATION_ERROR"),
    ],
)
def test_an_exception_of_a_view_becomes_a_problem_that_tells_nothing_inner(
    api, sample, problem, name, status, code
):
    response = api().get(f"{sample}/raise/{name}")
    problem(response, status, code)
    if not isinstance(RAISES[name], errors.HubError):
        assert str(RAISES[name]) not in response.content.decode() or not str(RAISES[name])


def test_a_database_that_is_away_says_when_to_come_back(api, sample, problem):
    response = api().get(f"{sample}/raise/operational")
    body = problem(response, 503, "SERVICE_UNAVAILABLE")
    assert body["retryable"] is True
    assert response["Retry-After"] == str(body["retry_after"])
    assert "10.0.0.9" not in response.content.decode()


def test_waiting_times_are_rounded_up_so_that_the_wait_is_long_enough(api, sample, problem):
    response = api().get(f"{sample}/raise/limited")
    assert problem(response, 429, "RATE_LIMIT_EXCEEDED")["retry_after"] == 2
    assert response["Retry-After"] == "2"
    assert whole_seconds(0.0) == 1


def test_the_answer_of_the_external_system_is_a_member_of_its_own(api, sample, problem):
    body = problem(api().get(f"{sample}/raise/upstream"), 502, "INTEGRATION_ERROR")
    assert body["upstream"] == {"status": 422, "body": "no"}
    assert body["execution_id"] == "e1"


def test_an_unexpected_error_is_logged_once_with_the_id_of_its_answer(api, sample, caplog):
    response = api().get(f"{sample}/raise/bug", HTTP_X_REQUEST_ID="find-me")
    assert response["X-Request-ID"] == "find-me"
    faults = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(faults) == 1
    assert faults[0].msg["event"] == "unexpected_error"
    assert faults[0].msg["request_id"] == "find-me"


def test_an_unknown_address_below_api_is_a_problem(api, problem):
    body = problem(api().get("/api/v1/no-such-thing"), 404, "NOT_FOUND")
    assert body["instance"] == "/api/v1/no-such-thing"


def test_a_browser_that_asks_for_html_gets_a_page(api):
    response = api().get("/api/v1/no-such-thing", HTTP_ACCEPT="text/html,*/*;q=0.8")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_outside_of_api_errors_stay_pages(client):
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_a_view_outside_of_the_framework_is_covered_too(client, sample, problem):
    problem(client.get(f"{sample}/plain-bug"), 500, "INTERNAL_ERROR")


def test_a_missing_csrf_token_is_a_problem_below_api(sample, problem):
    response = Client(enforce_csrf_checks=True).post(f"{sample}/plain-form", {"x": "1"})
    problem(response, 403, "FORBIDDEN")


def test_a_host_that_is_not_ours_is_a_problem(client, problem):
    problem(client.get("/api/v1/audit", HTTP_HOST="evil.example"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_a_method_that_an_address_lacks_is_405_and_says_which_it_has(api, sample, problem, method):
    response = getattr(api("manage"), method)(f"{sample}/echo")
    problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_options_says_what_there_is_without_a_body(api, sample):
    response = api("read").options(f"{sample}/echo")
    assert response.status_code == 204
    assert "POST" in response["Allow"]


@pytest.mark.parametrize("accept", ["text/csv", "application/xml", "text/html", ";;;", "a" * 9000])
def test_what_cannot_be_answered_in_is_406(api, sample, problem, accept):
    problem(api("read").get(f"{sample}/echo", HTTP_ACCEPT=accept), 406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "text/html,*/*;q=0.1",
        "application/problem+json",
    ],
)
def test_json_is_answered_to_who_takes_it(api, sample, accept):
    response = api("read").get(f"{sample}/echo", HTTP_ACCEPT=accept)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "sent", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""]
)
def test_a_body_of_another_type_is_415(api, sample, problem, sent):
    response = api("manage").generic("POST", f"{sample}/echo", b"x=1", content_type=sent)
    problem(response, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_broken_json_is_400_with_line_and_column(api, sample, problem):
    response = api("manage").post(
        f"{sample}/echo", b'{"a": 1,\n "b": }', content_type="application/json"
    )
    body = problem(response, 400, "VALIDATION_ERROR")
    assert (body["line"], body["column"]) == (2, 7)
    assert "line 2, column 7" in body["detail"]
    assert body["errors"][0]["pointer"] == ""


@pytest.mark.parametrize(
    "text",
    ["NaN", '{"a":1,"a":2}', '"\\ud800"', "1e999", "[" * 100 + "]" * 100, "\xff", "", "{} {}"],
)
def test_json_that_others_let_pass_is_refused(api, sample, problem, text):
    raw = text.encode("latin-1") or b" "
    response = api("manage").post(f"{sample}/echo", raw, content_type="application/json")
    problem(response, 400, "VALIDATION_ERROR")


def test_integers_keep_every_digit_on_the_way_in_and_out(api, sample):
    raw = b'{"n": 123456789012345678901234567890}'
    response = api("manage").post(f"{sample}/echo", raw, content_type="application/json")
    assert b"123456789012345678901234567890" in response.content
    assert json.loads(response.content)["sent"]["n"] == 123456789012345678901234567890


def test_a_document_is_handed_on_as_it_was_sent(api, sample, problem):
    client = api("manage")
    response = client.post(f"{sample}/document", b"a: 1\n", content_type="application/yaml")
    assert response.json() == {"type": "application/yaml", "text": "a: 1\n"}
    other = client.post(f"{sample}/document", b"a: 1", content_type="text/csv")
    problem(other, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_document_cut_off_in_the_middle_is_refused(api, sample, problem):
    response = api("manage").generic(
        "POST",
        f"{sample}/document",
        content_type="text/yaml",
        **{"wsgi.input": BytesIO(b"a: 1"), "CONTENT_LENGTH": "100"},
    )
    problem(response, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("address", ["/raise/a%00b", "/echo?search=%00"])
def test_nul_characters_never_reach_the_database(api, sample, problem, address):
    problem(api("read").get(sample + address), 400, "VALIDATION_ERROR")


def test_members_of_an_error_cannot_replace_those_of_the_standard():
    error = errors.Conflict("Busy.", extra={"status": 200, "instances": ["a"]})
    body = problem_body(error, "r")
    assert body["status"] == 409
    assert body["instances"] == ["a"]


def test_a_response_mapping_that_fails_is_502():
    assert problem_body(errors.TransformFailed("x", response=True), "r")["status"] == 502
