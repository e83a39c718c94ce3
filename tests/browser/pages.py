"""Every page of the admin by name, for whatever has to hold on all of them."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import resolve
from playwright.sync_api import Page, expect

from tests.browser.furnished import connect_link, furnish
from tests.browser.hub import BrowserHub

# Names in braces are ids: of instances and executions that the hub began with, or of ROWS.
PAGES = {
    "home": "/admin/",
    "app": "/admin/registry/",
    "instances": "/admin/registry/instance/",
    "instance": "/admin/registry/instance/{orders}/change/",
    "instance-add": "/admin/registry/instance/add/",
    "instance-delete": "/admin/registry/instance/{signed}/delete/",
    "instance-history": "/admin/registry/instance/{orders}/history/",
    "definitions": "/admin/registry/definition/",
    "definition": "/admin/registry/definition/{definition}/change/",
    "definition-draft": "/admin/registry/definition/{draft}/change/",
    "definition-add": "/admin/registry/definition/add/",
    "definition-delete": "/admin/registry/definition/{draft}/delete/",
    "import": "/admin/registry/definition/import/",
    "import-choose": "/admin/registry/definition/import/{staged}/",
    "editor": "/admin/transforms/",
    "editor-open": "/admin/transforms/?draft=named:{transform}",
    "convert": "/admin/convert/",
    "transforms": "/admin/transformer/namedtransform/",
    "transform": "/admin/transformer/namedtransform/{transform}/change/",
    "transform-add": "/admin/transformer/namedtransform/add/",
    "transform-delete": "/admin/transformer/namedtransform/{transform}/delete/",
    "adapters": "/admin/registry/adapterswitch/",
    "adapter": "/admin/registry/adapterswitch/{adapter}/change/",
    "adapter-add": "/admin/registry/adapterswitch/add/",
    "credentials": "/admin/credentials/credential/",
    "credential": "/admin/credentials/credential/{credential}/change/",
    "credential-add": "/admin/credentials/credential/add/",
    "credential-add-fields": "/admin/credentials/credential/add/?instance=strange",
    "credential-delete": "/admin/credentials/credential/{credential}/delete/",
    "credential-connect": "/admin/credentials/credential/connect/{consented}/",
    "credential-test": "/admin/executor/execution/credential/{orders}/test/",
    "credential-rotate": "/admin/executor/execution/credential/{orders}/rotate/",
    "executions": "/admin/executor/execution/",
    "execution-good": "/admin/executor/execution/{good}/change/",
    "execution-failed": "/admin/executor/execution/{failed}/change/",
    "execution-unknown": "/admin/executor/execution/{unknown}/change/",
    "try": "/admin/executor/execution/try/?instance=orders&method=create_contact",
    "test": "/admin/executor/execution/test/{orders}/",
    "circuits": "/admin/executor/execution/circuits/{orders}/",
    "instance-health": "/admin/executor/execution/health/{orders}/",
    "errors": "/admin/executor/execution/errors/",
    "drift": "/admin/executor/resultdrift/",
    "drift-row": "/admin/executor/resultdrift/{drift}/change/",
    "silences": "/admin/executor/healthsilence/",
    "silence": "/admin/executor/healthsilence/{silence}/change/",
    "silence-add": "/admin/executor/healthsilence/add/",
    "doctor": "/admin/doctor/",
    "live": "/admin/executor/execution/live/",
    "webhooks": "/admin/inbound/receivedhook/",
    "webhook": "/admin/inbound/receivedhook/{webhook}/change/",
    "parked": "/admin/inbound/parkedmessage/",
    "parked-row": "/admin/inbound/parkedmessage/{parked}/change/",
    "webhook-secrets": "/admin/inbound/hooksecret/",
    "webhook-secret": "/admin/inbound/hooksecret/{hooksecret}/change/",
    "webhook-secret-add": "/admin/inbound/hooksecret/add/",
    "webhook-secret-delete": "/admin/inbound/hooksecret/{hooksecret}/delete/",
    "instance-unsigned": "/admin/registry/instance/{strange}/change/",
    "events": "/admin/events/event/",
    "event": "/admin/events/event/{event}/change/",
    "sinks": "/admin/events/eventsink/",
    "sink": "/admin/events/eventsink/{sink}/change/",
    "sink-add": "/admin/events/eventsink/add/",
    "sink-add-webhook": "/admin/events/eventsink/add/?type=webhook",
    "sink-add-kafka": "/admin/events/eventsink/add/?type=kafka",
    "sink-delete": "/admin/events/eventsink/{sink}/delete/",
    "deliveries": "/admin/events/delivery/",
    "delivery": "/admin/events/delivery/{delivery}/change/",
    "tokens": "/admin/access/token/",
    "token": "/admin/access/token/{token}/change/",
    "token-add": "/admin/access/token/add/",
    "users": "/admin/auth/user/",
    "user": "/admin/auth/user/{user}/change/",
    "user-add": "/admin/auth/user/add/",
    "user-delete": "/admin/auth/user/{user}/delete/",
    "user-password": "/admin/auth/user/{user}/password/",
    "groups": "/admin/auth/group/",
    "group": "/admin/auth/group/{group}/change/",
    "group-add": "/admin/auth/group/add/",
    "group-delete": "/admin/auth/group/{group}/delete/",
    "audit": "/admin/audit/auditentry/",
    "audit-entry": "/admin/audit/auditentry/{audit}/change/",
    "password": "/admin/password_change/",
    "password-done": "/admin/password_change/done/",
}
# The first row of a list, or the row that holds these words.
ROWS = {
    "definition": ("definitions", ""),
    "draft": ("definitions", "drafted"),
    "transform": ("transforms", ""),
    "adapter": ("adapters", ""),
    "credential": ("credentials", "orders"),
    "silence": ("silences", ""),
    "webhook": ("webhooks", ""),
    "parked": ("parked", ""),
    "hooksecret": ("webhook-secrets", ""),
    "event": ("events", ""),
    "sink": ("sinks", "Broken receiver"),
    "delivery": ("deliveries", "Broken receiver"),
    "token": ("tokens", ""),
    "user": ("users", ""),
    "group": ("groups", ""),
    "audit": ("audit", ""),
}
OPENAPI = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example"}]
paths:
  /pets: {get: {operationId: listPets, tags: [pets], summary: All of them, responses: {}}}
"""
OUTSIDE = {
    "login": "/admin/login/",
    "connect": "{link}",
    "health": "/health/readiness",
    "status": "/status",
    "docs": "/api/docs",
}


