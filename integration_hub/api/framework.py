"""How REST framework and drf-spectacular are set up; the settings name these as theirs."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "integration_hub.api.authentication.TokenAuthentication",
        "integration_hub.api.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["integration_hub.api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["integration_hub.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["integration_hub.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "integration_hub.api.pagination.PagePagination",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "integration_hub.api.negotiation.HubNegotiation",
    "DEFAULT_FILTER_BACKENDS": [
        "integration_hub.api.filters.KnownParameters",
        "integration_hub.api.filters.StrictFilterBackend",
        "rest_framework.filters.SearchFilter",
        "integration_hub.api.filters.StrictOrdering",
    ],
    "DEFAULT_SCHEMA_CLASS": "integration_hub.api.schema.HubSchema",
    "DEFAULT_THROTTLE_CLASSES": ["integration_hub.api.throttling.OwnerThrottle"],
    "EXCEPTION_HANDLER": "integration_hub.api.problem.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # the header Accept decides; `format` is a parameter like others
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR: dict[str, Any] = {
    "TITLE": "Integration Hub",
    "DESCRIPTION": "Describe external systems, connect them, call them, and see every call.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "integration_hub.api.schema.describe_problems",
    ],
}
