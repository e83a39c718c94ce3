"""A relay in a process of its own, for tests that kill it: runs until it is killed.

DATABASE_URL=… python -m tests.events.relay_process LEASE_SECONDS
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from integration_hub.events import planning, relay  # noqa: E402 - after the setup


def main() -> None:
    seconds = float(sys.argv[1])
    planning.LEASE = timedelta(seconds=seconds)
    relay.BEGIN_WITHIN = seconds / 3
    while True:
        with relay.Relay() as found:
            found.run(lambda: False)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
