"""A credential that nobody has replaced for long is shown as due, and goes on working."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from credentials.models import Credential
from integration_hub.monitoring.findings.safety import rotation
from tests.credentials.conftest import HEADER_CANARY

pytestmark = pytest.mark.django_db
DAY = 86_400
LIST = reverse("admin:credentials_credential_changelist")
ADDRESS = "/api/v1/instances/acme/credentials"


@pytest.fixture
def ninety(settings, acme, put, fake_clock):
    settings.HUB_CREDENTIAL_ROTATION_DAYS = 90
    return put(acme, "bearer", {"token": HEADER_CANARY})


def due(api) -> str | None:
    return api("credentials").get(ADDRESS).json()["rotation_due_at"]


def test_without_a_setting_nobody_is_reminded(api, acme, put) -> None:
    put(acme, "bearer", {"token": HEADER_CANARY})
    assert due(api) is None
    assert list(rotation()) == []


def test_the_date_is_told_and_moves_with_a_new_secret(api, acme, put, ninety, fake_clock) -> None:
    first = due(api)
    assert first is not None
    fake_clock.advance(30 * DAY)
    assert due(api) == first
    put(acme, "bearer", {"token": "another-one"})
    assert due(api) > first


def test_what_is_due_stands_out_and_still_works(
    api, client, alice, ninety, acme, use, fake_clock
) -> None:
    client.force_login(alice)
    assert "since" not in client.get(LIST).content.decode()
    assert [found.state for found in rotation()] == ["ok"]
    fake_clock.advance(90 * DAY)
    shown = client.get(f"{LIST}?rotation=due").content.decode()
    assert "since" in shown
    assert "acme" in shown
    page = reverse("admin:credentials_credential_change", args=[ninety.pk])
    assert "Rotation due" in client.get(page).content.decode()
    (found,) = rotation()
    assert (found.state, "acme" in found.detail) == ("warn", True)
    assert use(acme).secrets == (HEADER_CANARY,)


def test_the_filter_leaves_out_what_is_not_due(client, alice, ninety) -> None:
    client.force_login(alice)
    shown = client.get(f"{LIST}?rotation=due").content.decode()
    assert reverse("admin:credentials_credential_change", args=[ninety.pk]) not in shown


def test_a_credential_from_before_the_column_counts_from_its_making(api, ninety) -> None:
    Credential.objects.update(rotated_at=None)
    made = Credential.objects.get().created_at
    assert due(api)[:10] == f"{made + timedelta(days=90):%Y-%m-%d}"
