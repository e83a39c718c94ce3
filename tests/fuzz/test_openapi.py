"""The API fuzzed by its own document, as three users: no 5xx, nothing undescribed (promise 64)."""

from __future__ import annotations

import os

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from integration_hub.access import services as access
from integration_hub.events import following
from integration_hub.events.relay import relay_once
from tests.journeys.steps import connect, execute

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(600)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("HUB_FUZZ_EXAMPLES", "12"))
USERS = {
    "none": (),
    "wrong scope": ("credentials",),
    "right scope": ("manage", "execute", "credentials"),
}


@pytest.fixture
def document(transactional_db, upstream, monkeypatch):
    """The document of a hub in which there is something to find."""
    demo = connect(upstream.url, slug="demo")
    for method in ("get_order", "bearer", "reset", "create_contact"):
        execute(demo, method)
    relay_once()
    monkeypatch.setattr(following, "LIFETIME_S", 0.0)
    return schemathesis.openapi.from_wsgi("/api/schema?format=json", get_wsgi_application())


def headers_of(user: str) -> dict[str, str]:
    scopes = USERS[user]
    if not scopes:
        return {}
    _, raw = access.create_token(name="fuzz", scopes=scopes, actor="tests")
    return {"Authorization": f"Bearer {raw}"}


def fuzz(operation, headers: dict[str, str]) -> None:
    """Up to EXAMPLES generated calls of one operation, each judged by CHECKS."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def run(case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    run()


@pytest.mark.parametrize("user", USERS)
def test_every_answer_is_described(document, user):
    headers = headers_of(user)
    broken = []
    for found in document.get_all_operations():
        operation = found.ok()
        try:
            fuzz(operation, headers)
        except (FailureGroup, Failure) as failure:
            broken.append(f"{operation.label}\n{failure}")
    assert not broken, "\n\n".join(broken)
