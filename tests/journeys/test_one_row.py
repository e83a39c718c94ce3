"""REST now, REST in the background, the shell and the admin: one path, so one kind of row."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from executor import tasks
from executor.models import Attempt, Execution, Payload
from tests.journeys.steps import connect, execute

# What may differ: who called, when, and how it was waited for.
SAME = ("status", "instance_slug", "definition_ref", "method", "attempts", "code", "credential_id")


def kept(row: Execution) -> dict:
    """What the log holds of a call, apart from its caller, mode and times."""
    payload = Payload.objects.get(pk=row.pk)
    attempts = Attempt.objects.filter(execution=row).values_list("number", "status_code", "code")
    return {name: getattr(row, name) for name in SAME} | {
        "attempts": list(attempts),
        "parameters": json.loads(payload.parameters),
        "data": json.loads(payload.data),
    }


@pytest.mark.django_db(transaction=True)
def test_every_entrance_leaves_the_same_row(upstream, alice, capsys):
    demo = connect(upstream.url)
    parameters = {"list_id": "7", "email": "ada@example.com"}
    execute(demo, "create_contact", parameters)
    execute(demo, "create_contact", parameters, mode="async")
    tasks.drain("interactive")
    call_command("execute", "demo", "create_contact", "list_id=7", "email=ada@example.com")
    browser = Client()
    browser.force_login(alice)
    browser.post(
        reverse("admin:executor_execution_try"),
        {"instance": "demo", "method": "create_contact", "parameters": json.dumps(parameters)},
    )

    rows = [kept(row) for row in Execution.objects.order_by("id")]
    assert len(rows) == len(upstream.hits) == 4
    assert rows == [rows[0]] * 4
    assert rows[0]["status"] == "completed"
