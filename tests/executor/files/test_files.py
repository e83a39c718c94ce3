"""Answers that are no documents go to the file store, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest

from executor.choices import ExecutionStatus
from executor.delivery import purge
from executor.files import store
from executor.models import Execution, StoredFile
from integration_hub.lib import clock, jsonsafe
from registry import services as registry
from tests.executor.conftest import DOCUMENT, SECRET, _http
from tests.upstream_answers import PNG

METHODS = {
    "picture": _http("/file/plain"),
    "secret_picture": _http("/file/plain", sensitive=["result"]),
    "mapped": _http("/file/plain", response_transform={"rules": [{"source": "a", "target": "a"}]}),
    "page": {"http": {"method": "GET", "path": "/file/html", "answer": "file"}},
    "csv": {"http": {"method": "GET", "path": "/file/csv", "answer": "file"}},
    **{
        name: _http(f"/file/{name}")
        for name in ("gzip", "bomb", "half", "echo", "refused", "empty")
    },
    "post": _http("/file/plain", "POST"),
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.HUB_FILES_DIR = tmp_path / "files"
    settings.HUB_FILES_MIN_FREE_BYTES = 0
    return settings.HUB_FILES_DIR


@pytest.fixture
def acme(acme):
    registry.create_definition(
        document={**DOCUMENT, "version": "1.1.0", "methods": {**DOCUMENT["methods"], **METHODS}},
        actor="tests",
        publish=True,
    )
    return registry.upgrade_instance(instance=acme, version="1.1.0", actor="tests")


@pytest.fixture
def fetch(api, acme):
    """`fetch("picture")`: call as a token, then ask for the payload; the body and the answer."""

    def make(method, client=None):
        caller = api("execute")
        url = f"/api/v1/instances/acme/methods/{method}/execute"
        body = caller.post(url, {"parameters": {}}, format="json").json()
        path = f"/api/v1/executions/{body['execution_id']}/payload"
        return body, (client or caller).get(path)

    return make


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("method", ["picture", "gzip"])
def test_a_picture_is_kept_and_comes_back_as_it_was(fetch, folder, method):
    body, answer = fetch(method)
    handle = body["data"]["file"]
    assert handle == {
        "id": handle["id"],
        "name": "grün.png",
        "media_type": "image/png",
        "size": len(PNG),
        "sha256": hashlib.sha256(PNG).hexdigest(),
    }
    assert b"".join(answer.streaming_content) == PNG
    (path,) = kept(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == PNG


def test_a_file_is_only_ever_a_download(fetch):
    _, answer = fetch("page")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Content-Length"] == str(len(b"".join(answer.streaming_content)))


@pytest.fixture
def part(fetch, api):
    """`part("bytes=0-9")`: the answer to a range of the picture, as who called."""
    body, whole = fetch("picture")

    def get(wanted, **headers):
        path = f"/api/v1/executions/{body['execution_id']}/payload"
        return api("read").get(path, headers={"range": wanted, **headers})

    get.etag = whole["ETag"]
    assert whole["Accept-Ranges"] == "bytes"
    return get


def test_a_download_that_broke_off_is_resumed(part):
    half = len(PNG) // 2
    answer = part(f"bytes={half}-", **{"if-range": part.etag})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {half}-{len(PNG) - 1}/{len(PNG)}"
    assert answer["Content-Length"] == str(len(PNG) - half)
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert b"".join(answer.streaming_content) == PNG[half:]


def test_a_part_of_another_file_than_the_caller_has_is_the_whole(part):
    answer = part("bytes=5-", **{"if-range": '"of-another"'})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, PNG)


def test_a_part_beyond_the_end_is_refused_with_the_size(part):
    answer = part(f"bytes={len(PNG)}-")
    assert (answer.status_code, answer.json()["code"]) == (416, "RANGE_NOT_SATISFIABLE")
    assert answer["Content-Range"] == f"bytes */{len(PNG)}"


def test_who_may_not_have_the_file_learns_nothing_of_it_by_a_range(api, fetch):
    body, _ = fetch("secret_picture")
    answer = api("read").get(
        f"/api/v1/executions/{body['execution_id']}/payload", headers={"range": "bytes=99999-"}
    )
    assert answer.status_code == 403
    assert "Content-Range" not in answer


def test_a_method_may_ask_that_a_text_is_kept_as_a_file(fetch, settings):
    settings.HUB_MAX_RESPONSE_BYTES = 1_024
    body, _ = fetch("csv")
    assert (body["data"]["file"]["media_type"], body["data"]["file"]["size"]) == ("text/csv", 4_000)


def test_who_asks_for_json_gets_what_is_kept_of_the_bodies(api, fetch):
    body, _ = fetch("picture")
    shown = api("read").get(
        f"/api/v1/executions/{body['execution_id']}/payload", headers={"accept": "application/json"}
    )
    assert shown.json()["data"] == body["data"]
    assert shown.json()["exchanges"][0]["response"]["body"] == "(in the file store)"
    assert shown.json()["exchanges"][0]["response"]["bytes"] == len(PNG)


def test_a_file_of_a_sensitive_result_is_for_who_called_alone(api, fetch):
    _, mine = fetch("secret_picture")
    _, theirs = fetch("secret_picture", api("read"))
    assert (mine.status_code, theirs.status_code) == (200, 403)


def test_the_hubs_credential_is_masked_in_a_file_too(fetch):
    body, answer = fetch("echo")
    content = b"".join(answer.streaming_content)
    assert SECRET.encode() not in content
    assert b"Bearer " + b"*" * len(SECRET) + PNG in content
    assert hashlib.sha256(content).hexdigest() == body["data"]["file"]["sha256"]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("bomb", "RESPONSE_TOO_LARGE"),
        ("half", "CONNECTION_ERROR"),
        ("refused", "INTEGRATION_ERROR"),
        ("mapped", "RESPONSE_INVALID"),
    ],
)
def test_what_does_not_come_whole_leaves_nothing(call, folder, method, code):
    _, body = call(method)
    assert body["code"] == code
    assert kept(folder) == []
    assert not StoredFile.objects.exists()


def test_a_file_beyond_the_cap_is_refused(call, folder, settings):
    settings.HUB_MAX_FILE_BYTES = 2_048
    _, body = call("picture")
    assert body["code"] == "RESPONSE_TOO_LARGE"
    assert kept(folder) == []


def test_an_answer_without_a_byte_is_no_file(call, folder):
    _, body = call("empty")
    assert body["data"] is None
    assert kept(folder) == []


@pytest.mark.parametrize(("method", "retryable"), [("picture", True), ("post", False)])
def test_a_full_disk_is_said_and_nothing_is_kept(call, folder, settings, method, retryable):
    settings.HUB_FILES_MIN_FREE_BYTES = 1 << 60
    reply, body = call(method)
    assert (reply.status, body["code"]) == (507, "INSUFFICIENT_STORAGE")
    assert body["retryable"] is retryable
    assert kept(folder) == []


def test_a_store_that_cannot_be_written_is_said_too(call, folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("not a directory")
    reply, _ = call("picture")
    assert reply.status == 507


def test_a_file_goes_with_its_execution(call, folder):
    _, body = call("picture")
    Execution.objects.filter(pk=body["execution_id"]).update(status=ExecutionStatus.COMPLETED)
    purge.purge(now=clock.now() + timedelta(days=31))
    assert not Execution.objects.exists()
    assert kept(folder) == []
    assert not StoredFile.objects.exists()


def test_strays_are_swept_once_they_are_old_and_files_with_a_row_are_not(call, folder):
    _, body = call("picture")
    (mine,) = kept(folder)
    stray = mine.parent / "01890000000070008000000000000000"
    stray.write_bytes(b"x")
    spool = folder / ".incoming" / "left"
    spool.write_bytes(b"x")
    long_ago = (clock.now() - timedelta(days=2)).timestamp()
    os.utime(spool, (long_ago, long_ago))
    shard = int(mine.parent.name, 16)
    hours = int(clock.now().timestamp() // 3600)
    at = clock.now() + timedelta(hours=(shard - hours) % store.SHARDS + 2 * store.SHARDS)
    assert sum(store.sweep(at)) == 2
    assert kept(folder) == [mine]
    assert jsonsafe.dumps(body["data"])


def test_a_file_that_is_gone_is_said_to_be(fetch, folder, api):
    body, _ = fetch("picture")
    kept(folder)[0].unlink()
    again = api("read").get(f"/api/v1/executions/{body['execution_id']}/payload")
    assert (again.status_code, again.json()["code"]) == (409, "PAYLOAD_PURGED")
