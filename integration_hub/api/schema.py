"""OpenAPI 3.1: every operation with its scope, its security and its problem responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import OpenApiExample

from integration_hub.api.permissions import PUBLIC, rule_for
from integration_hub.api.problem_schema import REQUEST_ID_HEADER, components, problem_responses
from integration_hub.lib import errors
from integration_hub.lib.errors import HubError

if TYPE_CHECKING:
    # DRF imports this module while it builds its own views.
    from rest_framework.views import APIView

_ALWAYS = (
    errors.ValidationFailed,
    errors.NotAcceptable,
    errors.RateLimitExceeded,
    errors.InternalFailure,
    errors.ServiceUnavailable,
)
_WITH_BODIES = ("POST", "PUT", "PATCH")
_WITH_BODY = (errors.PayloadTooLarge, errors.UnsupportedMediaType)
_WITH_SCOPE = (errors.Unauthenticated, errors.Forbidden)


class HubSchema(AutoSchema):
    """Reads `required_scopes` and `problems` of a HubView."""

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> dict[str, Any] | None:
        self.method = method.upper()
        if not self.is_excluded():
            self._take_plain_schemas()
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None or not hasattr(self.view, "required_scopes"):
            return operation
        rule = rule_for(self.view, self.method)
        if rule == PUBLIC:
            operation["security"] = []
        else:
            scopes = [rule] if isinstance(rule, str) else list(rule or ())
            note = f"Scope: {' or '.join(f'`{scope}`' for scope in scopes)}."
            operation["description"] = "\n\n".join(
                filter(None, [operation.get("description"), note])
            )
        _require_body(operation)
        for response in operation["responses"].values():
            response["headers"] = REQUEST_ID_HEADER | response.get("headers", {})
        operation["responses"] |= problem_responses(self._kinds(operation, public=rule == PUBLIC))
        return operation

    def map_parsers(self) -> list[Any]:
        """A parser may read several media types."""
        found: list[str] = []
        for parser in self.view.get_parsers():
            found.extend(getattr(parser, "media_types", (parser.media_type,)))
        return list(dict.fromkeys(found))

    def _take_plain_schemas(self) -> None:
        """Let `extend_schema(request=…, responses=…)` be a plain JSON Schema: of JSON, of a 200.

        spectacular's decorator subclasses this class, so only the instance can answer for both.
        """
        for name in ("get_request_serializer", "get_response_serializers"):
            self.__dict__.pop(name, None)
        response: Any = self.get_response_serializers()
        request: Any = self.get_request_serializer() if self.method in _WITH_BODIES else None
        if isinstance(request, dict) and not all("/" in str(key) for key in request):
            by_type = dict.fromkeys(self.map_parsers(), request)
            self.__dict__["get_request_serializer"] = lambda: by_type
        if isinstance(response, dict) and not all(_is_status(key) for key in response):
            self.__dict__["get_response_serializers"] = lambda: {200: response}

    def _kinds(self, operation: dict[str, Any], *, public: bool) -> Iterable[type[HubError]]:
        yield from _ALWAYS
        if not public:
            yield from _WITH_SCOPE
        if "requestBody" in operation:
            yield from _WITH_BODY
        if "{" in self.path or _has_numbered_pages(operation):
            yield errors.NotFound
        yield from problems_of(self.view, self.method)


def _require_body(operation: dict[str, Any]) -> None:
    """A body of which a member is required is itself required."""
    body = operation.get("requestBody", {})
    if any(media["schema"].get("required") for media in body.get("content", {}).values()):
        body["required"] = True


def _has_numbered_pages(operation: dict[str, Any]) -> bool:
    """A list of which a page past the end is not found."""
    return any(parameter.get("name") == "page" for parameter in operation.get("parameters", ()))


def _is_status(key: object) -> bool:
    """`200`, "200" or (200, media type): how extend_schema names an answer."""
    return str(key[0] if isinstance(key, tuple) else key).isdigit()


def problems_of(view: APIView, method: str) -> tuple[type[HubError], ...]:
    """What this operation raises beside what all do; a viewset's action wins over the method."""
    declared: dict[str, tuple[type[HubError], ...]] = getattr(view, "problems", {})
    return declared.get(getattr(view, "action", None) or "", declared.get(method, ()))


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """spectacular's hook: put the components there that the responses refer to."""
    existing = result.setdefault("components", {})
    for kind, entries in components().items():
        existing.setdefault(kind, {}).update(entries)
    return result


def request_example(value: Any, summary: str = "Example") -> OpenApiExample:
    """For `extend_schema(examples=[…])`: a body that works as it stands."""
    return OpenApiExample(summary, value=value, request_only=True)


def response_example(value: Any, summary: str = "Answer", status: int = 200) -> OpenApiExample:
    """For `extend_schema(examples=[…])`: the answer to the request's example."""
    return OpenApiExample(summary, value=value, response_only=True, status_codes=[str(status)])


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registered by drf-spectacular's untyped hook
    target_class = "integration_hub.api.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from `manage.py create_token` or the admin.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registered by drf-spectacular's untyped hook
    target_class = "integration_hub.api.authentication.BrowserSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The admin's login; writes need the header X-CSRFToken.",
        }
