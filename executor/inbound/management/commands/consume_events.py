"""`manage.py consume_events`: calls that are asked for by events of a broker."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from executor.inbound import tasking
from executor.inbound.broker import Wish
from executor.inbound.consuming import Consumer, address_of
from integration_hub.egress.authorities import problem_of
from integration_hub.lib.errors import HubError

MOST_PREFETCHED = 500


class Command(BaseCommand):
    help = (
        "Take CloudEvents of the type task.integration.execute from Redis Streams, AMQP or NATS "
        "and make the calls that they ask for, each once. A message is acknowledged after its call "
        "is committed; one that never can be a call is parked with the reason. Stops on SIGTERM. "
        "Example: manage.py consume_events --queue tasks --url redis://127.0.0.1:6379/0"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queue", required=True, help="the queue, or the stream's key")
        parser.add_argument(
            "--url",
            help="redis[s]://, amqp[s]://, nats:// or tls:// (NATS); default HUB_CONSUME_URL, "
            "which no list of processes shows",
        )
        parser.add_argument(
            "--group",
            default="integration-hub",
            help="the consumer group, on NATS the durable consumer",
        )
        parser.add_argument(
            "--member", default=socket.gethostname(), help="Redis: this consumer's name"
        )
        parser.add_argument("--prefetch", type=int, default=20, help="messages held at once")
        parser.add_argument(
            "--instance", action="append", default=[], help="only these may be called"
        )
        parser.add_argument(
            "--context", action="append", default=[], help="only these: global, client:ID, user:ID"
        )
        parser.add_argument("--until-empty", action="store_true", help="end once nothing waits")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        url = options["url"] or settings.HUB_CONSUME_URL
        if not url:
            raise CommandError("Say where from: --url, or HUB_CONSUME_URL in the environment.")
        if not 1 <= options["prefetch"] <= MOST_PREFETCHED:
            raise CommandError(f"--prefetch takes 1 to {MOST_PREFETCHED}.")
        authorities = settings.HUB_CONSUME_CA
        if authorities and (problem := problem_of(authorities)):
            raise CommandError(f"HUB_CONSUME_CA: {problem}")
        try:
            address_of(url)
        except HubError as error:
            raise CommandError(error.detail) from None
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        consumer = Consumer(
            url=url,
            wish=Wish(options["queue"], options["group"], options["member"], options["prefetch"]),
            caller=tasking.caller_of(tuple(options["instance"]), tuple(options["context"])),
            is_over=over.is_set,
            until_empty=options["until_empty"],
            authorities=authorities,
        )
        counts = dict(consumer.run())
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            said = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            self.stdout.write(f"Consumed: {said or 'nothing'}.")
