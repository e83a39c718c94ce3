"""The audit log: written with its fact, only ever added to, read by who manages."""

import pytest
from django.db import transaction

from integration_hub.access.models import Token
from integration_hub.audit import services
from integration_hub.audit.models import AuditEntry
from integration_hub.audit.origin import Origin, bound

pytestmark = pytest.mark.django_db


def write(**changes):
    fields = {"actor": "user:1", "action": "thing.changed", "target_type": "thing", "target": "a"}
    return services.record(**(fields | changes))


def test_a_row_falls_with_the_transaction_of_its_fact():
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_a_row_knows_the_request_that_made_it():
    with bound(Origin(source="10.0.0.1", request_id="r-1")):
        inside = write()
        named = write(source="10.0.0.2", request_id="r-2")
    outside = write()
    assert (inside.source, inside.request_id) == ("10.0.0.1", "r-1")
    assert (named.source, named.request_id) == ("10.0.0.2", "r-2")
    assert (outside.source, outside.request_id) == ("", "")


def test_a_row_is_never_changed_or_deleted_through_the_models():
    entry = write()
    entry.actor = "someone else"
    again = AuditEntry.objects.get(pk=entry.pk)
    attempts = [
        entry.save,
        again.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(actor="x"),
        lambda: AuditEntry.objects.bulk_update([again], ["actor"]),
        lambda: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"actor": "x"}),
        lambda: AuditEntry._base_manager.update(actor="x"),
        lambda: AuditEntry._base_manager.all().delete(),
        lambda: entry.save_base(raw=True, force_update=True),
        lambda: AuditEntry.objects.bulk_create(
            [again], update_conflicts=True, unique_fields=["id"], update_fields=["actor"]
        ),
    ]
    for attempt in attempts:
        with pytest.raises(TypeError, match="append-only"), transaction.atomic():
            attempt()
    assert AuditEntry.objects.get(pk=entry.pk).actor == "user:1"


def test_long_names_are_cut_rather_than_refused():
    assert len(write(actor="x" * 500, target="y" * 500).actor) == 200


def test_the_admin_reads_and_never_writes(client, alice):
    client.force_login(alice)
    entry = write(detail={"name": "acme"})
    page = f"/admin/audit/auditentry/{entry.pk}/"
    assert client.get("/admin/audit/auditentry/").status_code == 200
    assert "acme" in client.get(page + "change/").content.decode()
    assert client.get("/admin/audit/auditentry/add/").status_code == 403
    assert client.post(page + "change/", {"actor": "x"}).status_code == 403
    assert client.post(page + "delete/", {"post": "yes"}).status_code == 403


def test_the_api_gives_rows_newest_first_with_their_detail(api):
    write(detail={"from": 1, "to": 2})
    rows = api("manage").get("/api/v1/audit").json()["results"]
    assert rows[0]["action"] == "token.created"
    assert rows[1]["detail"] == {"from": 1, "to": 2}
    assert set(rows[1]) == {
        *("id", "created_at", "actor", "actor_name", "source", "action"),
        *("target_type", "target", "detail", "request_id", "sequence"),
    }


@pytest.mark.parametrize(
    "query", ["actor=user:2", "action=thing.gone", "target_type=other", "target=b"]
)
def test_the_api_filters(api, query):
    write()
    wanted = write(actor="user:2", action="thing.gone", target_type="other", target="b")
    rows = api("manage").get(f"/api/v1/audit?{query}").json()["results"]
    assert [row["id"] for row in rows] == [str(wanted.pk)]


def test_the_api_filters_by_time(api):
    first = write()
    client = api("manage")
    row = client.get("/api/v1/audit?action=thing.changed").json()["results"][0]
    moment = row["created_at"]

    def found(query):
        answer = client.get("/api/v1/audit", {"action": "thing.changed"} | query)
        return [item["id"] for item in answer.json()["results"]]

    assert found({"created_after": "2000-01-01T00:00:00Z"}) == [str(first.pk)]
    assert found({"created_after": "2999-01-01T00:00:00Z"}) == []
    assert found({"created_before": "2000-01-01T00:00:00Z"}) == []
    assert found({"created_before": "2999-01-01T00:00:00+02:00"}) == [str(first.pk)]
    assert moment.endswith("Z")


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01T00:00:00Z", "1"])
def test_a_time_that_is_none_is_400_with_a_pointer(api, moment):
    response = api("manage").get("/api/v1/audit", {"created_after": moment})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/created_after"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_writes_nothing(api, method):
    assert getattr(api("manage"), method)("/api/v1/audit").status_code == 405


def test_readers_see_what_a_token_and_a_person_are_called(api, client, alice, make_token):
    make_token("read", name="billing")
    token = Token.objects.get(name="billing")
    for actor in (f"token:{token.pk}", f"user:{alice.pk}", "token:nobody", "schedule"):
        write(actor=actor, action="named")
    rows = api("manage").get("/api/v1/audit?action=named").json()["results"]
    assert [row["actor_name"] for row in rows] == ["", "", "alice", "billing"]
    client.force_login(alice)
    page = client.get("/admin/audit/auditentry/?q=named").content.decode()
    assert "billing" in page


def test_names_cost_one_query_a_kind(api, django_assert_max_num_queries, alice):
    for _ in range(5):
        write(actor=f"user:{alice.pk}")
    with django_assert_max_num_queries(2):
        assert {row.actor_name for row in AuditEntry.objects.with_actor_names()} == {"alice"}
