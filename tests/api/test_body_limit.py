"""413 before the limit is passed, whatever a request says of its length."""

from io import BytesIO

import pytest
from gunicorn.http.errors import InvalidChunkSize, NoMoreData

LIMIT = 2048


class Endless:
    """A body without an end that counts what was read of it."""

    def __init__(self):
        self.count = 0

    def read(self, size=-1):
        self.count += size
        return b"x" * size

    def readline(self, size=-1):
        raise AssertionError("nobody reads lines of a body")


@pytest.fixture(autouse=True)
def _small(settings):
    settings.HUB_MAX_REQUEST_BYTES = LIMIT


def chunked(client, address, stream):
    return client.generic(
        "POST",
        address,
        content_type="application/json",
        **{
            "wsgi.input": stream,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
            "CONTENT_LENGTH": "",
        },
    )


pytestmark = pytest.mark.django_db


def test_a_length_over_the_limit_is_refused_without_reading(api, sample, problem):
    stream = Endless()
    response = api("manage").generic(
        "POST",
        f"{sample}/echo",
        content_type="application/json",
        **{"wsgi.input": stream, "CONTENT_LENGTH": str(100 * 1024 * 1024)},
    )
    problem(response, 413, "PAYLOAD_TOO_LARGE")
    assert stream.count == 0


class Broken:
    """A body whose reader finds a fault after the first piece, as gunicorn's does."""

    def __init__(self, fault):
        self.pieces = [b'{"a":', fault]

    def read(self, size=-1):
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def readline(self, size=-1):
        raise AssertionError("nobody reads lines of a body")


@pytest.mark.parametrize("fault", [InvalidChunkSize(b"ZZ"), NoMoreData(), ConnectionResetError()])
def test_a_broken_chunked_body_is_the_callers_fault(api, sample, problem, fault):
    answer = chunked(api("manage"), f"{sample}/echo", Broken(fault))
    problem(answer, 400, "VALIDATION_ERROR")


def test_an_endless_chunked_body_is_read_to_the_limit_only(api, sample, problem):
    stream = Endless()
    problem(chunked(api("manage"), f"{sample}/echo", stream), 413, "PAYLOAD_TOO_LARGE")
    assert stream.count <= LIMIT + 1


def test_a_chunked_body_within_the_limit_arrives(api, sample):
    body = b'{"a": "' + b"x" * 1000 + b'"}'
    response = chunked(api("manage"), f"{sample}/echo", BytesIO(body))
    assert response.json() == {"sent": {"a": "x" * 1000}}


def test_a_body_of_exactly_the_limit_arrives_and_one_byte_more_does_not(api, sample, problem):
    client = api("manage")
    exact = b'"' + b"x" * (LIMIT - 2) + b'"'
    post = {"content_type": "application/json"}
    assert client.post(f"{sample}/echo", exact, **post).status_code == 200
    assert chunked(client, f"{sample}/echo", BytesIO(exact)).status_code == 200
    problem(client.post(f"{sample}/echo", exact + b" ", **post), 413, "PAYLOAD_TOO_LARGE")
    more = chunked(client, f"{sample}/echo", BytesIO(exact + b" "))
    problem(more, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("length", ["-1", "ten", "1_0", "٣"])
def test_a_length_that_is_no_number_is_refused(api, sample, problem, length):
    response = api("manage").generic(
        "POST", f"{sample}/echo", b"{}", content_type="application/json", CONTENT_LENGTH=length
    )
    problem(response, 400, "VALIDATION_ERROR")


def test_a_length_that_says_less_reads_no_more_than_it_says(api, sample, problem):
    stream = BytesIO(b'{"a":1}' + b"x" * 100_000)
    response = api("manage").generic(
        "POST",
        f"{sample}/echo",
        content_type="application/json",
        **{"wsgi.input": stream, "CONTENT_LENGTH": "7"},
    )
    assert response.json() == {"sent": {"a": 1}}
    assert stream.tell() == 7


def test_pages_outside_of_api_are_limited_too(client, sample):
    response = client.post("/pages/plain-form", {"x": "y" * 5000})
    assert response.status_code == 413
    assert response["Content-Type"] == "text/plain"
    assert response["X-Request-ID"]
