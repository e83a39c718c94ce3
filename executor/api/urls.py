"""Addresses below /api/v1: calling, the execution log, and an instance's circuits and test."""

from django.urls import path

from executor.api.batch_views import BatchView
from executor.api.credential_views import CredentialRotateView, CredentialTestView
from executor.api.event_stream_views import EventStreamView
from executor.api.execute_views import ExecuteByContextView, ExecuteView
from executor.api.execution_views import (
    CancelView,
    ExecutionListView,
    ExecutionView,
    PayloadView,
    ReplayManyView,
    ReplayView,
    ResolveView,
)
from executor.api.export_views import ExportView
from executor.api.instance_views import (
    CircuitsResetView,
    CircuitsView,
    ConnectionTestView,
    DriftView,
)
from executor.health.api import HealthHistoryView, InstanceHealthView
from executor.health.silence_api import SilenceViewSet
from executor.insight.api import ErrorsView

urlpatterns = [
    path("errors", ErrorsView.as_view(), name="errors"),
    path("instances/<str:ref>/methods/<str:name>/execute", ExecuteView.as_view(), name="execute"),
    path("execute", ExecuteByContextView.as_view(), name="execute-by-context"),
    path("executions", ExecutionListView.as_view({"get": "list"}), name="executions"),
    path("executions/batch", BatchView.as_view(), name="executions-batch"),
    path("executions/export", ExportView.as_view({"get": "list"}), name="executions-export"),
    path("executions/replay", ReplayManyView.as_view(), name="executions-replay"),
    path("executions/<str:execution_id>", ExecutionView.as_view(), name="execution"),
    path("executions/<str:execution_id>/cancel", CancelView.as_view(), name="execution-cancel"),
    path("executions/<str:execution_id>/replay", ReplayView.as_view(), name="execution-replay"),
    path("executions/<str:execution_id>/resolve", ResolveView.as_view(), name="execution-resolve"),
    path("executions/<str:execution_id>/payload", PayloadView.as_view(), name="execution-payload"),
    path("instances/<str:ref>/drift", DriftView.as_view(), name="instance-drift"),
    path("instances/<str:ref>/health", InstanceHealthView.as_view(), name="instance-health"),
    path(
        "instances/<str:ref>/health/history",
        HealthHistoryView.as_view(),
        name="instance-health-history",
    ),
    path(
        "health/silences",
        SilenceViewSet.as_view({"get": "list", "post": "create"}),
        name="health-silences",
    ),
    path(
        "health/silences/<uuid:silence_id>",
        SilenceViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="health-silence",
    ),
    path("instances/<str:ref>/circuits", CircuitsView.as_view(), name="instance-circuits"),
    path(
        "instances/<str:ref>/circuits/reset",
        CircuitsResetView.as_view(),
        name="instance-circuits-reset",
    ),
    path(
        "instances/<str:ref>/credentials/test",
        CredentialTestView.as_view(),
        name="credentials-test",
    ),
    path(
        "instances/<str:ref>/credentials/rotate",
        CredentialRotateView.as_view(),
        name="credentials-rotate",
    ),
    path("events/stream", EventStreamView.as_view(), name="events-stream"),
    path("instances/<str:ref>/test", ConnectionTestView.as_view(), name="instance-test"),
]
