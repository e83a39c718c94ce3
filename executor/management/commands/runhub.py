"""`manage.py runhub`: the whole hub in one process tree."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from executor.delivery import node, schedule, tree, web
from executor.delivery.supervisor import Supervisor
from integration_hub.audit import releases


class Command(BaseCommand):
    help = (
        "Serve the hub: migrate, then web, task cluster, pacer and watchdog as one process tree "
        "that one SIGTERM or Ctrl-C stops cleanly. "
        "Example: manage.py runhub --host 127.0.0.1 --port 8000"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--workers", type=int, default=2, help="web processes (default 2)")
        parser.add_argument(
            "--threads",
            type=int,
            default=settings.HUB_WEB_THREADS,
            help="threads in each web process (default HUB_WEB_THREADS, 16)",
        )
        parser.add_argument(
            "--no-worker", action="store_true", help="serve only; run the work elsewhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        settings.HUB_WEB_THREADS = options["threads"]  # long polls take at most a quarter of them
        try:
            web.check_free(host, port)
        except OSError as error:
            raise CommandError(
                f"{host}:{port} cannot be listened on: {error.strerror}. Choose another --port."
            ) from None
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        schedule.ensure()
        releases.note("command:runhub")
        tree.share_metrics(fresh=True)
        tree.name_this_node(queues=node.QUEUES, threads=None)
        children = [
            tree.web_child(
                host=host, port=port, workers=options["workers"], threads=options["threads"]
            )
        ]
        if not options["no_worker"]:
            workers = int(settings.Q_CLUSTER["workers"])
            tree.check_workers(workers)
            children += tree.worker_children(workers=workers)
        self.stdout.write(f"Integration Hub: http://{host}:{port}/ (Ctrl-C stops it)")
        Supervisor(children).run()
