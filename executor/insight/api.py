"""GET /errors: what fails, how often, since when, and what was changed before."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from executor.api.docs.parts import EXAMPLE_ID, ID, TIME, closed
from executor.insight import groups
from integration_hub.api.filters import check_parameters
from integration_hub.api.pagination import bad_parameter
from integration_hub.api.schema import response_example
from integration_hub.api.views import HubView
from integration_hub.lib.errors import ValidationFailed

_TEXT = {"type": "string"}
_PARAMETERS = frozenset({"instance", "window"})
_GROUP = closed(
    {
        "integration": _TEXT,
        "method": _TEXT,
        "code": _TEXT,
        "upstream_status": {"type": ["integer", "null"]},
        "message": {**_TEXT, "description": "Ids, numbers and values are replaced by `<…>`."},
        "count": {"type": "integer", "minimum": 1},
        "first_at": TIME,
        "last_at": TIME,
        "definitions": {"type": "array", "items": _TEXT},
        "example": {**ID, "description": "The newest execution of the group."},
        "hint": _TEXT,
        "changed_before": {
            "type": "array",
            "description": "What was done to the instance or its credential in the 24 h before "
            "the first of them, and which release of the hub was deployed then.",
            "items": closed({"at": TIME, "what": _TEXT}),
        },
    }
)
ERRORS = closed(
    {
        "results": {"type": "array", "items": _GROUP},
        "complete": {
            "type": "boolean",
            "description": f"False when only the newest {groups.LOOKED_AT} failures were read.",
        },
    }
)
EXAMPLE = response_example(
    {
        "results": [
            {
                "integration": "acme",
                "method": "create_contact",
                "code": "INTEGRATION_ERROR",
                "upstream_status": 422,
                "message": "The external system answered <n>: <value> is no list.",
                "count": 41,
                "first_at": "2026-11-23T02:58:04Z",
                "last_at": "2026-11-23T03:12:40Z",
                "definitions": ["acme@1.2.0"],
                "example": EXAMPLE_ID,
                "hint": "The external system refuses the values: its answer says which.",
                "changed_before": [{"at": "2026-11-23T02:57:31Z", "what": "instance.upgraded"}],
            }
        ],
        "complete": True,
    }
)


class ErrorsView(HubView):
    required_scopes = {"GET": "read"}
    problems = {"GET": (ValidationFailed,)}
    query_parameters = _PARAMETERS

    @extend_schema(
        operation_id="errors",
        tags=["executions"],
        summary="Failures grouped by what is wrong, the most frequent first",
        parameters=[
            OpenApiParameter("instance", str, description="A slug; default: every instance."),
            OpenApiParameter("window", str, enum=list(groups.WINDOWS), description="Default: 24h."),
        ],
        responses={200: ERRORS},
        examples=[EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        check_parameters(request, _PARAMETERS)
        asked = request.query_params.get("window", "24h")
        if asked not in groups.WINDOWS:
            raise bad_parameter("window", f"takes {', '.join(groups.WINDOWS)}")
        instance = request.query_params.get("instance", "")
        found = groups.failures(self.request.caller, groups.WINDOWS[asked], instance)
        return Response({"results": groups.shown(found.groups), "complete": found.complete})
