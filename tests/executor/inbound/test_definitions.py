"""A `webhook` member is judged when it is stored: what would fit no hook, or any, is refused."""

from __future__ import annotations

import pytest

from registry.check import warnings_of
from registry.document import check_document, parse_definition

BASE = {
    "slug": "shop",
    "name": "Shop",
    "version": "1.0.0",
    "type": "http",
    "methods": {"note": {"http": {"method": "POST", "path": "/notes"}}},
}


@pytest.mark.parametrize(
    ("webhook", "pointer"),
    [
        ({}, "/webhook"),
        ({"verify": "githb"}, "/webhook/verify"),
        ({"verify": "none", "header": "X-Sign"}, "/webhook/header"),
        ({"header": "X-Sign", "algorithm": "md5"}, "/webhook/algorithm"),
        ({"header": "X-Sign", "encoding": "base32"}, "/webhook/encoding"),
        ({"header": "X-Sign", "template": "{timestamp}"}, "/webhook/template"),
        ({"header": "X-Sign", "template": "{body}{nonsense}"}, "/webhook/template"),
        ({"header": "X-Sign", "template": "{timestamp}.{body}"}, "/webhook/timestamp"),
        ({"header": "X-Sign", "timestamp": "header.X-Time"}, "/webhook/template"),
        (
            {"header": "X-Sign", "template": "{id}{body}", "id": "body.id"},
            "/webhook/id",
        ),
        ({"header": "X-Sign", "id": "cookie.x"}, "/webhook/id"),
        ({"verify": "github", "then": "execute"}, "/webhook/method"),
        ({"verify": "github", "then": "execute", "method": "nte"}, "/webhook/method"),
        ({"verify": "github", "transform": {"rules": [{}]}}, "/webhook/transform/rules/0/target"),
        ({"verify": "github", "colour": "red"}, "/webhook/colour"),
    ],
)
def test_a_webhook_member_with_a_fault_is_refused_at_its_place(webhook, pointer):
    found = check_document(BASE | {"webhook": webhook})
    assert pointer in [fault.pointer for fault in found], found


@pytest.mark.parametrize(
    "webhook",
    [
        {"verify": "standard_webhooks"},
        {"verify": "stripe", "tolerance_seconds": 60},
        {"header": "X-Sign"},
        {"verify": "github", "then": "execute", "method": "note"},
    ],
)
def test_a_complete_one_is_stored_without_a_warning(webhook):
    document = BASE | {"webhook": webhook}
    assert check_document(document) == ()
    assert not [f for f in warnings_of(parse_definition(document)) if "webhook" in f.pointer]


def test_one_that_takes_unsigned_hooks_is_stored_with_a_warning():
    (warning,) = warnings_of(parse_definition(BASE | {"webhook": {"verify": "none"}}))
    assert (warning.pointer, warning.code) == ("/webhook/verify", "UNSIGNED")
