"""The list of executions in the admin: quick to make, and the theme's own look."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from unfold.templatetags import unfold_list as theme

from executor.models import Execution
from executor.templatetags import execution_list

LIST = "/admin/executor/execution/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def changelist(call, alice: User):
    """The list after three calls, as the admin hands it to its template."""
    call("ping", correlation_id="<order-7>")
    call("xml")
    call("status", {"code": "500"})
    request = RequestFactory().get(
        LIST, {"q": Execution.objects.values_list("instance_slug", flat=True)[0]}
    )
    request.user = alice
    return admin.site.get_model_admin(Execution).get_changelist_instance(request)


def squeezed(cell: object) -> str:
    return re.sub(r"\s+", " ", str(cell))


def test_each_cell_is_as_the_theme_writes_it(changelist):
    headers, box = list(theme.result_headers(changelist)), execution_list.box_of_a_row()
    assert len(changelist.result_list) == 3
    for row in changelist.result_list:
        ours = [squeezed(cell) for cell in execution_list.cells(changelist, headers, box, row)]
        theirs = [squeezed(cell) for cell in theme.items_for_result(changelist, row, None)]
        assert ours == theirs


def test_a_page_asks_for_templates_once_and_not_for_each_row(call, client, alice, monkeypatch):
    def no_more(*_arguments: object) -> None:
        raise AssertionError("the theme made a row")

    call("ping")
    client.force_login(alice)
    monkeypatch.setattr(theme, "items_for_result", no_more)
    shown = client.get(LIST).content.decode()
    assert shown.count("data-row") == 1
    assert "action-select" in shown
