"""Addresses of the registry below /api/v1."""

from typing import Any

from django.urls import path

from registry.api.adapter_views import AdapterViewSet
from registry.api.compatibility_views import CompatibilityViewSet
from registry.api.definition_views import DefinitionViewSet
from registry.api.import_views import OpenAPIImportView, PostmanImportView
from registry.api.instance_verbs import InstanceVerbViewSet
from registry.api.instance_views import InstanceViewSet
from registry.api.life_views import DefinitionExportViewSet, DefinitionLifeViewSet
from registry.api.method_views import MetaSchemaView, MethodViewSet
from registry.api.moving_views import MovingViewSet

_LIST: dict[str, Any] = {"get": "list", "post": "create"}
_ONE: dict[str, Any] = {
    "get": "retrieve",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}

urlpatterns = [
    path("definitions", DefinitionViewSet.as_view(_LIST), name="definitions"),
    path("definitions/meta-schema", MetaSchemaView.as_view(), name="definition-meta-schema"),
    path(
        "definitions/import/openapi", OpenAPIImportView.as_view(), name="definition-import-openapi"
    ),
    path(
        "definitions/import/postman", PostmanImportView.as_view(), name="definition-import-postman"
    ),
    path("definitions/<str:ref>", DefinitionViewSet.as_view(_ONE), name="definition"),
    *(
        path(
            f"definitions/<str:ref>/{verb}",
            DefinitionLifeViewSet.as_view({"post": verb}),
            name=f"definition-{verb}",
        )
        for verb in ("publish", "deprecate", "archive")
    ),
    path(
        "definitions/<str:ref>/move-instances",
        MovingViewSet.as_view({"post": "move"}),
        name="definition-move-instances",
    ),
    path(
        "definitions/<str:ref>/roll-back-instances",
        MovingViewSet.as_view({"post": "back"}),
        name="definition-roll-back-instances",
    ),
    path(
        "definitions/<str:ref>/compatibility",
        CompatibilityViewSet.as_view({"get": "compatibility"}),
        name="definition-compatibility",
    ),
    path(
        "definitions/<str:ref>/export",
        DefinitionExportViewSet.as_view({"get": "export"}),
        name="definition-export",
    ),
    path(
        "definitions/<str:ref>/schema",
        MethodViewSet.as_view({"get": "schemas"}),
        name="definition-schema",
    ),
    path(
        "definitions/<str:ref>/methods",
        MethodViewSet.as_view({"get": "index"}),
        name="definition-methods",
    ),
    path(
        "definitions/<str:ref>/methods/<str:name>",
        MethodViewSet.as_view({"get": "retrieve"}),
        name="definition-method",
    ),
    path("adapters", AdapterViewSet.as_view({"get": "index"}), name="adapters"),
    path("adapters/<str:type>", AdapterViewSet.as_view({"get": "retrieve"}), name="adapter"),
    *(
        path(
            f"adapters/<str:type>/{verb}",
            AdapterViewSet.as_view({"post": verb}),
            name=f"adapter-{verb}",
        )
        for verb in ("enable", "disable")
    ),
    path("instances", InstanceViewSet.as_view(_LIST), name="instances"),
    path("instances/<str:ref>", InstanceViewSet.as_view(_ONE), name="instance"),
    *(
        path(
            f"instances/<str:ref>/{verb}",
            InstanceVerbViewSet.as_view({"post": verb}),
            name=f"instance-{verb}",
        )
        for verb in ("enable", "disable", "upgrade", "rollback")
    ),
]
