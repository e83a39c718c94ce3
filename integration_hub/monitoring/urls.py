"""Addresses of the hub's own health and metrics, at the root."""

from django.urls import path

from integration_hub.monitoring.health_views import DependencyView, LivenessView, ReadinessView
from integration_hub.monitoring.metrics_view import metrics_view

urlpatterns = [
    path("health/liveness", LivenessView.as_view(), name="health-liveness"),
    path("health/readiness", ReadinessView.as_view(), name="health-readiness"),
    path("health/dependency", DependencyView.as_view(), name="health-dependency"),
    path("metrics", metrics_view, name="metrics"),
]
