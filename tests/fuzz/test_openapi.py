"""The API fuzzed by its own document, as three users: no 5xx, nothing undescribed (promise 64)."""

from __future__ import annotations

import os

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from integration_hub.access import services as access
from tests.journeys.steps import connect

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
def document(transactional_db, upstream):
    """The document of a hub in which there is something to find."""
    connect(upstream.url, slug="demo")
    return schemathesis.openapi.from_wsgi("/api/schema?format=json", get_wsgi_application())


api = schemathesis.pytest.from_fixture("document")


@pytest.fixture(params=USERS, ids=lambda name: name.replace(" ", "_"))
def headers(request, transactional_db) -> dict[str, str]:
    scopes = USERS[request.param]
    if not scopes:
        return {}
    _, raw = access.create_token(name="fuzz", scopes=scopes, actor="tests")
    return {"Authorization": f"Bearer {raw}"}


@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_described(case, headers):
    case.call_and_validate(headers=headers, checks=CHECKS)
