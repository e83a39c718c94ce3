"""An instance's own authorities, and the switch that turns verification off."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from integration_hub.audit.models import AuditEntry
from integration_hub.egress.door import TlsOptions
from integration_hub.lib.errors import Forbidden
from integration_hub.monitoring.findings import safety
from registry import services
from registry.runtime_instance import build
from tests.certificates import Authority

pytestmark = pytest.mark.django_db
URL = "/api/v1/instances"
OFF = {"tls": {"verify": False}}


@pytest.fixture(scope="module")
def pem(tmp_path_factory) -> str:
    return Authority(tmp_path_factory.mktemp("ca")).pem


@pytest.fixture
def acme(define):
    define()
    return services.create_instance(definition="acme-crm@^1", slug="acme", actor="tests")


def session(user) -> APIClient:
    found = APIClient()
    found.force_login(user)
    return found


def switches() -> list[tuple[str, str]]:
    found = AuditEntry.objects.filter(action__startswith="instance.tls").order_by("pk")
    return list(found.values_list("actor", "action"))


def test_an_authority_reaches_the_calls_of_its_instance(api, acme, pem):
    answer = api("manage").patch(
        f"{URL}/acme", {"overrides": {"tls": {"authorities": pem}}}, format="json"
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["tls_verified"] is True
    acme.refresh_from_db()
    assert build(acme).tls == TlsOptions(authorities=pem)


def test_an_instance_that_says_nothing_uses_the_shared_way(acme):
    assert build(acme).tls is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pem, _: "not a certificate", "BEGIN CERTIFICATE"),
        (lambda pem, _: pem[:200], "BEGIN CERTIFICATE"),
        (lambda pem, _: pem.replace("M", "!", 1), "BEGIN CERTIFICATE"),
        (lambda pem, authority: "".join(authority.leaf("a.example")), "private key"),
        (lambda pem, authority: authority.leaf("a.example")[1], "server's own"),
        (lambda pem, authority: authority.leaf("a.example", days=(-3, -1))[1], "ended on"),
        (lambda pem, authority: pem + authority.leaf("a.example")[1], "Certificate 2 of 2"),
        (lambda pem, _: pem * 51, "at most 50"),
        (lambda pem, _: "\ud800", "not valid"),
    ],
)
def test_a_bad_authority_is_refused_with_its_place_and_the_reason(
    api, acme, pem, tmp_path, change, said
):
    text = change(pem, Authority(tmp_path))
    body = json.dumps({"overrides": {"tls": {"authorities": text}}})
    answer = api("manage").patch(f"{URL}/acme", body, content_type="application/json")
    assert answer.status_code == 400
    if said != "not valid":
        [fault] = answer.json()["errors"]
        assert fault["pointer"] == "/overrides/tls/authorities"
        assert said in fault["detail"]


def test_no_token_switches_verification_off_whatever_its_scopes(api, acme, define):
    manager = api("manage", "credentials", "execute")
    answer = manager.patch(f"{URL}/acme", {"overrides": OFF}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert "authorities" in answer.json()["detail"]
    body = {"definition": "acme-crm@^1", "slug": "b", "overrides": OFF}
    assert manager.post(URL, body, format="json").status_code == 403
    assert switches() == []
    acme.refresh_from_db()
    assert build(acme).tls is None


def test_an_operator_may_not_either(acme, bob):
    answer = session(bob).patch(f"{URL}/acme", {"overrides": OFF}, format="json")
    assert answer.status_code == 403
    assert switches() == []


def test_a_superuser_may_and_it_is_audited_and_shown(acme, alice, api):
    answer = session(alice).patch(f"{URL}/acme", {"overrides": OFF}, format="json")
    assert answer.status_code == 200, answer.content
    assert api("read").get(f"{URL}/acme").json()["tls_verified"] is False
    assert switches() == [(f"user:{alice.pk}", "instance.tls_verification_off")]
    acme.refresh_from_db()
    assert build(acme).tls == TlsOptions(verify=False)
    [found] = safety.unverified()
    assert found.state == "warn"
    assert "acme" in found.detail


def test_what_is_off_may_be_edited_and_switched_on_by_anyone_but_not_off_again(api, acme, alice):
    services.update_instance(
        instance=acme, changes={"overrides": OFF}, actor="user:1", superuser=True
    )
    manager = api("manage")
    answer = manager.patch(f"{URL}/acme", {"overrides": {"timeout_ms": 100}}, format="json")
    assert answer.json()["tls_verified"] is False
    answer = manager.patch(f"{URL}/acme", {"overrides": {"tls": None}}, format="json")
    assert answer.json()["tls_verified"] is True
    assert manager.patch(f"{URL}/acme", {"overrides": OFF}, format="json").status_code == 403
    assert [action for _, action in switches()] == [
        "instance.tls_verification_off",
        "instance.tls_verification_on",
    ]


def test_a_service_takes_nobody_for_a_superuser_by_default(acme):
    with pytest.raises(Forbidden):
        services.update_instance(instance=acme, changes={"overrides": OFF}, actor="user:1")


def test_the_page_of_an_unverified_instance_says_so(client, alice, acme):
    client.force_login(alice)
    page = f"/admin/registry/instance/{acme.pk}/change/"
    assert "not verified" not in client.get(page).content.decode()
    fields = {
        "name": "Acme",
        "context_type": "global",
        "config": acme.config,
        "labels": "{}",
        "overrides": json.dumps(OFF),
    }
    assert client.post(page, fields).status_code == 302
    assert switches() == [(f"user:{alice.pk}", "instance.tls_verification_off")]
    assert "TLS certificates are not verified" in client.get(page).content.decode()


def test_the_admin_refuses_it_to_an_operator(client, bob, acme):
    client.force_login(bob)
    page = f"/admin/registry/instance/{acme.pk}/change/"
    fields = {"name": "Acme", "context_type": "global", "config": acme.config}
    more = {"labels": "{}", "overrides": json.dumps(OFF)}
    answer = client.post(page, fields | more, follow=True)
    assert "Only a superuser" in answer.content.decode()
    acme.refresh_from_db()
    assert acme.overrides == "{}"
