import copy

import pytest

pytestmark = pytest.mark.django_db
URL = "/api/v1/definitions"


@pytest.fixture
def reader(api):
    return api("read")


@pytest.fixture
def without_contacts(document):
    """The methods of the document but one."""
    methods = copy.deepcopy(document["methods"])
    del methods["create_contact"]
    return methods


def test_two_versions_are_compared_with_pointers_verdict_and_honesty(
    reader, define, without_contacts
):
    define(version="1.1.0")
    define(version="1.2.0", methods=without_contacts, publish=False)
    answer = reader.get(f"{URL}/acme-crm@1.2.0/compatibility", {"against": "1.1.0"})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "definition": "acme-crm@1.2.0",
        "against": "acme-crm@1.1.0",
        "verdict": "breaking",
        "honest": False,
        "changes": [
            {
                "pointer": "/methods/create_contact",
                "kind": "breaking",
                "detail": "The method `create_contact` was removed.",
            }
        ],
    }


def test_without_a_version_the_release_before_is_meant(reader, define):
    define(version="1.0.0")
    define(version="1.1.0")
    define(version="1.2.0-rc.1")
    define(version="1.3.0", publish=False)
    define(version="1.4.0", tags=["crm"], publish=False)
    body = reader.get(f"{URL}/acme-crm@1.4.0/compatibility").json()
    assert (body["against"], body["verdict"], body["honest"]) == (
        "acme-crm@1.1.0",
        "compatible",
        True,
    )


@pytest.mark.parametrize(
    ("against", "status"), [("9.9.9", 404), ("^7", 404), ("not a range", 400), ("", 400)]
)
def test_a_version_that_is_none_is_a_problem(reader, define, against, status):
    define()
    answer = reader.get(f"{URL}/acme-crm@1.2.0/compatibility", {"against": against})
    assert answer.status_code == status
