"""Addresses below /api/v1 that belong to no app above: the audit log."""

from django.urls import path

from integration_hub.api.audit_views import AuditViewSet

urlpatterns = [
    path("audit", AuditViewSet.as_view({"get": "list"}), name="audit"),
]
