"""The verbs of an instance: its switch, and its version."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integration_hub.api.etag import check_if_match
from integration_hub.api.views import HubViewSet
from integration_hub.lib.errors import (
    Conflict,
    DefinitionNotFound,
    InstanceNotFound,
    PreconditionFailed,
    TargetForbidden,
    ValidationFailed,
)
from integration_hub.lib.schema import compile_schema
from registry import services
from registry.api import openapi, shapes
from registry.api.answers import answer
from registry.api.flags import flag
from registry.selectors import get_instance

_SWITCH = (InstanceNotFound, Conflict, PreconditionFailed)


@extend_schema(tags=["instances"])
class InstanceVerbViewSet(HubViewSet):
    """Enable, disable, upgrade and back."""

    required_scopes = {
        "enable": "manage",
        "disable": "manage",
        "upgrade": "manage",
        "rollback": "manage",
    }
    problems = {
        "enable": _SWITCH,
        "disable": _SWITCH,
        "upgrade": (*_SWITCH, DefinitionNotFound, TargetForbidden),
        "rollback": (*_SWITCH, ValidationFailed, DefinitionNotFound, TargetForbidden),
    }

    @extend_schema(
        operation_id="instances_enable",
        request=None,
        responses={200: openapi.INSTANCE},
        parameters=[openapi.IF_MATCH],
    )
    def enable(self, request: Request, ref: str) -> Response:
        """Let calls begin."""
        return self._switch(request, ref, on=True)

    @extend_schema(
        operation_id="instances_disable",
        request=None,
        responses={200: openapi.INSTANCE},
        parameters=[openapi.IF_MATCH],
    )
    def disable(self, request: Request, ref: str) -> Response:
        """Let no call begin any more; running ones end."""
        return self._switch(request, ref, on=False)

    @extend_schema(
        operation_id="instances_upgrade",
        request=openapi.UPGRADE,
        responses={200: openapi.UPGRADE_ANSWER},
        parameters=[openapi.IF_MATCH, openapi.DRY_RUN],
    )
    def upgrade(self, request: Request, ref: str) -> Response:
        """Use another version, if the config holds there; `?dry_run=true` only says whether."""
        body: Any = request.data
        faults = compile_schema(openapi.UPGRADE).faults(body)
        if faults:
            raise ValidationFailed("The body is not valid; see errors.", errors=faults)
        row = get_instance(ref, self.request.caller)
        version = body["version"]
        if flag(request, "dry_run"):
            preview = services.preview_upgrade(instance=row, version=version)
            return Response(shapes.upgrade_preview(preview))
        upgraded = services.upgrade_instance(
            instance=row,
            version=version,
            actor=self.request.caller.owner,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(upgraded)

    @extend_schema(
        operation_id="instances_rollback",
        request=None,
        responses={200: openapi.INSTANCE},
        parameters=[openapi.IF_MATCH],
    )
    def rollback(self, request: Request, ref: str) -> Response:
        """Use the version again that it had before its last upgrade (`previous_version`).

        With the config of then, unless that was edited since: then the present one is
        judged. 409 for an instance that was never upgraded.
        """
        row = services.roll_back_instance(
            instance=get_instance(ref, self.request.caller),
            actor=self.request.caller.owner,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(row)

    def _switch(self, request: Request, ref: str, *, on: bool) -> Response:
        service = services.enable_instance if on else services.disable_instance
        row = service(
            instance=get_instance(ref, self.request.caller),
            actor=self.request.caller.owner,
            precondition=lambda locked: check_if_match(request, locked),
        )
        return answer(row)
