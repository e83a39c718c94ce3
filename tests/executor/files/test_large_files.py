"""A file as large as the cap goes through in pieces: memory does not grow with it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from registry import services as registry
from tests.executor.conftest import DOCUMENT, _http

MIB = 1 << 20
SIZE = 100 * MIB
MOST_GROWTH = 64 * MIB
PAGE = 4096


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


class Peak:
    """The largest resident size of this process while the block runs."""

    def __enter__(self) -> Peak:
        self.start = self.most = resident()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.is_set():
            self.most = max(self.most, resident())
            time.sleep(0.002)

    @property
    def growth(self) -> int:
        return self.most - self.start


@pytest.fixture
def fetched(api, acme, settings, tmp_path):
    settings.HUB_FILES_DIR = tmp_path / "files"
    settings.HUB_FILES_MIN_FREE_BYTES = 0
    methods = {
        **DOCUMENT["methods"],
        "large": _http(f"/large-file/{SIZE}"),
        "small": _http("/large-file/8"),
    }
    document = {**DOCUMENT, "version": "1.1.0", "methods": methods}
    registry.create_definition(document=document, actor="tests", publish=True)
    registry.upgrade_instance(instance=acme, version="1.1.0", actor="tests")
    client = api("execute")

    def make(method: str) -> int:
        url = f"/api/v1/instances/acme/methods/{method}/execute"
        body = client.post(url, {"parameters": {}}, format="json").json()
        assert body["status"] == "completed", body
        answer = client.get(f"/api/v1/executions/{body['execution_id']}/payload")
        return sum(len(piece) for piece in answer.streaming_content)

    return make


def test_a_hundred_mebibytes_come_and_go_with_little_memory(fetched, record_property):
    assert fetched("small") == 8  # whatever is loaded once is loaded now
    with Peak() as peak:
        assert fetched("large") == SIZE
    record_property("growth_mib", round(peak.growth / MIB, 1))
    print(f"\nresident size grew by {peak.growth / MIB:.1f} MiB")
    assert peak.growth <= MOST_GROWTH
