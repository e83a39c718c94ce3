"""`manage.py runworker`: the worker host."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from executor.delivery import node, schedule, tree
from executor.delivery.supervisor import Supervisor
from integration_hub.audit import releases


class Command(BaseCommand):
    help = (
        "Run accepted work on this host: the task cluster, the pacer and the watchdog, as one "
        "process tree that one SIGTERM or Ctrl-C stops cleanly. "
        "Example: manage.py runworker --workers 2 --threads 8"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, help="worker processes (default HUB_WORKERS)")
        parser.add_argument("--threads", type=int, help="calls at once in each worker process")
        parser.add_argument(
            "--queue",
            action="append",
            choices=node.QUEUES,
            help="serve only this queue; may be given more than once (default: all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        workers = options["workers"] or int(settings.Q_CLUSTER["workers"])
        tree.check_workers(workers)
        tree.name_this_node(
            queues=tuple(options["queue"] or node.QUEUES), threads=options["threads"]
        )
        schedule.ensure()
        releases.note("command:runworker")
        tree.share_metrics(fresh=False)
        Supervisor(tree.worker_children(workers=workers)).run()
