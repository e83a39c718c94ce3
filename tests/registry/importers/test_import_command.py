"""`manage.py import_definition`."""

from __future__ import annotations

import io
import json

import pytest
import yaml
from django.core.management import CommandError, call_command

from registry.models import Definition
from tests.registry.importers.test_postman import COLLECTION

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """`run(*arguments)`: exit code, what was printed, and what was said of errors."""

    def call(*arguments):
        code = 0
        try:
            call_command("import_definition", *map(str, arguments))
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def file(tmp_path, pets):
    path = tmp_path / "pets.yaml"
    path.write_text(yaml.safe_dump(pets))
    return path


def test_a_file_becomes_a_draft_with_its_report(run, file):
    code, out, _ = run(file, "--slug", "acme-pets", "--tag", "pets")
    assert code == 0
    assert "acme-pets@2.1.0 is a draft of 2 methods; 0 left out, 2 not chosen." in out
    assert Definition.objects.get().status == "draft"


def test_the_kind_of_document_is_told_by_itself(run, tmp_path):
    path = tmp_path / "collection.json"
    path.write_text(json.dumps(COLLECTION))
    code, out, _ = run(path, "--slug", "acme", "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["report"]["imported"]) == (0, True, 2)
    assert told["definition"] == "acme@1.0.0"


def test_an_address_is_asked_through_the_outbound_policy(run, upstream, monkeypatch):
    code, _, err = run("http://169.254.169.254/openapi.json", "--slug", "acme-pets")
    assert code == 1
    assert "Refused, nothing was stored" in err
    code, _, err = run(f"{upstream.url}/status/404", "--slug", "acme-pets")
    assert code == 1
    assert "answered 404" in err


def test_a_dry_run_stores_nothing(run, file):
    code, out, _ = run(file, "--slug", "acme-pets", "--dry-run")
    assert code == 0
    assert "would be a draft of 4 methods" in out
    assert not Definition.objects.exists()


def test_a_later_revision_is_merged(run, file, pets):
    run(file, "--slug", "acme-pets")
    pets["paths"]["/owners"] = {"get": {"operationId": "listOwners", "responses": {}}}
    file.write_text(yaml.safe_dump(pets))
    code, out, _ = run(file, "--merge-with", "acme-pets@2.1.0")
    assert code == 0
    assert "/methods/list_owners" in out
    assert "list_owners" in json.loads(Definition.objects.get().document)["methods"]


def test_what_is_refused_says_where_and_ends_with_1(run, file, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"openapi": "3.0.0",\n "paths": }')
    code, _, err = run(broken, "--slug", "acme-pets")
    assert code == 1
    assert "line 2" in err
    code, out, _ = run(broken, "--slug", "acme-pets", "--json")
    assert code == 1
    assert json.loads(out)["ok"] is False
    other = tmp_path / "other.json"
    other.write_text('{"hello": 1}')
    code, _, err = run(other, "--slug", "acme-pets")
    assert code == 1
    assert "known are: OpenAPI" in err
    run(file, "--slug", "acme-pets")
    code, _, err = run(file, "--slug", "acme-pets")
    assert code == 1
    assert "exists already" in err


def test_wrong_use_is_said(run, file, tmp_path):
    for wrong in (
        (tmp_path / "missing.yaml", "--slug", "x"),
        (file,),
        (file, "--slug", "x", "--take", ""),
        (file, "--slug", "x", "--merge-with", "y"),
    ):
        with pytest.raises(CommandError):
            run(*wrong)


def test_a_description_is_read_from_stdin(run, pets, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(pets).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    code, out, _ = run("-", "--slug", "acme-pets")
    assert (code, "draft of 4 methods" in out) == (0, True)
