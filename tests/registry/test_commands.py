import json

import pytest
from django.core.management import CommandError, call_command

from integration_hub.lib.yaml_writer import dump
from registry.models import Definition

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    def write(name, document):
        path = tmp_path / name
        path.write_bytes(document if isinstance(document, bytes) else dump(document))
        return path

    write.path = tmp_path
    return write


def run(capsys, *arguments):
    """The exit code, what was printed and what went wrong."""
    code = 0
    try:
        call_command("load_definitions", *map(str, arguments))
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_draft_follows_its_file_and_is_published_when_asked(capsys, folder, document):
    path = folder("a.yaml", document)
    run(capsys, path)
    folder("a.yaml", document | {"name": "New"})
    assert "changed" in run(capsys, path)[1]
    assert "published" in run(capsys, path, "--publish")[1]
    assert Definition.objects.get().name == "New"


def test_a_published_version_with_other_content_is_refused_by_file_name(capsys, folder, document):
    path = folder("a.yaml", document)
    run(capsys, path, "--publish")
    folder("a.yaml", document | {"name": "New"})
    code, _, err = run(capsys, path)
    assert code == 1
    assert "a.yaml" in err
    assert "never changes" in err


def test_one_bad_file_keeps_all_out_and_every_fault_of_every_file_is_told(capsys, folder, document):
    folder("good.yaml", document)
    folder("bad.yaml", document | {"version": "x", "unheard": 1})
    folder("worse.json", b"{")
    code, _, err = run(capsys, folder.path)
    assert code == 1
    for text in ("bad.yaml", "/version", "/unheard", "worse.json", "Nothing was loaded"):
        assert text in err
    assert not Definition.objects.exists()


def test_one_version_in_two_files_is_refused(capsys, folder, document):
    folder("a.yaml", document)
    folder("b.yaml", document)
    code, _, err = run(capsys, folder.path)
    assert (code, "is also in" in err) == (1, True)


def test_a_dry_run_shows_the_diff_and_changes_nothing(capsys, folder, document):
    path = folder("a.yaml", document)
    run(capsys, path)
    folder("a.yaml", document | {"name": "New"})
    out = run(capsys, path, "--dry-run")[1]
    assert "-name: Acme CRM" in out
    assert "+name: New" in out
    assert Definition.objects.get().name == "Acme CRM"


def test_json_says_the_same_to_machines(capsys, folder, document):
    path = folder("a.yaml", document | {"unheard": 1})
    code, out, _ = run(capsys, path, "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (1, False)
    assert report["results"][0]["errors"][0]["pointer"] == "/unheard"


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_a_place_without_definitions_is_an_error(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError):
        call_command("load_definitions", str(tmp_path / name))


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_an_export_loads_again_unchanged(capsys, tmp_path, define, flags):
    define()
    define(version="1.3.0", publish=False)
    call_command("export_definitions", str(tmp_path / "out"), *flags)
    capsys.readouterr()
    code, out, _ = run(capsys, tmp_path / "out")
    assert (code, out.count("unchanged")) == (0, 2)
