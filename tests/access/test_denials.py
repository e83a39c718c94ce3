"""Refused calls and failed logins, one audit row a source and minute."""

import json

import pytest
from rest_framework.test import APIClient

from integration_hub.access import denials
from integration_hub.access.denials import count_denial, settle_denials
from integration_hub.access.models import Denial
from integration_hub.audit.models import AuditEntry
from integration_hub.audit.origin import Origin, bound

pytestmark = pytest.mark.django_db


def rows(action="access.denied"):
    return [
        (row.source, row.actor, json.loads(row.detail)["count"])
        for row in AuditEntry.objects.filter(action=action).order_by("source", "actor")
    ]


def deny(source, times=1, **fields):
    with bound(Origin(source=source)):
        for _ in range(times):
            count_denial(**({"actor": "anonymous", "code": "UNAUTHENTICATED"} | fields))


def test_a_finished_minute_becomes_one_row_a_source(fake_clock):
    deny("10.0.0.1", 5)
    deny("10.0.0.2", 2)
    assert settle_denials() == 0
    fake_clock.advance(60)
    assert settle_denials() == 2
    assert rows() == [("10.0.0.1", "anonymous", 5), ("10.0.0.2", "anonymous", 2)]
    assert not Denial.objects.exists()


def test_the_next_denial_settles_the_minutes_before_it(fake_clock):
    deny("10.0.0.1", 3)
    fake_clock.advance(60)
    deny("10.0.0.9")
    assert rows() == [("10.0.0.1", "anonymous", 3)]


def test_settling_twice_writes_once(fake_clock):
    deny("10.0.0.1")
    fake_clock.advance(60)
    row = Denial.objects.get()
    assert settle_denials() == 1
    assert denials._settle(row) is False
    assert len(rows()) == 1


def test_refused_calls_are_counted_with_who_was_refused(api, fake_clock):
    client = api("read")
    client.get("/api/v1/audit")
    client.get("/api/v1/audit")
    APIClient().get("/api/v1/audit", HTTP_AUTHORIZATION="Bearer wrong")
    fake_clock.advance(60)
    settle_denials()
    assert [(actor[:6], count) for _, actor, count in rows()] == [("anonym", 1), ("token:", 2)]


def test_the_wrong_token_itself_is_nowhere(fake_clock, caplog):
    wrong = "hub_" + "Zq" * 21 + "Z"
    APIClient().get("/api/v1/audit", HTTP_AUTHORIZATION=f"Bearer {wrong}")
    fake_clock.advance(60)
    settle_denials()
    text = str([entry.__dict__ for entry in AuditEntry.objects.all()]) + caplog.text
    assert wrong not in text


def test_failed_logins_are_counted_and_the_typed_name_is_not_kept(client, alice, fake_clock):
    for _ in range(3):
        client.post("/admin/login/", {"username": "typed-here", "password": "nope"})
    fake_clock.advance(60)
    settle_denials()
    assert rows("login.failed") == [("127.0.0.1", "anonymous", 3)]
    assert "typed-here" not in str([entry.__dict__ for entry in AuditEntry.objects.all()])


def test_what_is_merely_absent_or_wrong_is_no_denial(api, fake_clock):
    api("manage").get("/api/v1/no-such-thing")
    api("manage").get("/api/v1/audit?page_size=0")
    assert not Denial.objects.exists()
