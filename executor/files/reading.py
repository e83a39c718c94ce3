"""The file of an execution, for who may have it."""

from __future__ import annotations

from typing import IO, Any

from executor import selectors
from executor.files.store import storage
from executor.models import Execution, StoredFile
from integration_hub.access.caller import Caller
from integration_hub.lib.errors import Forbidden, PayloadPurged


def file_of(execution: Execution) -> StoredFile | None:
    return StoredFile.objects.filter(execution_id=execution.pk).first()


def opened(row: StoredFile, execution: Execution, caller: Caller) -> IO[Any]:
    """Its bytes. Raises Forbidden where they hold what the caller may not see, PayloadPurged."""
    if row.private and not selectors.may_unmask(execution, caller):
        raise Forbidden(
            "The method names sensitive parts of its result, and a file cannot be masked: only "
            "who made the call may read it."
        )
    try:
        return storage().open(row.path)
    except FileNotFoundError as error:
        raise PayloadPurged("The file of this execution is no longer kept.") from error
