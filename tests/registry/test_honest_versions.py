import pytest
from django.core.management import call_command

from integration_hub.audit.models import AuditEntry
from integration_hub.lib.errors import Conflict
from integration_hub.lib.yaml_writer import dump
from registry import services
from registry.compatibility.versions import may_break, next_breaking
from registry.models import Definition
from tests.registry.test_admin import DEFINITIONS, page, verb

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(define, document):
    """A draft 1.3.0 without a method that 1.2.0 has."""
    define()
    del document["methods"]["create_contact"]
    return define(version="1.3.0", methods=document["methods"], publish=False)


def test_a_number_that_hides_a_break_is_refused_with_the_changes(broken, api):
    answer = api("manage").post(f"/api/v1/definitions/{broken.pk}/publish")
    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "CONFLICT"
    assert body["changes"] == [
        {
            "pointer": "/methods/create_contact",
            "kind": "breaking",
            "detail": "The method `create_contact` was removed.",
        }
    ]
    assert "2.0.0" in body["detail"]
    broken.refresh_from_db()
    assert broken.status == "draft"


def test_a_reason_overrides_that_and_is_audited(broken, api):
    answer = api("manage").post(
        f"/api/v1/definitions/{broken.pk}/publish", {"reason": "nobody calls it"}, format="json"
    )
    assert answer.json()["status"] == "published"
    detail = AuditEntry.objects.get(action="definition.published", target=broken.ref).detail
    assert "nobody calls it" in str(detail)
    assert "breaking" in str(detail)


@pytest.mark.parametrize("version", ["2.0.0", "1.3.0-rc.1"])
def test_a_number_that_says_so_needs_no_reason(define, document, version):
    define()
    del document["methods"]["create_contact"]
    assert define(version=version, methods=document["methods"]).status == "published"


def test_a_release_is_judged_by_the_release_before_not_by_its_candidates(define, document):
    define()
    del document["methods"]["create_contact"]
    define(version="1.3.0-rc.1", methods=document["methods"])
    with pytest.raises(Conflict) as caught:
        define(version="1.3.0", methods=document["methods"])
    assert caught.value.extra["against"] == "acme-crm@1.2.0"
    assert not Definition.objects.filter(version="1.3.0").exists()


def test_what_is_archived_binds_nobody(define, document):
    services.archive_definition(definition=define(), actor="tests")
    del document["methods"]["create_contact"]
    assert define(version="1.3.0", methods=document["methods"]).status == "published"


@pytest.mark.parametrize("version", ["1.2.3", "0.2.3", "0.0.3"])
def test_the_number_that_is_proposed_may_break(version):
    assert may_break(version, next_breaking(version))


def test_the_page_compares_and_publishing_there_asks_for_the_reason(client, alice, broken):
    client.force_login(alice)
    url = f"{DEFINITIONS}{broken.pk}/change/"
    text = page(client.get(url))
    assert "Against 1.2.0: breaking." in text
    assert 'name="reason"' in text
    assert "was removed" in page(verb(client, DEFINITIONS, broken, "publish"))
    client.post(f"{DEFINITIONS}{broken.pk}/do/publish/", {"reason": "agreed"})
    broken.refresh_from_db()
    assert broken.status == "published"
    earlier = Definition.objects.get(version="1.2.0")
    text = page(client.get(f"{DEFINITIONS}{earlier.pk}/change/", {"against": "1.3.0"}))
    assert "Against 1.3.0: compatible." in text


def test_files_are_published_oldest_first_and_a_break_needs_a_reason(tmp_path, document, capsys):
    (tmp_path / "b.yaml").write_bytes(dump(document))
    later = document | {"version": "1.3.0", "methods": {"ping": document["methods"]["ping"]}}
    (tmp_path / "a.yaml").write_bytes(dump(later))
    with pytest.raises(SystemExit):
        call_command("load_definitions", str(tmp_path), "--publish")
    assert not Definition.objects.exists()
    call_command("load_definitions", str(tmp_path), "--publish", "--reason", "agreed")
    assert set(Definition.objects.values_list("status", flat=True)) == {"published"}
