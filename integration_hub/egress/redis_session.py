"""A connection to Redis by redis-py over the guarded socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis
from redis import exceptions
from redis.backoff import NoBackoff
from redis.connection import Connection
from redis.retry import Retry

from integration_hub.egress.door import Login
from integration_hub.egress.kept import GuardedSocket
from integration_hub.egress.pooling import Kept, quietly
from integration_hub.lib.errors import ConnectionFailed


class Declined(Exception):
    """Redis said no: `word` is the first of its answer, in capitals where it is a code."""

    def __init__(self, word: str, text: str, *, login: bool = False) -> None:
        super().__init__(word, text)
        self.word, self.text, self.login = word, text, login


class _Connection(Connection):
    def __init__(self, sock: GuardedSocket, **options: Any) -> None:
        self._guarded = sock
        super().__init__(**options)  # type: ignore[no-untyped-call]  # redis-py's own

    def _connect(self) -> GuardedSocket:
        return self._guarded


class RedisSession(Kept):
    """Logged in at `database`. Raises Declined, ConnectionFailed and what the socket raises."""

    def __init__(self, sock: GuardedSocket, *, database: int, login: Login) -> None:
        self._sock = sock
        self._client = _Connection(
            sock,
            db=database,
            username=login.username or None,
            password=login.password or login.token or None,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            driver_info=None,
            maint_notifications_config=None,
        )
        with _told(login=True):
            self._client.connect()  # type: ignore[no-untyped-call]  # redis-py's own

    @property
    def sock(self) -> GuardedSocket:
        return self._sock

    def ping(self) -> None:
        self.say("PING")

    def close(self) -> None:
        quietly(self._sock.close)

    def say(self, *words: str | bytes | int) -> Any:
        """One command and its answer."""
        with _told(login=False):
            send = cast("Any", self._client.send_command)
            send(*words, check_health=False)
            return self._client.read_response(disable_decoding=True)


@contextmanager
def _told(*, login: bool) -> Iterator[None]:
    """redis-py's errors as the hub's; one that Redis itself said has its code."""
    try:
        yield
    except redis.RedisError as error:
        if isinstance(error, exceptions.ResponseError) or error.status_code:
            raise _declined(error, login=login) from None
        raise ConnectionFailed("The connection to Redis broke off.") from error
    except OSError as error:
        raise ConnectionFailed("The connection to Redis broke off.") from error


def _declined(error: redis.RedisError, *, login: bool) -> Declined:
    text = str(error)
    word = error.status_code or text.partition(" ")[0]
    return Declined(word if word.isupper() else "ERR", text, login=login)
