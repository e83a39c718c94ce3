"""Answers that try to use up memory or time (promise 49)."""

from __future__ import annotations

import gzip
import resource
import zlib

import pytest

from integration_hub.lib.errors import ResponseInvalid, ResponseTooLarge
from tests.egress.conftest import Peer, send

MIB = 1024 * 1024
LIMIT = 2 * MIB


def answer(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def endless(piece: bytes, head: bytes):
    def handler(peer: Peer) -> None:
        peer.request()
        peer.say(head)
        while not peer.stop.is_set():
            peer.say(piece)

    return handler


OPEN_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("piece", "head"),
    [
        (b"x" * 65536, OPEN_HEAD),
        (b"10000\r\n" + b"x" * 65536 + b"\r\n", CHUNKED),
        (b"1;" + b"e" * 60000 + b"\r\n.\r\n", CHUNKED),
        (b"Trailer: x\r\n" * 5000, CHUNKED + b"0\r\n"),
        (b"x" * 65536, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        (b"x" * 65536, CHUNKED + b"-1\r\n"),
        (b"X-Header: y\r\n" * 1000, b"HTTP/1.1 200 OK\r\n"),
        (b"x" * 65536, b"HTTP/1.1 200 OK\r\nX-Long: "),
        (b"x" * 65536, b""),
        (b" folded\r\n" * 1000, b"HTTP/1.1 200 OK\r\nX-Long: x\r\n"),
    ],
    ids=[
        "endless body",
        "endless chunks",
        "endless chunk extensions",
        "endless trailers",
        "a length far over the limit",
        "a chunk of negative size",
        "endless headers",
        "an endless header",
        "an endless status line",
        "an endless folded header",
    ],
)
def test_an_endless_answer_is_cut_off_without_filling_memory(serve, piece, head):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((ResponseTooLarge, ResponseInvalid)):
        send(serve(endless(piece, head)).url, max_bytes=LIMIT)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024  # KiB


def test_interim_answers_are_bounded(serve):
    head = b"HTTP/1.1 100 Continue\r\n\r\n"
    with pytest.raises(ResponseInvalid, match="interim"):
        send(serve(endless(head * 100, head)).url)


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_a_few_interim_answers_are_passed_over(says, status):
    raw = f"HTTP/1.1 {status}\r\nLink: </x>\r\n\r\n".encode() * 3 + answer(b"ok")
    assert send(says(raw).url).content == b"ok"


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not(says):
    assert len(send(says(answer(b"x" * 1000)).url, max_bytes=1000).content) == 1000
    with pytest.raises(ResponseTooLarge, match="1000 bytes"):
        send(says(answer(b"x" * 1001)).url, max_bytes=1000)


def test_the_limit_comes_from_the_settings(settings, says):
    settings.HUB_MAX_RESPONSE_BYTES = 2000
    with pytest.raises(ResponseTooLarge, match="HUB_MAX_RESPONSE_BYTES"):
        send(says(answer(b"x" * 2001)).url)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate"])
def test_a_compression_bomb_is_refused(says, coding):
    blanks = b" " * (100 * MIB)
    packed = zlib.compress(blanks) if coding == "deflate" else gzip.compress(blanks, mtime=0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ResponseTooLarge):
        send(says(answer(packed, f"Content-Encoding: {coding}")).url)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_more_than_a_hundred_times_is_too_much_even_below_the_limit(says):
    packed = gzip.compress(b" " * MIB, mtime=0)
    with pytest.raises(ResponseTooLarge, match="100 times"):
        send(says(answer(packed, "Content-Encoding: gzip")).url)


def test_a_small_blank_document_may_shrink_as_it_likes(says):
    packed = gzip.compress(b" " * 60_000, mtime=0)
    assert len(send(says(answer(packed, "Content-Encoding: gzip")).url).content) == 60_000


def test_a_bomb_in_many_small_members_is_added_up(says):
    packed = gzip.compress(b" " * 60_000, mtime=0) * 200
    with pytest.raises(ResponseTooLarge):
        send(says(answer(packed, "Content-Encoding: gzip")).url, max_bytes=MIB)


def test_the_decoded_size_is_capped_too(says):
    packed = gzip.compress(bytes(range(256)) * 8000, mtime=0)
    with pytest.raises(ResponseTooLarge):
        send(says(answer(packed, "Content-Encoding: gzip")).url, max_bytes=MIB)


@pytest.mark.parametrize(
    ("packed", "coding"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip"),
        (gzip.compress(b"hello", mtime=0), "GZIP"),
        (gzip.compress(b"hello", mtime=0), "x-gzip"),
        (gzip.compress(b"hello", mtime=0), "identity, gzip"),
        (gzip.compress(b"hel", mtime=0) + gzip.compress(b"lo", mtime=0), "gzip"),
        (gzip.compress(b"hello", mtime=0) + b"\0" * 20, "gzip"),
        (zlib.compress(b"hello"), "deflate"),
        (zlib.compress(b"hello")[2:-4], "deflate"),
        (b"hello", "identity"),
        (b"hello", ""),
    ],
)
def test_one_content_coding_is_undone(says, packed, coding):
    found = send(says(answer(packed, f"Content-Encoding: {coding}")).url)
    assert found.content == b"hello"
    assert found.wire_bytes == len(packed)


@pytest.mark.parametrize(
    ("packed", "coding"),
    [
        (gzip.compress(gzip.compress(b"hello", mtime=0), mtime=0), "gzip, gzip"),
        (zlib.compress(gzip.compress(b"hello", mtime=0)), "gzip, deflate"),
        (b"hello", "br"),
        (b"hello", "zstd"),
        (b"hello", "gzip"),
        (gzip.compress(b"hello", mtime=0)[:-6], "gzip"),
        (gzip.compress(b"hello" * 1000, mtime=0)[:40], "gzip"),
        (gzip.compress(b"hello", mtime=0) + b"garbage", "gzip"),
        (zlib.compress(b"hello")[:-1], "deflate"),
        (b"\x78\x9cgarbage", "deflate"),
    ],
)
def test_another_or_a_broken_coding_is_refused(says, packed, coding):
    with pytest.raises(ResponseInvalid):
        send(says(answer(packed, f"Content-Encoding: {coding}")).url)


def test_a_hundred_headers_pass_and_one_more_does_not(says):
    headers = [f"X-{n}: y" for n in range(99)]
    assert send(says(answer(b"ok", *headers)).url).headers["x-98"] == "y"
    with pytest.raises(ResponseTooLarge, match="100 headers"):
        send(says(answer(b"ok", *headers, "X-99: y")).url)


def test_a_header_of_8_kib_passes_and_one_byte_more_does_not(says):
    assert len(send(says(answer(b"", "X-Long: " + "x" * 8192)).url).headers["x-long"]) == 8192
    with pytest.raises(ResponseTooLarge, match="header"):
        send(says(answer(b"", "X-Long: " + "x" * 8193)).url)


def test_blanks_inside_headers_cost_no_time(says):
    headers = ["X-Blank: a" + " " * 8000 + "b"] * 90
    assert send(says(answer(b"ok", *headers)).url, seconds=2).content == b"ok"
