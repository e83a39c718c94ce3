"""What one exchange may use up, and what is known of it so far.

Its sockets look here before every read and write: the time left, the cancel
flag, the bytes still allowed.
"""

from __future__ import annotations

import sys
import time

from integration_hub.egress.door import Deadline, Spool, Timings
from integration_hub.lib.errors import ConnectionFailed, ResponseTooLarge

SLICE = 1.0  # a blocked socket sees a cancel flag at least this often, in seconds
SHORTEST = 0.001
UNCAPPED = sys.maxsize  # bytes, for a stream that its deadline alone ends
HEAD_BYTES = 1024 * 1024  # 100 headers of 8 KiB and their names, interim answers included
FRAMING_BYTES = 64 * 1024  # chunk sizes and trailers beside a body of the largest size


class Call:
    """One exchange. `sent` turns True when the first byte of the request has left."""

    __slots__ = (
        "_allowance",
        "_connect_by",
        "_marks",
        "connect_timeout",
        "deadline",
        "max_bytes",
        "received",
        "sent",
        "spool",
    )

    def __init__(
        self,
        deadline: Deadline,
        *,
        connect_timeout: float,
        max_bytes: int,
        spool: Spool | None = None,
    ) -> None:
        self.deadline = deadline
        self.connect_timeout = connect_timeout
        self.max_bytes = max_bytes
        self.spool = spool
        self.sent = False
        self.received = 0
        self._allowance = HEAD_BYTES
        self._connect_by: Deadline | None = None
        self._marks: dict[str, float] = {}

    def slice(self) -> float:
        """Seconds that a socket may block now. Raises TimedOut, Cancelled, ConnectionFailed."""
        left = self.deadline.check(sent=self.sent)
        if self._connect_by is not None:
            nearer = self._connect_by.remaining()
            if nearer <= 0:
                raise ConnectionFailed("The connection was not made in time.", sent=False)
            left = min(left, nearer)
        return max(SHORTEST, min(SLICE, left))

    def connect_within(self, seconds: float | None) -> None:
        """Bound what follows by `seconds` too, or by the deadline alone."""
        self._connect_by = None if seconds is None else self.deadline.tightened(seconds)

    def took(self, count: int) -> None:
        """Account for `count` bytes from the wire. Raises ResponseTooLarge."""
        self.received += count
        if self.received > self._allowance:
            raise too_large(self.max_bytes)

    def expect_body(self) -> None:
        """The head is read: allow the body on top of it."""
        self._allowance = self.received + self.max_bytes + FRAMING_BYTES

    def expect_stream(self) -> None:
        """No answer of a known shape follows: only the cap and the deadline bound it."""
        self._connect_by = None
        self._allowance = self.received + self.max_bytes

    def timed(self, phase: str, since: float) -> float:
        """Record `phase` as lasting from `since` to now; returns now."""
        now = time.perf_counter()
        self._marks[f"{phase}_ms"] = (now - since) * 1000
        return now

    def timings(self) -> Timings:
        return Timings(**self._marks)


def too_large(limit: int) -> ResponseTooLarge:
    return ResponseTooLarge(
        f"The answer is larger than the {limit} bytes that are accepted. "
        "Ask for less at once, or raise HUB_MAX_RESPONSE_BYTES (HUB_MAX_FILE_BYTES for files)."
    )
