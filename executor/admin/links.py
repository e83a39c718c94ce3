"""The buttons on an instance's page that lead here, for those who may use them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from executor.models import ResultDrift
from integration_hub.access.person import caller_of
from registry.models import Instance

Link = tuple[str, str] | None


def try_link(request: HttpRequest, instance: Instance) -> Link:
    if not _may(request, "execute"):
        return None
    return "Try a method", f"{reverse('admin:executor_execution_try')}?instance={instance.slug}"


def test_link(request: HttpRequest, instance: Instance) -> Link:
    if not _may(request, "manage"):
        return None
    return "Test connection", reverse("admin:executor_execution_test", args=[instance.pk])


def circuits_link(request: HttpRequest, instance: Instance) -> Link:
    if not _may(request, "manage"):
        return None
    return "Circuits", reverse("admin:executor_execution_circuits", args=[instance.pk])


def drift_link(request: HttpRequest, instance: Instance) -> Link:
    changed = ResultDrift.objects.filter(instance_id=instance.pk).count()
    if not changed or not request.user.has_perm("executor.view_resultdrift"):
        return None
    address = reverse("admin:executor_resultdrift_changelist")
    return f"The provider changed ({changed})", f"{address}?instance_id={instance.pk}"


def health_link(request: HttpRequest, instance: Instance) -> Link:
    if not _may(request, "read"):
        return None
    return "Health", reverse("admin:executor_execution_health", args=[instance.pk])


def errors_link(request: HttpRequest, instance: Instance) -> Link:
    if not request.user.has_perm("executor.view_execution"):
        return None
    address = reverse("admin:executor_execution_errors")
    return "Errors", f"{address}?{urlencode({'instance': instance.slug})}"


def log_link(request: HttpRequest, instance: Instance) -> Link:
    if not request.user.has_perm("executor.view_execution"):
        return None
    return "Executions", f"{reverse('admin:executor_execution_changelist')}?q={instance.slug}"


def _may(request: HttpRequest, scope: str) -> bool:
    return caller_of(request).can(scope)
