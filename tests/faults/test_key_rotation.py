"""Promise 36: keys are rotated under live calls and edits, the command killed twice."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import figures
from tests.faults.database import own_database
from tests.faults.rig import ROOT, Rig, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

DEFINITION = {
    "slug": "many",
    "name": "Many",
    "version": "1.0.0",
    "type": "http",
    "auth": [{"id": "token", "type": "bearer"}],
    "methods": {"read": {"http": {"method": "GET", "path": "/ok"}}},
}
COUNT = figures.size(10_000, 4_000)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A hub with many credentials under an old key, restarted with a new one in front."""
    with own_database() as url:
        rig = Rig(tmp_path_factory.mktemp("rig"), url)
        try:
            rig.start()
            rig.must("POST", "/definitions", DEFINITION, 201)
            rig.must("POST", "/definitions/many@1.0.0/publish", {}, 200)
            rig.add_instance("many", "many@1.0.0")
            script(rig, "fill", str(COUNT))
            rig.kill_hub()
            rig.env["FERNET_KEYS"] = f"{secrets.token_urlsafe(48)},{rig.env['FERNET_KEYS']}"
            rig.start_hub()
            yield rig
        finally:
            rig.stop()


def script(rig: Rig, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.plant", *arguments],
        cwd=ROOT,
        env=rig.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Traffic:
    """Calls and edits from several threads until stopped; `edited` is what was last accepted."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.stopping = rig, threading.Event()
        self.calls, self.failed = 0, []
        self.edited: dict[str, str] = {}
        targets = [self._call, self._call, self._edit, self._edit]
        self._threads = [
            threading.Thread(target=self._run, args=(act, number))
            for number, act in enumerate(targets)
        ]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, act, number: int) -> None:
        pick = random.Random(number)
        while not self.stopping.wait(0.1):
            # Each thread edits instances of its own, so that "the last one accepted" is defined.
            slug = f"many-{pick.randrange(COUNT // 4) * 4 + number}"
            try:
                act(slug, pick)
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))

    def _call(self, slug: str, pick: random.Random) -> None:
        status, body = self.rig.execute("read", mode="sync", instance=slug)
        self.calls += 1
        if status != 200:
            self.failed.append((slug, status, body))

    def _edit(self, slug: str, pick: random.Random) -> None:
        token = f"edited-{pick.randrange(10**9)}"
        body = {"type": "bearer", "data": {"token": token}}
        status, answer = self.rig.call("PUT", f"/api/v1/instances/{slug}/credentials", body)
        if status == 200:
            self.edited[slug] = token
        else:
            self.failed.append((slug, status, answer))


def start_rotation(rig: Rig) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--json"],
        cwd=ROOT,
        env=rig.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def behind(rig: Rig, newest: str) -> int:
    statement = "SELECT count(*) FROM credentials_credential WHERE secret_key <> %s"
    return int(rig.query(statement, newest)[0][0])


def kill_when(rig: Rig, newest: str, share_done: float) -> None:
    """Start the command and kill it once this share of the rows is done."""
    command = start_rotation(rig)
    left = COUNT * (1 - share_done)
    wait_for(f"{share_done:.0%}", lambda: behind(rig, newest) <= left, seconds=120, every=0.01)
    assert command.poll() is None, "it was done before it could be killed"
    command.kill()
    command.communicate()
    assert behind(rig, newest) > 0


def test_keys_are_rotated_under_load_though_the_command_is_killed_twice(
    full: Rig, tmp_path: Path
) -> None:
    status = [sys.executable, "manage.py", "rotate_keys", "--status", "--json"]
    told = subprocess.run(status, cwd=ROOT, env=full.env, capture_output=True, check=False)
    newest = json.loads(told.stdout)["keys"][0]["id"]
    with Traffic(full) as traffic:
        wait_for("edits", lambda: len(traffic.edited) > 10)
        kill_when(full, newest, 0.3)
        kill_when(full, newest, 0.7)
        began, left = time.monotonic(), behind(full, newest)
        last = start_rotation(full)
        out, _ = last.communicate(timeout=300)
        seconds = time.monotonic() - began
    outcome = json.loads(out)
    assert last.returncode == 0, outcome
    assert traffic.failed == []
    assert [key["rows"] for key in outcome["keys"][1:]] == [0]
    assert outcome["keys"][1]["safe_to_retire"]

    full.kill_hub()
    full.env["FERNET_KEYS"] = full.env["FERNET_KEYS"].partition(",")[0]
    full.start_hub()
    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps(traffic.edited))
    found = json.loads(script(full, "check", str(expected)))
    assert found == {"rows": COUNT, "shut": 0, "wrong": 0}
    slug = next(iter(traffic.edited))
    assert full.execute("read", mode="sync", instance=slug)[0] == 200
    assert full.hits()[-1]["headers"]["authorization"] == f"Bearer {traffic.edited[slug]}"
    figures.write("key rotation: calls during it", traffic.calls)
    figures.write("key rotation: edits during it", len(traffic.edited))
    figures.write("key rotation: rows left for the last run", left)
    figures.write("key rotation: seconds of the last run, start of Python included", seconds)
