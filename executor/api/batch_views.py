"""Many async calls in one request."""

from __future__ import annotations

from urllib.parse import quote

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.response import Response

from executor import batching, idempotency
from executor.api import batch_body
from integration_hub.api.request import HubRequest
from integration_hub.api.schema import request_example, response_example
from integration_hub.api.views import HubView
from integration_hub.lib.errors import Fault, ValidationFailed

_EXAMPLE = {
    "calls": [
        {
            "instance": "acme",
            "method": "create_contact",
            "parameters": {"list_id": "1", "email": "a@example.com"},
            "idempotency_key": "contact-1",
        },
        {"integration": "acme-crm@^1", "method": "ping", "context": {"client_id": "c-17"}},
    ]
}
_ID = "0199f3a0-7b1c-7000-8000-1f2e3d4c5b6a"


@extend_schema(tags=["executions"])
class BatchView(HubView):
    required_scopes = {"POST": "execute"}

    @extend_schema(
        operation_id="executions_batch",
        request={"application/json": batch_body.BATCH},
        responses={202: OpenApiResponse(batch_body.RESULTS, "What became of each call.")},
        examples=[
            request_example(_EXAMPLE),
            response_example(
                {"results": [{"index": 0, "execution_id": _ID, "status": "queued"}]},
                "Accepted",
                202,
            ),
        ],
    )
    def post(self, request: HubRequest) -> Response:
        """Queue up to 1,000 calls, each accepted or refused by itself."""
        _refuse_one_key_for_all(request)
        calls = batch_body.read(request.data)
        answers = batching.accept(caller=request.caller, calls=calls)
        address = quote(request.path)
        results = [batch_body.result(n, answer, address) for n, answer in enumerate(answers)]
        return Response({"results": results}, status=202, headers={"Cache-Control": "no-store"})


def _refuse_one_key_for_all(request: HubRequest) -> None:
    """A header that were ignored would promise what is not kept."""
    if idempotency.HEADER in request.headers:
        detail = f"A batch takes no {idempotency.HEADER}: give each call its idempotency_key."
        raise ValidationFailed(detail, errors=[Fault("", detail, "HEADER")])
