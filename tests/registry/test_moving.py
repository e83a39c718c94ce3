import pytest

from integration_hub.audit.models import AuditEntry
from registry import moving, services
from registry.models import Instance
from tests.registry.test_admin import DEFINITIONS, INSTANCES, page, verb

pytestmark = pytest.mark.django_db


@pytest.fixture
def stricter(define, connect, document):
    """2.0.0, which needs a region that `odd` does not have; `a` and `odd` are on 1.2.0."""
    connect("a")
    connect("odd", config={"region": "us"})
    document["config_schema"]["properties"]["region"] = {"enum": ["eu"]}
    return define(version="2.0.0", config_schema=document["config_schema"])


def versions():
    return dict(Instance.objects.values_list("slug", "definition__version"))


def test_each_instance_moves_by_itself_and_back(stricter, define):
    other = define(slug="other")
    services.create_instance(definition="other", slug="untouched", actor="tests")
    found = services.move_instances(definition=stricter, actor="tests")
    assert (found.moved, [slug for slug, _ in found.refused], found.more) == (
        ("a",),
        ["odd"],
        False,
    )
    assert versions() == {"a": "2.0.0", "odd": "1.2.0", "untouched": other.version}
    assert AuditEntry.objects.filter(action="instance.upgraded").count() == 1
    back = Instance.objects.get(slug="odd").definition
    assert services.move_instances(definition=back, actor="tests").moved == ("a",)
    assert versions()["a"] == "1.2.0"


def test_what_is_left_over_is_said(stricter, connect, monkeypatch):
    monkeypatch.setattr(moving, "MOST_AT_ONCE", 1)
    assert services.move_instances(definition=stricter, actor="tests").more


def test_the_page_moves_them_and_says_who_stays(client, alice, stricter):
    client.force_login(alice)
    text = page(verb(client, DEFINITIONS, stricter, "move"))
    assert "1 instances moved." in text
    assert "odd stays: " in text


def test_one_step_back_has_the_config_of_then(api, stricter, connect, document):
    client = api("manage")
    instance = "/api/v1/instances/a"
    assert client.post(f"{instance}/rollback").status_code == 409, "it was never upgraded"
    before = client.get(instance).json()["config"]
    moved = client.post(f"{instance}/upgrade", {"version": "2.0.0"}, format="json").json()
    assert moved["previous_version"] == "1.2.0"
    back = client.post(f"{instance}/rollback")
    assert back.status_code == 200, back.content
    assert (back.json()["definition"], back.json()["config"]) == ("acme-crm@1.2.0", before)
    assert back.json()["previous_version"] == "2.0.0", "and forth again"
    assert AuditEntry.objects.filter(action="instance.rolled_back", target="a").count() == 1


def test_a_config_that_was_edited_since_is_judged_by_the_version_before(api, define, connect):
    client = api("manage")
    connect("a")
    schema = {"type": "object", "properties": {"base_url": {}, "region": {}, "new": {}}}
    define(version="2.0.0", config_schema=schema)
    instance = "/api/v1/instances/a"
    client.post(f"{instance}/upgrade", {"version": "2.0.0"}, format="json")
    client.patch(instance, {"config": {"region": "mars"}}, format="json")
    refused = client.post(f"{instance}/rollback")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/config/region"
    client.patch(instance, {"config": {"region": "us"}}, format="json")
    assert client.post(f"{instance}/rollback").json()["config"]["region"] == "us"


def test_a_version_that_was_archived_meanwhile_is_no_way_back(api, stricter, connect):
    services.upgrade_instance(
        instance=Instance.objects.get(slug="a"), version="2.0.0", actor="tests"
    )
    services.delete_instance(instance=Instance.objects.get(slug="odd"), actor="tests")
    client = api("manage")
    assert client.post("/api/v1/definitions/acme-crm@1.2.0/archive").status_code == 200
    refused = client.post("/api/v1/instances/a/rollback")
    assert refused.status_code == 409
    assert "archived" in refused.json()["detail"]


def test_many_move_and_go_back_over_the_api(api, stricter):
    client = api("manage")
    url = "/api/v1/definitions/acme-crm@2.0.0"
    shown = client.post(f"{url}/move-instances?dry_run=true", {}, format="json").json()
    assert (shown["moved"], [item["instance"] for item in shown["refused"]]) == (["a"], ["odd"])
    assert "/config/region" in shown["refused"][0]["detail"]
    assert set(versions().values()) == {"1.2.0"}, "a preview moves nobody"
    done = client.post(f"{url}/move-instances", {}, format="json").json()
    assert done == shown
    assert versions() == {"a": "2.0.0", "odd": "1.2.0"}
    back = client.post(f"{url}/roll-back-instances", {}, format="json").json()
    assert (back["moved"], back["refused"]) == (["a"], [])
    assert set(versions().values()) == {"1.2.0"}


def test_named_instances_move_and_no_others(api, stricter, connect):
    connect("b")
    client = api("manage")
    url = "/api/v1/definitions/acme-crm@2.0.0/move-instances"
    assert client.post(url, {"instances": ["b"]}, format="json").json()["moved"] == ["b"]
    assert versions()["a"] == "1.2.0"
    refused = client.post(url, {"instances": ["a", "nobody"]}, format="json")
    assert refused.status_code == 400
    assert "nobody" in refused.json()["errors"][0]["detail"]
    assert versions()["a"] == "1.2.0"
    for body in ({"instances": []}, {"instances": "a"}, {"what": 1}, []):
        assert client.post(url, body, format="json").status_code == 400, body


def test_a_limited_token_moves_only_what_it_sees(api, stricter, connect):
    connect("b")
    client = api("manage", instances=["b"])
    done = client.post("/api/v1/definitions/acme-crm@2.0.0/move-instances", {}, format="json")
    assert done.json()["moved"] == ["b"]
    assert versions()["a"] == "1.2.0"


def test_instances_do_not_move_to_a_draft(api, stricter, define):
    define(version="3.0.0", publish=False)
    url = "/api/v1/definitions/acme-crm@3.0.0/move-instances"
    assert api("manage").post(url, {}, format="json").status_code == 409


def test_the_pages_take_one_and_all_back(client, alice, stricter):
    client.force_login(alice)
    verb(client, DEFINITIONS, stricter, "move")
    row = Instance.objects.get(slug="a")
    shown = client.get(f"{INSTANCES}{row.pk}/change/").content.decode()
    assert "Back to 1.2.0" in shown
    verb(client, INSTANCES, row, "roll_back")
    assert versions()["a"] == "1.2.0"
    verb(client, DEFINITIONS, stricter, "move")
    text = page(verb(client, DEFINITIONS, stricter, "back"))
    assert "1 instances moved." in text
    assert versions()["a"] == "1.2.0"


@pytest.mark.django_db(transaction=True)
def test_a_preview_needs_no_transaction(api, stricter):
    """A lock outside of one is an error on PostgreSQL."""
    client = api("manage")
    one = client.post(
        "/api/v1/instances/a/upgrade?dry_run=true", {"version": "2.0.0"}, format="json"
    )
    assert (one.status_code, one.json()["ok"]) == (200, True)
    many = client.post(
        "/api/v1/definitions/acme-crm@2.0.0/move-instances?dry_run=1", {}, format="json"
    )
    assert many.status_code == 200
