"""The loop of `manage.py consume_events`: fetch, take, acknowledge after the commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from executor.inbound import tasking
from executor.inbound.broker import Address, Broker, BrokerKind, Message, Wish, brokers
from integration_hub.access.caller import Caller
from integration_hub.api.translate import translate
from integration_hub.lib import clock, log, pause
from integration_hub.lib.errors import HubError, Poisoned, ValidationFailed

MOST_DELIVERIES = 5
"""A message that was handed out so often and never settled ends its consumers: it is parked."""

RECONNECT_S = (1.0, 2.0, 5.0, 15.0)
LONGEST_WAIT_S = 15.0
_logger = log.get(__name__)


def address_of(url: str, authorities: str = "") -> tuple[BrokerKind, str, Address]:
    """The broker that a URL names, and whom to trust there beside the public authorities (PEM).

    Raises ValidationFailed, which quotes no password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationFailed("The broker's URL is not valid.") from None
    for name, kind in brokers:
        if parts.scheme in kind.schemes and parts.hostname:
            secured = parts.scheme == kind.schemes[1]
            address = Address(
                host=parts.hostname,
                port=port or kind.ports[secured],
                path=unquote(parts.path.removeprefix("/")),
                secured=secured,
                username=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                authorities=authorities,
            )
            kind.check(address)
            return kind, name, address
    known = ", ".join(f"{scheme}://" for _, kind in brokers for scheme in kind.schemes)
    off = "; ".join(f"{name}: {why}" for name, why in brokers.disabled.items())
    raise ValidationFailed(f"The broker's URL begins with one of {known}. {off}".strip())


@dataclass(slots=True)
class Consumer:
    """Consumes until `is_over`; `until_empty` ends it once nothing waits."""

    url: str
    wish: Wish
    caller: Caller
    is_over: Callable[[], bool]
    until_empty: bool = False
    authorities: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> Counter[str]:
        """How many were accepted, repeated, parked and put back. Connects again when cut off."""
        kind, name, address = address_of(self.url, self.authorities)
        failures = 0
        while not self.is_over():
            try:
                with closing(kind.open(address, self.wish)) as broker:
                    failures = 0
                    if self._consume(broker, name):
                        break
            except HubError as error:
                wait = RECONNECT_S[min(failures, len(RECONNECT_S) - 1)]
                failures += 1
                _logger.warning("consumer_cut_off", broker=name, error=error.detail, again_in=wait)
                self._wait(wait)
        return self.counts

    def _consume(self, broker: Broker, name: str) -> bool:
        """True once nothing waits, where that is the end."""
        while not self.is_over():
            if not connection.in_atomic_block:
                close_old_connections()  # one that the database has cut is made anew
            messages = broker.fetch()
            if not messages and self.until_empty:
                return True
            for message in messages:
                if self.is_over():
                    break
                self._settle(broker, name, message)
        return False

    def _settle(self, broker: Broker, name: str, message: Message) -> None:
        try:
            taken = self._taken(name, message)
        except (OperationalError, InterfaceError):  # not even parked: the database is away
            taken = tasking.Taken(later="SERVICE_UNAVAILABLE", wait_s=5.0)
        if taken.later:
            self.counts["put_back"] += 1
            broker.again(message)
            self._wait(min(taken.wait_s, LONGEST_WAIT_S))
            return
        pause.point("before-acknowledge")
        broker.done(message)
        outcome = "parked" if taken.parked else "repeated" if taken.repeated else "accepted"
        self.counts[outcome] += 1
        _logger.info(
            "task_consumed", outcome=outcome, code=taken.parked, execution_id=taken.execution_id
        )

    def _taken(self, name: str, message: Message) -> tasking.Taken:
        queue = self.wish.queue
        if message.deliveries > MOST_DELIVERIES:
            error: HubError = Poisoned(
                f"The message was handed out {message.deliveries - 1} times, and whoever took it "
                "ended before it was settled."
            )
        else:
            try:
                return tasking.take(message.body, caller=self.caller, broker=name, queue=queue)
            except Exception as unexpected:
                _logger.exception("task_failed", broker=name)
                error = translate(unexpected)
        tasking.park(message.body, None, error, caller=self.caller, broker=name, queue=queue)
        return tasking.Taken(parked=error.code)

    def _wait(self, seconds: float) -> None:
        end = clock.monotonic() + seconds
        while clock.monotonic() < end and not self.is_over():
            clock.sleep(min(0.2, max(0.0, end - clock.monotonic())))
