"""Every shipped definition is complete, and its golden file says what it is."""

from __future__ import annotations

import pytest

from credentials.scheme import schemes
from executor.catalogue import FOLDER as SHIPPED
from executor.catalogue import MADE_UP, made_up, request_of
from registry.completeness import CATEGORIES, SAMPLE_TAG
from tests.catalogue import golden

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
SERVICES = 25


def entry_of(name):
    [found] = [entry for entry in golden.judged() if entry.path.stem == name]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_complete(name):
    entry = entry_of(name)
    assert (entry.detail, entry.faults) == ("", ())


@pytest.mark.parametrize("name", NAMES)
def test_a_change_of_an_entry_shows_in_its_golden_file(name):
    path = golden.FOLDER / f"{name}.json"
    said = path.read_text("utf-8") if path.exists() else ""
    assert golden.public_form(entry_of(name).spec) == said, "make goldens, and read the difference"


def test_no_golden_file_is_left_of_an_entry_that_is_gone():
    assert sorted(path.stem for path in golden.FOLDER.glob("*.json")) == NAMES


def test_the_documentation_lists_what_is_there():
    assert golden.documented() == golden.table(), "make goldens"


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_documentation_names_every_category(category):
    assert f"`{category}`" in golden.DOCUMENT.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_example_makes_a_request_that_carries_the_credential(name):
    spec = entry_of(name).spec
    for method in spec.methods.values():
        for example in method.examples:
            for entry in spec.auth:
                bare = request_of(spec, method, example, None)
                signed = request_of(spec, method, example, entry)
                host = spec.default_config.get("base_url", "https://")
                assert signed.url.startswith(host), method.name
                assert (signed == bare) == (entry.type == "none"), (method.name, entry.id)
                assert "{" not in signed.url


def test_the_catalogue_spans_what_people_connect_first():
    specs = [entry.spec for entry in golden.judged() if SAMPLE_TAG not in entry.spec.tags]
    assert len(specs) >= SERVICES
    missing = set(CATEGORIES) - {tag for spec in specs for tag in spec.tags}
    assert not missing


@pytest.mark.parametrize("scheme", ["bearer", "basic", "api_key", "aws_sigv4", "oauth2"])
def test_a_made_up_credential_is_one_that_its_scheme_takes(scheme):
    found = schemes.get(scheme)
    data = made_up(found.fields)
    assert MADE_UP in data.values()
    assert not list(found.check_data(data, {"grant": "authorization_code", "name": "X-Key"}))
