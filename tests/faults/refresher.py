"""One process that uses the credential of `shop`, as a worker would, so that it can be killed.

    python -m tests.faults.refresher setup <authorization server> <refresh token>
    python -m tests.faults.refresher use <threads>

`use` waits for a line on stdin, so that many begin at once, and prints what came of it.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")
django.setup()

from django.db import connection  # noqa: E402 - after the set-up

from credentials import runtime, services  # noqa: E402
from integration_hub.access.caller import Caller  # noqa: E402
from integration_hub.egress.door import Deadline  # noqa: E402
from integration_hub.lib import pause  # noqa: E402
from integration_hub.lib.errors import HubError  # noqa: E402
from registry import runtime as registry_runtime  # noqa: E402
from registry import services as registry  # noqa: E402
from registry.models import Instance  # noqa: E402

CALLER = Caller.command("tests")
DOCUMENT = {
    "slug": "shop",
    "name": "Shop",
    "version": "1.0.0",
    "type": "http",
    "auth": [{"type": "oauth2", "grant": "refresh_token", "token_url": "/token"}],
    "methods": {"read": {"http": {"method": "GET", "path": "/api/read"}}},
}


def setup(url: str, refresh_token: str) -> None:
    if not Instance.objects.exists():
        registry.create_definition(document=DOCUMENT, actor="tests", publish=True)
        registry.create_instance(
            definition="shop@1.0.0", slug="shop", actor="tests", config={"base_url": url}
        )
    data = {
        "client_id": "hub",
        "client_secret": "secret-of-hub",
        "access_token": "at-old",
        "refresh_token": refresh_token,
        "expires_at": "2020-01-01T00:00:00Z",
    }
    services.put_credential(
        instance=Instance.objects.get(), type="oauth2", data=data, caller=CALLER
    )


def use(threads: int) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(_one, range(threads)))
    print(json.dumps(found), flush=True)


def _one(_: int) -> str:
    try:
        found = registry_runtime.by_ref("shop", CALLER)
        return str(runtime.use_for(found, Deadline(60)).secrets[0])
    except HubError as error:
        return f"{error.code} {error.extra.get('reason', '')}"
    finally:
        connection.close()


if __name__ == "__main__":
    pause.configure(os.environ.get("HUB_PAUSE_POINTS", ""))
    command, *arguments = sys.argv[1:]
    if command == "setup":
        setup(*arguments)
    else:
        use(int(arguments[0]))
