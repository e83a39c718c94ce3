"""The project's settings for tests: own keys, loopback allowed, fast password hashing.

DATABASE_URL and REDIS_URL of the environment decide what the suite runs on.
"""

import os
import tempfile
from pathlib import Path

from tests.services import redis_of_this_worker

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-that-is-long-enough-for-every-check-50")
os.environ.setdefault("FERNET_KEYS", "tests-only-fernet-key-that-is-long-enough")
os.environ.setdefault("HUB_PUBLIC_URL", "http://localhost:8000")
os.environ.setdefault("HUB_ENV_FILE", os.devnull)
os.environ.setdefault("HUB_LOG_FORMAT", "json")
os.environ.setdefault("HUB_OUTBOUND_ALLOW", "127.0.0.0/8")

os.environ.update(redis_of_this_worker())

from integration_hub.settings import *  # noqa: F403

_files = tempfile.TemporaryDirectory(prefix="hub-test-files-")
HUB_FILES_DIR = Path(_files.name)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
HUB_CHECK_EVENTS = True
# Found when asked for: every test client would else list all static files when it is made.
WHITENOISE_AUTOREFRESH = True
if IS_SQLITE:  # noqa: F405
    # A file, as in service: threads that share a database in memory lock each other out at once.
    _folder = tempfile.TemporaryDirectory(prefix="hub-test-")
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder.name) / "test.sqlite3")}  # noqa: F405
else:
    # No test takes the power away; those that kill a server have one of their own (tests/faults).
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"  # noqa: F405

# Names of `integration_hub.lib.pause` points that a test of real processes holds.
HUB_PAUSE_POINTS = os.environ.get("HUB_PAUSE_POINTS", "")
