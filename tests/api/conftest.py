import pytest


@pytest.fixture
def sample(settings):
    """The addresses of tests.api.sample beside the hub's own."""
    settings.ROOT_URLCONF = "tests.api.sample"
    return "/api/v1/sample"


def check_problem(response, status, code):
    """Assert that the answer is a whole problem document; return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == "urn:integration-hub:problem:" + code.lower().replace("_", "-")
    assert body["request_id"] == response["X-Request-ID"]
    assert body["detail"]
    assert isinstance(body["retryable"], bool)
    assert isinstance(body["errors"], list)
    assert isinstance(body["suggestions"], list)
    assert body["instance"].startswith("/")
    assert "Traceback" not in response.content.decode()
    return body


@pytest.fixture
def problem():
    return check_problem
