"""Every answer carries an id, the caller's own if it is sane."""

import pytest

from integration_hub.api import request_id
from integration_hub.api.source import client_address

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("given", ["abc", "a b", "x" * 128, "018f-…"[:5]])
def test_a_sane_id_comes_back(client, given):
    assert client.get("/api/v1/audit", HTTP_X_REQUEST_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a\r\nSet-Cookie: x=1", "ü", "a\x00b", "  "])
def test_an_odd_id_is_replaced_by_a_new_one(client, given):
    found = client.get("/api/v1/audit", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert found != given
    assert len(found) == 36


@pytest.mark.parametrize("path", ["/admin/login/", "/no-such-page", "/api/schema", "/api/v1/x"])
def test_every_answer_has_one(client, path):
    assert client.get(path)["X-Request-ID"]


def test_the_log_line_of_a_request_has_its_id_and_no_query(client, caplog):
    client.get("/api/v1/audit?token=in-the-query", HTTP_X_REQUEST_ID="r-1")
    lines = [record.msg for record in caplog.records if record.name == "hub.request"]
    assert [(line["request_id"], line["status"]) for line in lines] == [("r-1", 401)]
    assert "in-the-query" not in str(lines)


def test_outside_of_a_request_there_is_none():
    assert request_id.current() == ""


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 10.0.0.7", "10.0.0.7"),
        (2, "6.6.6.6, 10.0.0.7, 10.0.0.8", "10.0.0.7"),
        (2, "10.0.0.7", "127.0.0.1"),
        (1, "not an address", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_proxies_that_we_were_told_of_say_where_a_request_comes_from(
    rf, settings, proxies, forwarded, expected
):
    settings.HUB_PROXY_COUNT = proxies
    request = rf.get("/", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == expected