def places(page: Page, hub: BrowserHub) -> dict[str, str]:
    """What the braces of PAGES and OUTSIDE stand for; makes what is not there yet."""
    found = furnish(hub) | {"link": connect_link(hub)}
    found |= {name: _row(page, PAGES[listing], words) for name, (listing, words) in ROWS.items()}
    found["staged"] = _staged(page)
    return {**hub.ids, **hub.executions, **found}


def routes_of(paths: Mapping[str, str]) -> set[str]:
    """The routes that addresses lead to, as the URLconf writes them."""
    shown = (path.partition("?")[0].format_map(_AnyId()) for path in paths.values())
    return {resolve(path).route for path in shown}


class _AnyId(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "00000000-0000-0000-0000-000000000000"


def _row(page: Page, path: str, words: str) -> str:
    page.goto(path)
    row = page.locator("#result_list tbody tr").filter(has_text=words).first
    address = row.locator("th a").first.get_attribute("href") or ""
    return str(resolve(address.partition("?")[0]).kwargs["object_id"])


def _staged(page: Page) -> str:
    """A description that waits for a choice of its operations."""
    page.goto(PAGES["import"])
    page.get_by_label("Text").fill(OPENAPI)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("#operations")).to_be_visible()
    return str(resolve(page.url.removeprefix(page.url.split("/admin")[0])).kwargs["key"])
