"""Every `auth` entry of a definition is known and complete, or the document is refused."""

from __future__ import annotations

import copy

import pytest

from credentials.definition_checks import check_auth
from credentials.scheme import schemes
from integration_hub.lib.errors import ValidationFailed
from registry.building import build_spec
from registry.document import parse_definition
from tests.credentials.conftest import DOCUMENT


def faults(*auth):
    document = copy.deepcopy(DOCUMENT) | {"auth": list(auth)}
    return [(fault.pointer, fault.code) for fault in check_auth(build_spec(document))]


def test_every_entry_of_this_build_is_accepted() -> None:
    assert faults(*DOCUMENT["auth"], {"type": "none"}) == []
    assert faults({"type": "api_key", "in": "cookie", "name": "sid", "prefix": "v1."}) == []


@pytest.mark.parametrize("kind", ["apikey", "custom", "Bearer"])
def test_an_unknown_type_is_refused_naming_those_there_are(kind: str) -> None:
    document = copy.deepcopy(DOCUMENT) | {"auth": [{"type": "none"}, {"type": kind}]}
    (fault,) = check_auth(build_spec(document))
    assert (fault.pointer, fault.code) == ("/auth/1/type", "UNKNOWN_TYPE")
    assert ", ".join(schemes.names()) in fault.detail


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({"type": "api_key", "in": "header"}, "/auth/0/name"),
        ({"type": "api_key", "in": "body", "name": "X"}, "/auth/0/in"),
        ({"type": "api_key", "name": ""}, "/auth/0/name"),
        ({"type": "api_key", "name": "bad name"}, "/auth/0/name"),
        ({"type": "api_key", "name": "Content-Length"}, "/auth/0/name"),
        ({"type": "api_key", "name": "X\r\nY"}, "/auth/0/name"),
        ({"type": "api_key", "in": "cookie", "name": "a;b"}, "/auth/0/name"),
        ({"type": "api_key", "name": "X", "prefix": "a\nb"}, "/auth/0/prefix"),
        ({"type": "api_key", "name": "X", "header": "Y"}, "/auth/0/header"),
        ({"type": "bearer", "name": "X"}, "/auth/0/name"),
        ({"type": "basic", "password": "in the document"}, "/auth/0/password"),
    ],
)
def test_an_incomplete_or_unknown_option_is_named(entry, pointer: str) -> None:
    assert [found[0] for found in faults(entry)] == [pointer]


def test_the_check_is_part_of_reading_a_document() -> None:
    document = copy.deepcopy(DOCUMENT) | {"auth": [{"type": "apikey"}, {"type": "api_key"}]}
    with pytest.raises(ValidationFailed) as refused:
        parse_definition(document)
    pointers = {fault.pointer for fault in refused.value.errors}
    assert {"/auth/0/type", "/auth/1/name"} <= pointers
