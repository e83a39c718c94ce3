"""The form of a sink: made of the fields of its type, judged at each field, secrets never shown."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse

from integration_hub.events import admin_forms
from integration_hub.events.models import EventSink
from integration_hub.events.sink import sinks
from integration_hub.events.sink_config import open_config, public_config
from integration_hub.events.sink_services import create_sink
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Conflict
from integration_hub.lib.standard_webhooks import new_secret

pytestmark = pytest.mark.django_db
ADD = "/admin/events/eventsink/add/"
URL = "https://hooks.acme.example/in"


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def made():
    """`made("webhook", url=…)`: a stored sink of that type."""

    def make(kind: str, **config) -> EventSink:
        document = {"name": f"a {kind}", "type": kind, "config": config}
        return create_sink(document=document, actor="tests")

    return make


def page_of(row: EventSink) -> str:
    return reverse("admin:events_eventsink_change", args=[row.pk])


def posted(browser, address: str, **values: str):
    return browser.post(address, {"name": "theirs", "enabled": "on", "filters": "", **values})


def errors_of(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer
    return dict(answer.context["adminform"].form.errors)


def test_first_the_type_is_chosen_then_its_fields_are_asked_for(browser):
    choose = browser.get(ADD).content.decode()
    for name, plugin in sinks:
        assert f'href="?type={name}"' in choose
        page = browser.get(ADD, {"type": name})
        assert page.status_code == 200
        for field in plugin.fields:
            assert f'name="config_{field.name}"' in page.content.decode()
    assert (
        "no type of sink &#x27;pigeon&#x27;"
        in browser.get(ADD, {"type": "pigeon"}).content.decode()
    )


def test_each_field_is_asked_for_as_what_it_is(browser):
    page = browser.get(ADD, {"type": "kafka"}).content.decode()
    form = browser.get(ADD, {"type": "kafka"}).context["adminform"].form
    assert [value for value, _ in form.fields["config_tls"].choices] == ["", "required", "off"]
    assert (form.fields["config_port"].min_value, form.fields["config_port"].max_value) == (
        1,
        65535,
    )
    assert form.fields["config_host"].required
    assert not form.fields["config_port"].required
    assert 'type="password" name="config_password"' in page
    assert "PEM: authorities that this sink trusts" in page
    assert form.fields["config_authorities"].label == "Private authorities"


def test_a_sink_of_typed_fields_is_stored_as_over_rest(browser):
    answer = posted(
        browser,
        f"{ADD}?type=email",
        config_host="mail.acme.example",
        config_port="2525",
        config_tls="starttls",
        config_password="s3cr3t-word",
        config_from="hub@acme.example",
        config_to="ann@acme.example\n\n bob@acme.example ",
        config_digest_seconds="0",
        filters='{"types": ["integration.method.*"]}',
    )
    assert answer.status_code == 302
    row = EventSink.objects.get(name="theirs")
    assert (row.type, row.enabled) == ("email", True)
    assert open_config(row) == {
        "host": "mail.acme.example",
        "port": 2525,
        "tls": "starttls",
        "password": "s3cr3t-word",
        "from": "hub@acme.example",
        "to": ["ann@acme.example", "bob@acme.example"],
        "digest_seconds": 0,
    }
    assert jsonsafe.loads(row.filters) == {"types": ["integration.method.*"]}
    page = browser.get(page_of(row)).content.decode()
    assert "ann@acme.example\nbob@acme.example" in page
    assert "s3cr3t-word" not in page


def test_a_secret_that_is_left_alone_stays_one_that_is_typed_replaces_it(browser, made):
    secret, second = new_secret(), new_secret()
    row = made("webhook", url=URL, secret=secret, headers={"X-Key": "k-1-2-3"})
    page = browser.get(page_of(row)).content.decode()
    assert secret not in page
    assert "k-1-2-3" not in page
    assert "Stored; empty: unchanged." in page

    assert posted(browser, page_of(row), config_url=f"{URL}/2").status_code == 302
    row.refresh_from_db()
    assert open_config(row)["secret"] == secret
    assert open_config(row)["headers"] == {"X-Key": "k-1-2-3"}
    assert open_config(row)["url"] == f"{URL}/2"

    changed = {"config_url": URL, "config_secret": second, "remove_headers": "on"}
    assert posted(browser, page_of(row), **changed).status_code == 302
    row.refresh_from_db()
    assert open_config(row)["secret"] == second
    assert "headers" not in open_config(row)


def test_an_emptied_field_is_taken_away_and_what_the_hub_writes_is_only_shown(browser, made):
    seed = "whsk_" + "A" * 43 + "="
    row = made("webhook", url=URL, signing_key=seed, previous_secret_until="2026-01-01T00:00:00Z")
    public = public_config(row)["public_key"]
    page = browser.get(page_of(row)).content.decode()
    assert public in page
    assert (
        posted(browser, page_of(row), config_url=URL, config_public_key="forged").status_code == 302
    )
    row.refresh_from_db()
    assert open_config(row)["public_key"] == public
    assert "previous_secret_until" not in open_config(row)


@pytest.mark.parametrize(
    ("kind", "values", "field", "said"),
    [
        ("webhook", {"config_url": ""}, "config_url", "required"),
        ("webhook", {"config_secret": "short"}, "config_secret", "whsec_"),
        ("webhook", {"config_secret": ""}, "config_secret", "A webhook is signed"),
        ("webhook", {"config_url": "http://169.254.169.254/"}, "config_url", ""),
        ("webhook", {"config_headers": "{"}, "config_headers", "JSON"),
        ("webhook", {"config_headers": '{"X":1}'}, "config_headers", "/X: "),
        ("webhook", {"config_authorities": "none"}, "config_authorities", "no PEM"),
        ("webhook", {"config_previous_secret_until": "soon"}, "config_previous_secret_until", ""),
        ("webhook", {"filters": '{"typos": []}'}, "filters", "typos"),
        ("webhook", {"filters": "{"}, "filters", "line 1"),
        ("webhook", {"filters": "[1]"}, "filters", ""),
        ("webhook", {"name": "log"}, "name", "already exists"),
        ("webhook", {"name": "x" * 121}, "name", "120"),
        ("amqp", {"config_host": "a b"}, "config_host", ""),
        ("amqp", {"config_host": "h", "config_port": "70000"}, "config_port", "65535"),
        ("amqp", {"config_host": "h", "config_port": "many"}, "config_port", "whole number"),
        ("amqp", {"config_host": "h", "config_tls": "perhaps"}, "config_tls", "valid choice"),
        ("amqp", {"config_host": "10.1.2.3"}, "config_host", ""),
        ("email", {"config_host": "h", "config_to": "nobody"}, "config_to", "/0: "),
    ],
)
def test_a_fault_stands_at_its_field_and_what_was_typed_stays(browser, kind, values, field, said):
    good = {
        "webhook": {"config_url": URL, "config_secret": new_secret()},
        "amqp": {"config_vhost": "typed-before"},
        "email": {"config_from": "a@b.example"},
    }[kind]
    answer = posted(browser, f"{ADD}?type={kind}", **{**good, **values})
    found = errors_of(answer)
    assert said in " ".join(found[field])
    page = answer.content.decode()
    for name, value in {**good, **values}.items():
        if value and "secret" not in name and name not in ("config_headers", "filters", "name"):
            assert value in page
    assert good.get("config_secret", "whsec_x") not in page
    assert not EventSink.objects.filter(type=kind).exists()


def test_a_secret_that_was_typed_beside_a_fault_is_asked_for_again(browser):
    values = {"config_url": "nonsense", "config_secret": new_secret()}
    answer = posted(browser, f"{ADD}?type=webhook", **values)
    assert "Enter it again" in errors_of(answer)["config_secret"][0]
    assert values["config_secret"] not in answer.content.decode()


def test_markup_in_a_stored_value_is_shown_as_text(browser, made):
    row = made("redis_stream", host="h.example", stream="<script>alert(1)</script>")
    page = browser.get(page_of(row)).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_secrets_that_cannot_be_read_are_said_and_can_be_replaced(browser, made):
    row, other = made("webhook", url=URL, secret=new_secret()), made("amqp", host="h", password="p")
    with connection.cursor() as cursor:  # a ciphertext of another row does not open
        cursor.execute(
            "UPDATE events_eventsink SET secret = (SELECT o.secret FROM events_eventsink o"
            " WHERE o.name = %s) WHERE name = %s",
            [other.name, row.name],
        )
    found = errors_of(posted(browser, page_of(row), config_url=URL))
    assert "FERNET_KEYS" in found["__all__"][0]
    fresh = new_secret()
    assert posted(browser, page_of(row), config_url=URL, config_secret=fresh).status_code == 302
    row.refresh_from_db()
    assert open_config(row)["secret"] == fresh


def test_what_happened_since_the_form_was_judged_is_said(browser, monkeypatch):
    def taken(*_: object, **__: object) -> None:
        raise Conflict("Another sink is called 'theirs'; choose another name.")

    monkeypatch.setattr(admin_forms.sink_services, "create_sink", taken)
    answer = posted(browser, f"{ADD}?type=log")
    assert answer.status_code == 302
    assert b"Another sink is called" in browser.get(answer["Location"]).content


def test_who_may_only_look_sees_a_masked_config(client, bob, made):
    row = made("webhook", url=URL, secret=new_secret())
    bob.user_permissions.add(Permission.objects.get(codename="view_eventsink"))
    client.force_login(bob)
    page = client.get(page_of(row)).content.decode()
    assert URL in page
    assert "config_url" not in page
    assert client.post(page_of(row), {"config_url": "https://x.example"}).status_code == 403
    assert client.get(ADD).status_code == 403


def test_a_sink_whose_type_is_gone_is_shown_and_deleted(browser, made, recorder, monkeypatch):
    row = made("recorder", url="u")
    monkeypatch.delitem(sinks._items, "recorder")
    assert browser.get(page_of(row)).status_code == 200
    assert browser.post(page_of(row), {"name": "x"}).status_code == 403
    browser.post(reverse("admin:events_eventsink_delete", args=[row.pk]), {"post": "yes"})
    assert not EventSink.objects.filter(pk=row.pk).exists()
