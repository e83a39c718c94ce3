"""The reference libraries of Standard Webhooks, in Python and in JavaScript, asked alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.needs import need

_HERE = Path(__file__).parent / "node"


class Library(ABC):
    """One secret's signatures, made and judged by somebody else's code."""

    @abstractmethod
    def sign(self, secret: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the standard's own word
        """The value of `webhook-signature`."""

    @abstractmethod
    def verified(self, secret: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """The payload; None where it is refused."""


class Python(Library):
    def sign(self, secret: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the standard's own word
        return Webhook(secret).sign(id, datetime.fromtimestamp(timestamp, UTC), body.decode())

    def verified(self, secret: str, body: bytes, headers: Mapping[str, str]) -> Any:
        try:
            return Webhook(secret).verify(body, dict(headers))
        except WebhookVerificationError:
            return None


class JavaScript(Library):
    def sign(self, secret: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the standard's own word
        asked = {"secret": secret, "id": id, "timestamp": timestamp, "body": body.decode()}
        return str(_node({"do": "sign", **asked}))

    def verified(self, secret: str, body: bytes, headers: Mapping[str, str]) -> Any:
        asked = {"secret": secret, "headers": dict(headers), "body": body.decode()}
        return _node({"do": "verify", **asked})


LIBRARIES: Mapping[str, Library] = {"python": Python(), "javascript": JavaScript()}


def _node(asked: Mapping[str, Any]) -> Any:
    modules = _modules()
    need(modules is not None, "node with the packages of tests/node/package-lock.json")
    done = subprocess.run(
        ["node", str(_HERE / "webhooks.js")],
        input=json.dumps(asked),
        env=os.environ | {"NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _modules() -> Path | None:
    """Where npm has put the library: `.ci/run` into HUB_VAR_DIR, `npm ci` beside its lock file."""
    if shutil.which("node") is None:
        return None
    var = Path(os.environ.get("HUB_VAR_DIR") or Path(__file__).parents[1] / "var")
    places = (var / "node" / "node_modules", _HERE / "node_modules")
    return next((place for place in places if (place / "standardwebhooks").is_dir()), None)
