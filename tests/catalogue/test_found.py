"""What is loaded is found: by search over REST, in the admin, and at the first start."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from executor.catalogue import FOLDER
from registry.choices import DefinitionStatus
from registry.models import Definition

pytestmark = pytest.mark.django_db
FILES = len(list(FOLDER.glob("*.yaml")))


def loaded() -> str:
    said = io.StringIO()
    call_command("load_definitions", str(FOLDER), "--publish", stdout=said)
    return said.getvalue()


def slugs_for(client, search):
    answer = client.get("/api/v1/definitions", {"search": search, "page_size": 200}).json()
    return {row["slug"] for row in answer["results"]}


def test_the_catalogue_is_loaded_once_and_found_in_api_and_admin(api, client, alice):
    assert loaded().count(" created") == FILES
    assert loaded().count(" unchanged") == FILES
    assert Definition.objects.filter(status=DefinitionStatus.PUBLISHED).count() == FILES

    reader = api("read")
    assert {"gmail", "sendgrid", "mailgun", "postmark"} <= slugs_for(reader, "mail")
    assert slugs_for(reader, "payments") >= {"stripe", "paypal"}
    method = reader.get("/api/v1/definitions/github/methods/create_issue").json()
    assert (method["risk"], method["idempotent"]) == ("write", False)
    assert method["examples"][0]["parameters"]["title"]

    client.force_login(alice)
    page = client.get("/admin/registry/definition/", {"q": "payments"}).content.decode()
    assert "stripe" in page
    assert "paypal" in page
    assert "github" not in page
    row = Definition.objects.get(slug="microsoft-graph")
    assert client.get(f"/admin/registry/definition/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("name", ["hubspot", "linear", "twilio"])
def test_an_entry_comes_out_again_as_it_went_in(tmp_path, name):
    """Also anchors and long texts: what is exported loads as unchanged."""
    path = str(FOLDER / f"{name}.yaml")
    call_command("load_definitions", path, "--publish", stdout=io.StringIO())
    call_command("export_definitions", str(tmp_path / "out"), stdout=io.StringIO())
    said = io.StringIO()
    call_command("load_definitions", str(tmp_path / "out"), stdout=said)
    assert "unchanged" in said.getvalue()
