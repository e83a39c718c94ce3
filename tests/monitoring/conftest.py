from __future__ import annotations

from datetime import timedelta

import pytest

from executor.choices import ExecutionStatus, Mode
from executor.models import Execution
from integration_hub.coordination import dbtime
from integration_hub.lib import ids


@pytest.fixture
def waiting(db: None) -> list[Execution]:
    """Two batch executions that have waited for half a minute."""
    now = dbtime.now()
    columns = {
        "status": ExecutionStatus.QUEUED,
        "mode": Mode.ASYNC,
        "priority": "batch",
        "instance_id": ids.new_id(),
        "instance_slug": "demo",
        "definition_id": ids.new_id(),
        "definition_ref": "demo@1.0.0",
        "method": "m",
        "caller": "tests",
        "created_at": now,
        "due_at": now - timedelta(seconds=30),
    }
    return [Execution.objects.create(**columns) for _ in range(2)]
