"""Django's SQLite, with its writers waiting for their turn instead of polling.

SQLite lets one write at a time, and the others look again after 1, 2, 5 … 100 ms:
with sixteen threads most of their time is sleep, and the unlucky wait for seconds.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base

from integration_hub.coordination import prepared
from integration_hub.coordination.engines.sqlite3 import turns

_Django: Any = base.DatabaseWrapper  # its types leave out how a transaction begins and ends


class DatabaseWrapper(_Django):  # type: ignore[misc]  # as said there
    """A transaction has its turn from BEGIN IMMEDIATE to its end.

    A single statement outside of one takes none: SQLite itself keeps writers apart,
    the turns only order them.
    """

    _turn: turns.Turns | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take()
        try:
            prepared.change(self.alias, f"BEGIN {self.transaction_mode or ''}", [])
        except BaseException:
            self._give()
            raise

    def _commit(self) -> Any:
        done = super()._commit()
        self._give()
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()
        finally:
            self._give()

    def _close(self) -> Any:
        try:
            return super()._close()
        finally:
            self._give()

    def _take(self) -> None:
        if self._turn is not None or self.is_in_memory_db():
            return
        path, options = str(self.settings_dict["NAME"]), self.settings_dict["OPTIONS"]
        turn = turns.of(path)
        # Without a turn SQLite is asked all the same: it says that the database is locked.
        if turn.take(float(options.get("timeout", 5))):
            self._turn = turn

    def _give(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.give()
