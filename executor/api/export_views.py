"""The execution log as a file."""

from __future__ import annotations

from typing import cast

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema

from executor import exporting, selectors
from executor.api import docs, streams
from executor.api.filters import ExecutionFilterSet
from executor.models import Execution
from executor.querysets import ExecutionQuerySet
from integration_hub.api.filters import KnownParameters, StrictFilterBackend
from integration_hub.api.pagination import bad_parameter
from integration_hub.api.request import HubRequest
from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import ServiceUnavailable


@extend_schema(tags=["executions"])
class ExportView(HubViewSet):
    required_scopes = {"list": ("read", "execute")}
    problems = {"list": (ServiceUnavailable,)}
    queryset = Execution.objects.none()
    filter_backends = (KnownParameters, StrictFilterBackend)
    filterset_class = ExecutionFilterSet
    pagination_class = None
    query_parameters = frozenset({"format"})

    @extend_schema(**docs.EXPORT)
    def list(self, request: HubRequest) -> StreamingHttpResponse:
        """What the list shows, all of it and without pages, newest first; no bodies."""
        name = request.query_params.get("format", "ndjson")
        if name not in exporting.FORMATS:
            raise bad_parameter("format", f"takes {' or '.join(exporting.FORMATS)}")
        visible = selectors.visible(request.caller)
        rows = cast("ExecutionQuerySet", self.filter_queryset(visible))
        return streams.log_as(name, rows)
