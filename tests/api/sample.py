"""Small views on the hub's plumbing, mounted under /api/v1/sample for these tests."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.urls import include, path
from rest_framework import mixins, serializers
from rest_framework.response import Response

from integration_hub.api.parsers import DocumentParser
from integration_hub.api.permissions import PUBLIC
from integration_hub.api.views import HubView, HubViewSet
from integration_hub.audit.models import AuditEntry
from integration_hub.lib import errors
from integration_hub.urls import urlpatterns as hub_urls

RAISES = {
    "operational": OperationalError("server closed the connection: host=10.0.0.9"),
    "interface": InterfaceError("connection already closed"),
    "integrity": IntegrityError("duplicate key value violates unique constraint"),
    "data": DataError("value too long"),
    "bug": ZeroDivisionError("secret-in-a-message"),
    "http404": Http404(),
    "denied": PermissionDenied(),
    "suspicious": SuspiciousOperation("odd"),
    "limited": errors.RateLimitExceeded("Slow down.", retry_after=1.2),
    "upstream": errors.IntegrationFailed(
        "It said no.", upstream_status=422, upstream_body="no", extra={"execution_id": "e1"}
    ),
}


class EchoView(HubView):
    required_scopes = {"GET": "read", "POST": "manage"}

    def get(self, request):
        return Response({"owner": request.caller.owner, "name": request.caller.name})

    def post(self, request):
        return Response({"sent": request.data})


class RaiseView(HubView):
    required_scopes = {"GET": PUBLIC}

    def get(self, request, name):
        raise RAISES[name]


class DocumentView(HubView):
    required_scopes = {"POST": "manage"}
    parser_classes = [DocumentParser]

    def post(self, request):
        document = request.data
        return Response({"type": document.media_type, "text": document.content.decode()})


class ForgottenView(HubView):
    """Nobody said which scope it needs."""

    def get(self, request):
        return Response({})


class RowSerializer(serializers.ModelSerializer):
    class Meta:
        model = AuditEntry
        fields = ("id", "actor")


class RowViewSet(mixins.ListModelMixin, HubViewSet):
    required_scopes = {"list": ("read", "execute")}
    queryset = AuditEntry.objects.order_by("-id")
    serializer_class = RowSerializer
    filterset_fields = ("actor",)
    ordering_fields = ("actor",)


def plain_bug(request):
    raise ZeroDivisionError("outside of DRF")


def plain_form(request):
    return HttpResponse(request.POST.get("x", ""))


sample_urls = [
    path("echo", EchoView.as_view()),
    path("raise/<str:name>", RaiseView.as_view()),
    path("document", DocumentView.as_view()),
    path("forgotten", ForgottenView.as_view()),
    path("rows", RowViewSet.as_view({"get": "list"})),
    path("plain-bug", plain_bug),
    path("plain-form", plain_form),
]
urlpatterns = [
    path("api/v1/sample/", include(sample_urls)),
    path("pages/plain-form", plain_form),
    *hub_urls,
]
