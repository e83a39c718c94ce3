"""If-Match against ETag."""

from types import SimpleNamespace

import pytest

from integration_hub.api.etag import check_if_match, etag_of
from integration_hub.lib import clock
from integration_hub.lib.errors import PreconditionFailed

ROW = SimpleNamespace(pk="7", revision=3)


@pytest.mark.parametrize("header", ["", "*", '"7-3"', '"7-2", "7-3"'])
def test_a_write_on_the_version_that_was_read_goes(rf, header):
    check_if_match(rf.get("/", HTTP_IF_MATCH=header), ROW)


@pytest.mark.parametrize("header", ['"7-2"', "7-3", 'W/"7-3"', '"x"', ","])
def test_a_write_on_another_version_is_refused(rf, header):
    with pytest.raises(PreconditionFailed):
        check_if_match(rf.get("/", HTTP_IF_MATCH=header), ROW)


def test_without_a_revision_the_time_of_the_last_change_counts(fake_clock):
    row = SimpleNamespace(pk="7", updated_at=clock.now())
    before = etag_of(row)
    fake_clock.advance(1)
    row.updated_at = clock.now()
    assert etag_of(row) != before


@pytest.mark.parametrize("header", ["*", '"a"'])
def test_nothing_matches_what_is_not_there(rf, header):
    check_if_match(rf.get("/"), None)
    with pytest.raises(PreconditionFailed):
        check_if_match(rf.get("/", HTTP_IF_MATCH=header), None)
