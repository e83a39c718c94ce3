"""Moving the instances of a definition between its versions, many at once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import Conflict, ValidationFailed
from integration_hub.lib.schema import compile_schema
from registry import services
from registry.api import openapi
from registry.api.definition_views import READ
from registry.api.flags import flag
from registry.choices import EXECUTABLE_DEFINITIONS
from registry.models import Definition
from registry.moving import Moved
from registry.selectors import get_definition


@extend_schema(tags=["definitions"], request=openapi.MOVE, responses={200: openapi.MOVED})
class MovingViewSet(HubViewSet):
    """Bulk upgrade, and bulk back."""

    required_scopes = {"move": "manage", "back": "manage"}
    problems = dict.fromkeys(required_scopes, (*READ, Conflict))

    @extend_schema(operation_id="definitions_move_instances", parameters=[openapi.DRY_RUN])
    def move(self, request: Request, ref: str) -> Response:
        """Put the definition's instances on this version, up or down, each by itself.

        One whose config does not hold there stays, and `refused` says why. At most 1,000
        at once: `more` says that some are left. `instances` names them; without it all
        that the token sees. `?dry_run=true` only judges.
        """
        row = get_definition(ref)
        _refuse_unusable(row)
        found = services.move_instances(
            definition=row,
            actor=self.request.caller.owner,
            caller=self.request.caller,
            slugs=_slugs(request),
            dry_run=flag(request, "dry_run"),
        )
        return _told(row, found)

    @extend_schema(operation_id="definitions_roll_back_instances")
    def back(self, request: Request, ref: str) -> Response:
        """Take instances on this version back to what each was on before its last upgrade."""
        row = get_definition(ref)
        found = services.roll_back_instances(
            definition=row,
            actor=self.request.caller.owner,
            caller=self.request.caller,
            slugs=_slugs(request),
        )
        return _told(row, found)


def _refuse_unusable(row: Definition) -> None:
    if row.status not in EXECUTABLE_DEFINITIONS:
        raise Conflict(
            f"{row.ref} is {row.status}: instances move to published versions.",
            extra={"status": row.status},
        )


def _slugs(request: Request) -> list[str] | None:
    body: Any = request.data
    faults = compile_schema(openapi.MOVE).faults(body)
    if faults:
        raise ValidationFailed("The body is not valid; see errors.", errors=faults)
    found: list[str] | None = body.get("instances")
    return found


def _told(row: Definition, found: Moved) -> Response:
    refused = [{"instance": slug, "detail": detail} for slug, detail in found.refused]
    told = {"definition": row.ref, "moved": list(found.moved), "refused": refused}
    return Response(told | {"more": found.more})
