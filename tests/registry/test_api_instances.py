import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integration_hub.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
URL = "/api/v1/instances"


@pytest.fixture
def manager(api):
    return api("manage")


@pytest.fixture
def made(manager, define):
    define()
    body = {"definition": "acme-crm@^1", "slug": "acme", "name": "Acme"}
    return manager.post(URL, body, format="json")


def test_create_answers_the_whole_instance(made):
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["definition"] == "acme-crm@1.2.0"
    assert body["config"]["region"] == "eu"
    assert body["context"] == {"type": "global", "id": None}
    assert (body["state"], body["health"], body["enabled"]) == (
        "pending_authentication",
        "unknown",
        True,
    )
    assert made["Location"] == "/api/v1/instances/acme"
    assert AuditEntry.objects.filter(action="instance.created", target="acme").exists()


def test_unknown_members_have_a_pointer_and_a_near_name(manager, define):
    define()
    body = {"definition": "acme-crm", "slug": "a", "lables": {}}
    answer = manager.post(URL, body, format="json")
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["pointer"] == "/lables"
    assert "labels" in error["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"definition": "nothing", "slug": "a"}, 404),
        ({"definition": "acme-crm@^^", "slug": "a"}, 400),
        ({"definition": "acme-crm", "slug": "a", "config": {"base_url": "http://10.0.0.1"}}, 403),
        ({"definition": "acme-crm", "slug": "A"}, 400),
        ([], 400),
        ("text", 400),
        (None, 400),
    ],
)
def test_bad_bodies_are_problems(manager, define, body, status):
    define()
    answer = manager.post(URL, body, format="json")
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("application/problem+json")


def test_an_invalid_config_is_stored_and_shown(manager, define):
    define()
    body = {"definition": "acme-crm", "slug": "a", "config": {"region": "mars"}}
    made = manager.post(URL, body, format="json").json()
    assert made["state"] == "pending_configuration"
    assert [error["pointer"] for error in made["config_errors"]] == ["/config/region"]
    named = manager.patch(f"{URL}/a", {"name": "Still"}, format="json")
    assert (named.status_code, named.json()["name"]) == (200, "Still")


def test_what_was_read_can_be_put_back(manager, made):
    body = manager.get(f"{URL}/acme").json()
    answer = manager.put(f"{URL}/acme", body, format="json")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    refused = manager.put(f"{URL}/acme", body | {"state": "connected", "slug": "b"}, format="json")
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/state", "/slug"}


def test_if_match_guards_every_write(manager, made):
    tag = made["ETag"]
    assert (
        manager.patch(f"{URL}/acme", {"name": "B"}, format="json", HTTP_IF_MATCH=tag).status_code
        == 200
    )
    for call in (
        lambda: manager.patch(f"{URL}/acme", {"name": "C"}, format="json", HTTP_IF_MATCH=tag),
        lambda: manager.put(f"{URL}/acme", {"name": "C"}, format="json", HTTP_IF_MATCH=tag),
        lambda: manager.delete(f"{URL}/acme", HTTP_IF_MATCH=tag),
        lambda: manager.post(f"{URL}/acme/disable", HTTP_IF_MATCH=tag),
    ):
        assert call().status_code == 412
    assert manager.get(f"{URL}/acme").json()["name"] == "B"


def test_enable_disable_and_delete(manager, made):
    assert manager.post(f"{URL}/acme/disable").json()["enabled"] is False
    assert manager.post(f"{URL}/acme/enable").json()["enabled"] is True
    assert manager.delete(f"{URL}/acme").status_code == 204
    missing = manager.get(f"{URL}/acme")
    assert (missing.status_code, missing.json()["code"]) == (404, "INSTANCE_NOT_FOUND")


def test_an_upgrade_can_be_previewed(manager, made, define):
    define(version="1.3.0")
    url = f"{URL}/acme/upgrade"
    preview = manager.post(f"{url}?dry_run=true", {"version": "1.3.0"}, format="json").json()
    assert (preview["from"], preview["to"], preview["ok"]) == (
        "acme-crm@1.2.0",
        "acme-crm@1.3.0",
        True,
    )
    assert manager.get(f"{URL}/acme").json()["definition"] == "acme-crm@1.2.0"
    done = manager.post(url, {"version": "^1.2"}, format="json").json()
    assert done["definition"] == "acme-crm@1.3.0"
    assert manager.post(url, {"version": "9.9.9"}, format="json").status_code == 404
    assert manager.post(url, {}, format="json").status_code == 400


def test_a_limited_token_sees_and_makes_only_its_own(api, made, manager):
    limited = api("manage", contexts=("client:a",))
    assert limited.get(URL).json()["count"] == 0
    for call in (limited.get, limited.delete):
        assert call(f"{URL}/acme").status_code == 404
    assert limited.post(f"{URL}/acme/disable").status_code == 404
    body = {"definition": "acme-crm", "slug": "mine", "context": {"type": "client", "id": "a"}}
    assert limited.post(URL, body, format="json").status_code == 201
    assert (
        limited.post(
            URL, body | {"slug": "b", "context": {"type": "global"}}, format="json"
        ).status_code
        == 403
    )
    assert [row["slug"] for row in limited.get(URL).json()["results"]] == ["mine"]
    assert manager.get(URL).json()["count"] == 2


def test_lists_are_filtered_and_cost_the_same(api, connect):
    connect("a", labels={"team": "x"})
    reader = api("read")
    reader.get(URL)
    with CaptureQueriesContext(connection) as few:
        reader.get(URL)
    for number in range(5):
        connect(f"b{number}", context={"type": "client", "id": str(number)})
    with CaptureQueriesContext(connection) as many:
        assert reader.get(URL).json()["count"] == 6
    assert len(few) == len(many)
    assert reader.get(f"{URL}?context_type=client&context_id=3").json()["count"] == 1
    assert reader.get(f"{URL}?definition=acme-crm@1.2.0&enabled=true").json()["count"] == 6
    assert reader.get(f"{URL}?search=b3").json()["count"] == 1
    assert reader.get(f"{URL}?state=connected").json()["count"] == 0
    assert reader.get(f"{URL}?state=odd").status_code == 400


@pytest.mark.parametrize("scope", ["read", "execute", "credentials"])
def test_only_manage_writes(api, made, scope):
    other = api(scope)
    assert other.post(URL, {}, format="json").status_code == 403
    assert other.patch(f"{URL}/acme", {}, format="json").status_code == 403
    assert other.post(f"{URL}/acme/disable").status_code == 403
