"""What the hub itself needs, as django-health-check's checks.

A message names what is wrong and what to do, never a host, a path or a trace:
the endpoints that show it ask nobody who they are.
"""

from __future__ import annotations

import dataclasses
import secrets
import shutil
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

from executor.delivery import life
from executor.models import Execution
from integration_hub.coordination import dbtime, disk, heartbeat
from integration_hub.events.models import Event
from integration_hub.lib import clock
from integration_hub.lib.ids import time_of
from integration_hub.sealing.keyring import CannotOpen, keyring

ALIVE_WITHIN_SECONDS = 45.0
OLDEST_DUE_SECONDS = 60.0
OLDEST_EVENT_SECONDS = 300.0
CLOCK_FAIL_SECONDS = 15.0


class HubCheck(HealthCheck):  # type: ignore[misc]  # django-health-check has no types
    """`name` is what the endpoints call it; `look` raises ServiceUnavailable when it is ill."""

    name: ClassVar[str]
    timeout = timedelta(seconds=4)

    def run(self) -> None:
        try:
            self.look()
        except Error:
            raise ServiceUnavailable("The database does not answer.") from None
        finally:
            connection.close()  # this thread's own; a probe is too rare to keep it

    def look(self) -> None:
        raise NotImplementedError


@dataclasses.dataclass
class Database(HubCheck):
    """A statement is answered."""

    name = "database"

    def look(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()


@dataclasses.dataclass
class Migrations(HubCheck):
    """Every migration of this code is applied."""

    name = "migrations"
    _applied: ClassVar[bool] = False

    def look(self) -> None:
        if Migrations._applied:  # they are not unapplied under a running process
            return
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise ServiceUnavailable("Migrations are not applied: run manage.py migrate.")
        Migrations._applied = True


@dataclasses.dataclass
class Cache(HubCheck):
    """What is written to the cache can be read back."""

    name = "cache"

    def look(self) -> None:
        key, value = f"health:{secrets.token_hex(8)}", secrets.token_hex(8)
        try:
            cache.set(key, value, 10)
            found = cache.get(key)
            cache.delete(key)
        except Exception as error:
            # The cache's client is the backend's choice, and so are its exceptions.
            raise ServiceUnavailable("The cache does not answer.") from error
        if found != value:
            raise ServiceUnavailable("The cache does not keep what is written to it.")


@dataclasses.dataclass
class TaskQueue(HubCheck):
    """Some worker runs tasks, and nothing waits long for one."""

    name = "task_queue"

    def look(self) -> None:
        if not heartbeat.alive(life.WORKER, ALIVE_WITHIN_SECONDS):
            raise ServiceUnavailable("No worker runs tasks: start manage.py runworker.")
        oldest = Execution.objects.due().order_by("due_at").values_list("due_at", flat=True).first()
        if oldest and dbtime.now() - oldest > timedelta(seconds=OLDEST_DUE_SECONDS):
            raise ServiceUnavailable("Accepted calls wait for a worker: add workers or threads.")


@dataclasses.dataclass
class Pacer(HubCheck):
    """Planned retries, health checks and lost calls are looked for."""

    name = "pacer"

    def look(self) -> None:
        if not heartbeat.alive(life.PACER, ALIVE_WITHIN_SECONDS):
            raise ServiceUnavailable("No pacer runs: start manage.py runworker.")


@dataclasses.dataclass
class EventRelay(HubCheck):
    """Events leave the outbox."""

    name = "event_relay"

    def look(self) -> None:
        waiting = Event.objects.filter(fanned_out=False).order_by("id")
        oldest = waiting.values_list("id", flat=True).first()
        limit = timedelta(seconds=OLDEST_EVENT_SECONDS)
        if oldest and dbtime.now() - time_of(oldest) > limit:
            raise ServiceUnavailable("Events wait in the outbox: see the worker's log.")


@dataclasses.dataclass
class Keys(HubCheck):
    """The newest key opens what it seals."""

    name = "keys"

    def look(self) -> None:
        try:
            ring = keyring()
            opened = ring.decrypt(ring.encrypt("health"))
        except CannotOpen:
            opened = ""
        if opened != "health":
            raise ServiceUnavailable("No credential can be sealed: see manage.py doctor.")


@dataclasses.dataclass
class Disk(HubCheck):
    """There is room for files, and for a database on this host."""

    name = "disk"

    def look(self) -> None:
        try:
            room = shutil.disk_usage(settings.HUB_FILES_DIR).free
        except FileNotFoundError:  # made with the first file
            room = shutil.disk_usage(settings.BASE_DIR).free
        free = disk.free_bytes()
        full = free is not None and free < settings.HUB_DATABASE_MIN_FREE_BYTES
        if full or room < settings.HUB_FILES_MIN_FREE_BYTES:
            raise ServiceUnavailable("A disk is nearly full: free room, see manage.py doctor.")


@dataclasses.dataclass
class ClockSkew(HubCheck):
    """This machine's clock and the database's say the same."""

    name = "clock"

    def look(self) -> None:
        apart = abs((dbtime.now() - clock.now() + clock.ahead()).total_seconds())
        if apart > CLOCK_FAIL_SECONDS:
            raise ServiceUnavailable(f"{apart:.0f} s apart from the database: run a time service.")
