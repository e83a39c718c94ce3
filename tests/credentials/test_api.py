"""`/instances/{ref}/credentials`: written with the right scope, read back by nobody."""

from __future__ import annotations

import json

import pytest

from credentials.models import Credential
from credentials.scheme import schemes
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db

URL = "/api/v1/instances/acme/credentials"


@pytest.fixture
def client(api, acme):
    return api("credentials")


def put(client, body, url: str = URL):
    return client.put(url, json.dumps(body), content_type="application/json")


def faults(answer) -> dict[str, str]:
    assert answer["content-type"] == "application/problem+json"
    return {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}


def test_a_credential_is_created_replaced_described_and_deleted(client) -> None:
    assert client.get(URL).status_code == 404
    created = put(client, {"type": "bearer", "data": {"token": HEADER_CANARY}})
    assert created.status_code == 201
    seen = client.get(URL)
    assert seen.status_code == 200
    assert seen.json() == created.json()
    assert seen.json() | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "instance": "acme",
        "type": "bearer",
        "auth": "token",
        "status": "active",
        "status_reason": "",
        "expires_at": None,
        "scope": "",
        "scope_missing": "",
        "hint": f"***{HEADER_CANARY[-4:]}",
        "revision": 1,
        "refresh_at": None,
        "refreshed_at": None,
        "rotation_due_at": None,
        "created_at": "",
        "updated_at": "",
    }
    replaced = put(
        client,
        {
            "type": "api_key",
            "auth": "key",
            "data": {"key": "k"},
            "expires_at": "2999-01-01T00:00:00Z",
        },
    )
    assert (replaced.status_code, replaced.json()["revision"]) == (200, 2)
    assert replaced.json()["expires_at"] == "2999-01-01T00:00:00Z"
    assert client.delete(URL).status_code == 204
    assert client.get(URL).status_code == 404
    assert client.delete(URL).status_code == 404


def test_no_answer_holds_the_secret(client) -> None:
    answers = [
        put(client, {"type": "bearer", "data": {"token": HEADER_CANARY}}),
        client.get(URL),
        put(client, {"type": "bearer", "data": {"token": HEADER_CANARY + "\n"}}),
        put(client, {"type": "bearer", "data": HEADER_CANARY}),
        put(client, {"type": {"t": HEADER_CANARY}, "data": {}}),
        put(client, {"type": HEADER_CANARY, "data": {}}),
        put(client, {"type": "bearer", "token": HEADER_CANARY}),
        put(client, {"type": "bearer", "data": {}, "auth": HEADER_CANARY}),
        put(client, {"type": "bearer", "data": {}, "expires_at": HEADER_CANARY}),
        put(client, HEADER_CANARY),
        client.put(URL, '{"token":"canary9Qx7value', content_type="application/json"),
        client.put(URL, "token=canary9Qx7value", content_type="application/x-www-form-urlencoded"),
    ]  # fmt: skip
    for answer in answers:
        assert answer.status_code < 500
        assert b"canary9Qx7value" not in answer.content


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/type", "/data"}),
        ([], {""}),
        ({"type": "bearer", "data": {"token": "t"}, "datum": 1, "x/y": 2}, {"/datum", "/x~1y"}),
        ({"type": 7, "data": {}, "auth": []}, {"/type", "/auth"}),
        ({"type": "", "data": {}}, {"/type"}),
        ({"type": "bearer", "data": {"token": "t"}, "expires_at": "soon"}, {"/expires_at"}),
        ({"type": "bearer", "data": {"token": "t"}, "expires_at": 7}, {"/expires_at"}),
        (
            {"type": "bearer", "data": {"token": "t"}, "expires_at": "2999-01-01T00:00:00"},
            {"/expires_at"},
        ),
        (
            {"type": "bearer", "data": {"token": "t"}, "expires_at": "2001-01-01T00:00:00Z"},
            {"/expires_at"},
        ),
        ({"type": "bearer", "data": {"tokn": "t"}}, {"/data/tokn", "/data/token"}),
        ({"type": "bearer", "data": {"token": "***"}}, {"/data/token"}),
        ({"type": "oauth2", "data": {}}, {"/type"}),
    ],
)
def test_every_fault_has_its_place(client, body, pointers) -> None:
    answer = put(client, body)
    assert answer.status_code == 400
    assert set(faults(answer)) == pointers
    assert not Credential.objects.exists()


