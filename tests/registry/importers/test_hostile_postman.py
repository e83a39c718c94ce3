"""Collections that are wrong on purpose: never a crash, and an end in bounded time and memory."""

from __future__ import annotations

import copy
import json
import tracemalloc

import pytest

from integration_hub.lib.errors import ValidationFailed
from registry.document import parse_definition
from registry.import_names import unique
from registry.import_source import read_source
from tests.registry.importers.test_postman import COLLECTION

WRONG = [None, 7, 1.5, "x", "", [], [7], {}, {"a": 7}, True, "{{", "{{a}}" * 50]
OF_THE_WHOLE = ("variable", "auth", "event", "protocolProfileBehavior")
OF_A_REQUEST = ("url", "header", "body", "auth", "method", "description")


@pytest.fixture
def collection():
    return copy.deepcopy(COLLECTION)


@pytest.fixture
def imported(draft_of):
    """`imported(collection)`: the draft, whose document is a valid definition."""

    def make(found):
        draft = draft_of(found, importer="postman")
        parse_definition(draft.document)
        return draft

    return make


def many(count, **request):
    return [
        {"name": f"r{at}", "request": {"method": "GET", "url": f"https://a.example/{at}"} | request}
        for at in range(count)
    ]


@pytest.mark.parametrize("wrong", WRONG)
def test_members_of_wrong_types_never_crash_an_import(collection, imported, wrong):
    good = {"name": "Good", "request": {"method": "GET", "url": "https://api.acme.example/good"}}
    for member in OF_THE_WHOLE:
        whole = copy.deepcopy(collection) | {member: wrong}
        assert "good" in imported(whole | {"item": [good]}).document["methods"], member
    for member in OF_A_REQUEST:
        odd = {"name": wrong, "request": {**good["request"], member: wrong}}
        assert "good" in imported(collection | {"item": [odd, good, good]}).document["methods"], (
            member
        )
    parts = [
        {"url": {"raw": wrong, "query": wrong}},
        {"url": {"raw": "https://api.acme.example/x", "query": [{"key": wrong, "value": wrong}]}},
        {"header": [{"key": wrong, "value": wrong, "description": wrong}]},
        {"method": "POST", "body": {"mode": wrong}},
        {"method": "POST", "body": {"mode": "raw", "raw": wrong}},
        {"method": "POST", "body": {"mode": "urlencoded", "urlencoded": [{"key": wrong}]}},
        {"auth": {"type": wrong, "apikey": wrong}},
        {"auth": {"type": "apikey", "apikey": [{"key": wrong, "value": wrong}]}},
    ]
    odd = [{"name": "odd", "request": {**good["request"], **part}} for part in parts]
    collection["variable"] = [{"key": wrong, "value": wrong}]
    assert "good" in imported(collection | {"item": [*odd, wrong, good]}).document["methods"]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_collection_without_requests_is_refused(collection, imported, wrong):
    for member in ("item", "info"):
        with pytest.raises(ValidationFailed):
            imported(collection | {"item": [], member: wrong})


def test_variables_that_name_each_other_end(collection, imported):
    collection["variable"] = [
        {"key": "base", "value": "{{other}}/{{base}}"},
        {"key": "other", "value": "{{base}}{{base}}"},
    ]
    assert imported(collection).imported


def test_variables_do_not_grow_without_end(collection, imported):
    """A thousand times a million characters would be a gigabyte."""
    collection["variable"] = [
        {"key": "v", "value": "y" * 1_000_000},
        {"key": "w", "value": "z" * 90_000},
    ]
    raw = json.dumps({"a": "{{v}}" * 1_000 + "{{w}}" * 1_000})
    body = {"mode": "raw", "raw": raw}
    collection["item"] = many(20, method="POST", body=body)
    tracemalloc.start()
    draft = imported(collection)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(draft.imported) == 20
    assert peak < 30_000_000


def test_folders_in_folders_without_end_are_refused_by_their_depth():
    deep = '{"item": [' * 100_000 + "]}" * 100_000
    with pytest.raises(ValidationFailed) as refused:
        read_source(document=deep)
    assert "deeper than 64" in refused.value.detail


def test_text_that_is_not_utf_8_is_refused_with_its_place(collection):
    raw = json.dumps(collection).encode().replace(b"Get user", b"Get \xff user")
    with pytest.raises(ValidationFailed) as refused:
        read_source(document=raw)
    assert "UTF-8" in refused.value.detail


def test_more_requests_than_a_definition_has_methods_are_left_out(collection, imported):
    collection["item"] = many(5_010)
    draft = imported(collection)
    assert len(draft.imported) == 5_000
    assert "at most 5000 methods" in draft.left_out[0]["reason"]


def test_ten_thousand_things_of_one_name_are_told_apart_quickly():
    class Counting(dict):
        asked = 0

        def __contains__(self, key):
            self.asked += 1
            return super().__contains__(key)

    taken = Counting()
    for _ in range(10_000):
        taken[unique("same", taken)] = True
    assert list(taken)[:3] == ["same", "same_2", "same_3"]
    assert len(taken) == 10_000
    assert taken.asked < 10_000 * 40
