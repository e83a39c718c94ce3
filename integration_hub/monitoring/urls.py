"""Addresses of the hub's own health and metrics, at the root."""

from django.urls import path

from integration_hub.monitoring.health_views import DependencyView, LivenessView, ReadinessView
from integration_hub.monitoring.metrics_view import metrics_view
from integration_hub.monitoring.status_view import status_json, status_page

urlpatterns = [
    path("health/liveness", LivenessView.as_view(), name="health-liveness"),
    path("health/readiness", ReadinessView.as_view(), name="health-readiness"),
    path("health/dependency", DependencyView.as_view(), name="health-dependency"),
    path("status", status_page, name="status"),
    path("status.json", status_json, name="status-json"),
    path("metrics", metrics_view, name="metrics"),
]