def test_a_near_name_is_suggested(client) -> None:
    answer = put(client, {"type": "bearer", "data": {"tokn": "t"}, "expires": None})
    assert "'expires_at'" in faults(answer)["/expires"]
    answer = put(client, {"type": "bearer", "data": {"tokn": "t"}})
    assert "'token'" in faults(answer)["/data/tokn"]


def test_what_was_read_may_be_sent_back(client) -> None:
    put(client, {"type": "basic", "data": {"username": "u", "password": HEADER_CANARY}})
    seen = client.get(URL).json()
    answer = put(client, seen | {"data": {"username": "v", "password": "***"}})
    assert (answer.status_code, answer.json()["hint"]) == (200, "v***")
    stored = json.loads(Credential.objects.get().open_secret())
    assert stored == {"username": "v", "password": HEADER_CANARY}
    other = put(client, seen | {"revision": 7, "data": {"username": "v", "password": "***"}})
    assert {"/revision", "/hint"} <= set(faults(other))


@pytest.mark.parametrize(
    ("scopes", "get", "write"),
    [
        ((), 401, 401),
        (("execute",), 403, 403),
        (("read",), 200, 403),
        (("manage",), 200, 200),
        (("credentials",), 200, 200),
    ],
)
def test_each_right_opens_what_it_should(acme, api, put_row, scopes, get, write) -> None:
    client = api(*scopes)
    assert client.get(URL).status_code == get
    assert put(client, {"type": "bearer", "data": {"token": "t"}}).status_code == write
    assert client.delete(URL).status_code == (204 if write == 200 else write)


@pytest.fixture
def put_row(acme, caller):
    from credentials.services import put_credential  # noqa: PLC0415

    return put_credential(instance=acme, type="bearer", data={"token": "old"}, caller=caller)


def test_what_a_token_may_not_see_is_not_there(acme, api, put_row) -> None:
    for client in (
        api("credentials", instances=("other",)),
        api("credentials", contexts=("client:1",)),
    ):
        hidden = client.get(URL)
        absent = client.get("/api/v1/instances/nowhere/credentials")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json()["code"] == absent.json()["code"] == "INSTANCE_NOT_FOUND"
        assert put(client, {"type": "bearer", "data": {"token": "t"}}).status_code == 404
        assert client.delete(URL).status_code == 404
    assert Credential.objects.get().revision == 1


def test_the_instance_may_be_named_by_its_id(acme, client) -> None:
    url = f"/api/v1/instances/{acme.pk}/credentials"
    assert put(client, {"type": "bearer", "data": {"token": "t"}}, url).status_code == 201


def test_other_methods_are_refused(client) -> None:
    answer = client.post(URL, "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_the_document_describes_every_type(client) -> None:
    document = json.loads(client.get("/api/schema?format=json").content)
    operation = document["paths"]["/api/v1/instances/{ref}/credentials"]["put"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert [item["properties"]["type"]["const"] for item in schema["oneOf"]] == [*schemes.names()]
    bearer = next(s for s in schema["oneOf"] if s["properties"]["type"]["const"] == "bearer")
    assert bearer["properties"]["data"]["properties"]["token"]["writeOnly"] is True


def test_a_write_upon_an_old_reading_is_refused(client) -> None:
    body = {"type": "bearer", "data": {"token": "first-token"}}
    assert client.put(URL, body, format="json", HTTP_IF_MATCH="*").status_code == 412
    old = put(client, body)["ETag"]
    assert client.get(URL)["ETag"] == old
    assert client.put(URL, body, format="json", HTTP_IF_MATCH=old).status_code == 200
    assert client.put(URL, body, format="json", HTTP_IF_MATCH=old).status_code == 412
    assert client.delete(URL, HTTP_IF_MATCH=old).status_code == 412
    assert client.get(URL).json()["revision"] == 2
    assert client.delete(URL, HTTP_IF_MATCH=client.get(URL)["ETag"]).status_code == 204
