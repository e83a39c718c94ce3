"""`manage.py execute`."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from executor.models import Execution


def run(*arguments: str) -> dict:
    out = io.StringIO()
    call_command("execute", *arguments, stdout=out)
    return json.loads(out.getvalue())


def fail(*arguments: str) -> dict:
    err = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("execute", *arguments, stderr=err)
    assert stopped.value.code == 1
    return json.loads(err.getvalue())


def test_it_prints_the_result_of_a_real_call(acme, upstream):
    body = run("acme", "get_contact", "id=7", "q=5")
    assert body["status"] == "completed"
    assert upstream.hits[0]["path"] == "/contacts/7"
    assert upstream.hits[0]["query"] == {"q": "5"}
    assert Execution.objects.get().caller.startswith("command:")


def test_it_reads_parameters_from_a_file_and_the_command_line_wins(acme, upstream, tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"id": "1", "q": 2}')
    run("acme", "get_contact", "id=9", "--params", str(path), "--json")
    assert upstream.hits[0]["path"] == "/contacts/9"


def test_async_prints_the_accepted_execution(acme, upstream):
    assert run("acme", "ping", "--async")["status"] == "queued"
    assert upstream.hits == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nobody", "ping"), "INSTANCE_NOT_FOUND"),
        (("acme", "pin"), "METHOD_NOT_FOUND"),
        (("acme", "get_contact"), "VALIDATION_ERROR"),
        (("acme", "status", "code=500"), "INTEGRATION_ERROR"),
    ],
)
def test_a_failure_goes_to_stderr_with_a_non_zero_exit(acme, arguments, code):
    assert fail(*arguments)["code"] == code


@pytest.mark.parametrize("content", ["[]", "{", None])
def test_a_file_that_is_no_object_is_refused(acme, tmp_path, content):
    path = tmp_path / "p.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError):
        call_command("execute", "acme", "ping", "--params", str(path))


def test_a_parameter_without_a_value_is_refused(acme):
    with pytest.raises(CommandError):
        call_command("execute", "acme", "ping", "id")
