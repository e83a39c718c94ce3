"""Which part of a file a Range header asks for (RFC 9110 §14)."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_hub.api.ranges import Part, PartOf, wanted
from integration_hub.lib.errors import RangeNotSatisfiable

ETAG = '"abc"'


def asked(header, if_range="", size=10):
    part = wanted(header, if_range, size=size, etag=ETAG)
    return None if part is None else (part.start, part.stop)


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=8-999999999999999999", (8, 10)),
        ("Bytes= 1-2 ", (1, 3)),
    ],
)
def test_one_range_is_given_as_far_as_the_file_goes(header, part):
    assert asked(header) == part


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "lines=1-2", "bytes=1-2,4-5"),
        *("bytes=+1-2", "bytes=1 - 2", "bytes=٣-٤", "bytes=1-" + "9" * 5000),
    ],
)
def test_what_is_no_single_range_of_bytes_gets_the_whole(header):
    assert asked(header) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999-"])
def test_a_range_beyond_the_end_is_refused(header):
    with pytest.raises(RangeNotSatisfiable) as caught:
        asked(header)
    assert "10 bytes" in caught.value.detail


@pytest.mark.parametrize(
    ("if_range", "part"),
    [
        (ETAG, (2, 5)),
        ('"other"', None),
        ('W/"abc"', None),
        ("Sat, 29 Oct 2022 19:43:31 GMT", None),
    ],
)
def test_a_part_is_given_only_of_the_file_that_the_caller_has(if_range, part):
    assert asked("bytes=2-4", if_range) == part


@given(st.text(max_size=40), st.integers(1, 100))
def test_no_header_whatever_asks_for_what_is_not_there(text, size):
    try:
        part = wanted(f"bytes={text}", "", size=size, etag=ETAG)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= size


@given(st.integers(0, 9), st.integers(1, 10), st.lists(st.integers(0, 5), max_size=20))
def test_a_part_reads_as_its_bytes_and_no_more(start, length, sizes):
    data = b"0123456789"
    part = Part(start, min(start + length, 10), 10)
    body = PartOf(io.BytesIO(data), part)
    read = b"".join(body.read(size) for size in sizes) + body.read()
    assert read == data[part.start : part.stop]
    assert body.read() == b""
