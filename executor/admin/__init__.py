"""The executor's pages: each change calls the service that REST calls."""

from executor.admin.drift import ResultDriftAdmin
from executor.admin.executions import ExecutionAdmin
from executor.admin.health import HealthSilenceAdmin

__all__ = ["ExecutionAdmin", "HealthSilenceAdmin", "ResultDriftAdmin"]
