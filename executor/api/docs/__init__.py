"""What the OpenAPI document says of the executor's calls."""

from __future__ import annotations

from executor.api.docs.executing import EXECUTE, EXECUTE_BY_CONTEXT
from executor.api.docs.executions import (
    CANCEL,
    DETAIL,
    PAYLOAD,
    PAYLOAD_BODY,
    RESOLVE,
    RESOLVE_BODY,
)
from executor.api.docs.instances import CONNECTION_TEST, DRIFT, DRIFT_LIST, TEST_REPORT
from executor.api.docs.listing import EXPORT, LIST
from executor.api.docs.parts import EMPTY_BODY
from executor.api.docs.problems import (
    CALL_PROBLEMS,
    CANCEL_PROBLEMS,
    CONTEXT_PROBLEMS,
    EXECUTION_PROBLEMS,
    INSTANCE_PROBLEMS,
    PAYLOAD_PROBLEMS,
    REPLAY_MANY_PROBLEMS,
    REPLAY_PROBLEMS,
)
from executor.api.docs.replays import (
    DEFAULT_REPLAYS,
    MAX_REPLAYS,
    REPLAY,
    REPLAY_BODY,
    REPLAY_MANY,
    REPLAY_MANY_BODY,
)
from executor.api.docs.shapes import ACCEPTED, ATTEMPT, COMPLETED, EXECUTION, NOTES, PAGES, SUMMARY

__all__ = [
    "ACCEPTED",
    "ATTEMPT",
    "CALL_PROBLEMS",
    "CANCEL",
    "CANCEL_PROBLEMS",
    "COMPLETED",
    "CONNECTION_TEST",
    "CONTEXT_PROBLEMS",
    "DEFAULT_REPLAYS",
    "DETAIL",
    "DRIFT",
    "DRIFT_LIST",
    "EMPTY_BODY",
    "EXECUTE",
    "EXECUTE_BY_CONTEXT",
    "EXECUTION",
    "EXECUTION_PROBLEMS",
    "EXPORT",
    "INSTANCE_PROBLEMS",
    "LIST",
    "MAX_REPLAYS",
    "NOTES",
    "PAGES",
    "PAYLOAD",
    "PAYLOAD_BODY",
    "PAYLOAD_PROBLEMS",
    "REPLAY",
    "REPLAY_BODY",
    "REPLAY_MANY",
    "REPLAY_MANY_BODY",
    "REPLAY_MANY_PROBLEMS",
    "REPLAY_PROBLEMS",
    "RESOLVE",
    "RESOLVE_BODY",
    "SUMMARY",
    "TEST_REPORT",
]
