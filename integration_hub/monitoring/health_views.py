"""/health/*: 200 or 503, JSON for machines, a page for people. Nobody is asked who they are."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from health_check.views import HealthCheckView

from integration_hub.monitoring import health_checks as checks

# Checks run beside the request, so that one that hangs is reported as such.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")


class HubHealthView(HealthCheckView):  # type: ignore[misc]  # django-health-check has no types
    """Runs `checks` at once and answers 200 when all are well, else 503."""

    title: ClassVar[str] = "Health"
    template_name = "monitoring/health.html"
    http_method_names = ["get", "head", "options"]

    def get_executor(self) -> contextlib.AbstractContextManager[Executor]:
        return contextlib.nullcontext(_threads)

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        results = await asyncio.gather(*(check.get_result(_threads) for check in self.get_checks()))
        found = [
            {
                "name": result.check.name,
                "state": "failed" if result.error else "ok",
                "latency_ms": round(result.time_taken * 1000, 1),
                "detail": result.error.message if result.error else "",
            }
            for result in results
        ]
        failed = any(item["state"] == "failed" for item in found)
        body = {"status": "failed" if failed else "ok", "checks": found}
        status = 503 if failed else 200
        if _wants_page(request):
            context = self.get_context_data(title=self.title, health=body)
            return HttpResponse(self.render_to_response(context).rendered_content, status=status)
        return JsonResponse(body, status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return kwargs


class LivenessView(HubHealthView):
    """The process answers. Neither the database nor anything else is touched."""

    title = "Liveness"
    checks = ()


class ReadinessView(HubHealthView):
    """Requests may be sent here."""

    title = "Readiness"
    checks = (checks.Database, checks.Migrations, checks.Cache, checks.TaskQueue)


class DependencyView(HubHealthView):
    """Everything that the hub itself depends on; external systems do not count."""

    title = "Dependencies"
    checks = (
        *ReadinessView.checks,
        checks.Pacer,
        checks.EventRelay,
        checks.Keys,
        checks.Disk,
        checks.ClockSkew,
    )


def _wants_page(request: HttpRequest) -> bool:
    """A browser asks for HTML by name; whoever takes anything gets JSON."""
    return "text/html" in request.headers.get("Accept", "")
