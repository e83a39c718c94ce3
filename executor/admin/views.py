"""Try a method, test a connection: people's way to the same services as REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from executor import connection_test, services
from executor.admin.pages import pretty
from executor.api import envelope
from integration_hub.access.caller import Caller
from integration_hub.access.person import caller_with
from integration_hub.api import request_id
from integration_hub.api.problem import problem_body
from integration_hub.coordination import revision
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import Fault, HubError, ValidationFailed
from registry import runtime
from registry.models import Instance
from registry.runtime import RuntimeInstance
from registry.spec import MethodSpec


@require_http_methods(["GET", "POST"])
def try_method(request: HttpRequest) -> HttpResponse:
    """Choose an instance, then a method, fill in its parameters, call it and see what happens."""
    caller = caller_with(request, "execute")
    given = request.POST if request.method == "POST" else request.GET
    with revision.scope():
        instance = _instance(given.get("instance", ""), caller)
        method = instance.methods.get(given.get("method", "")) if instance else None
        context: dict[str, Any] = {
            "title": "Try a method",
            "instances": Instance.objects.visible_to(caller).order_by("slug"),
            "instance": instance,
            "method": method,
            "parameters": _example(method),
            "schema": pretty(method.param_schema) if method else "",
        }
        if request.method == "POST" and instance and method:
            context |= _called(caller, instance, method, request.POST.get("parameters", ""))
    return _page(request, "admin/executor/try.html", context)


@require_http_methods(["GET", "POST"])
def test_connection(request: HttpRequest, instance_id: UUID) -> HttpResponse:
    """Asks first (GET), tests then (POST): a link alone never makes a call."""
    caller = caller_with(request, "manage")
    instance = _instance(str(instance_id), caller)
    if instance is None:
        raise Http404
    context: dict[str, Any] = {"title": f"Test {instance.slug}", "instance": instance}
    if request.method == "POST":
        report = connection_test.run(caller=caller, instance_ref=str(instance_id))
        context["report"] = report.as_dict()
    return _page(request, "admin/executor/test.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})


def _instance(ref: str, caller: Caller) -> RuntimeInstance | None:
    try:
        return runtime.by_ref(ref, caller) if ref else None
    except HubError:
        return None


def _example(method: MethodSpec | None) -> str:
    """What to start from: the definition's first example, else the required members, empty."""
    if method is None:
        return ""
    for example in method.examples:
        if "parameters" in example:
            return pretty(example["parameters"])
    required = (method.param_schema or {}).get("required", [])
    return pretty(dict.fromkeys(required, ""))


def _called(
    caller: Caller, instance: RuntimeInstance, method: MethodSpec, text: str
) -> dict[str, Any]:
    """What the page shows after the call: the answer, whatever it is."""
    try:
        read = envelope.read({"parameters": _parsed(text)})
        reply = services.execute(
            caller=caller,
            instance_ref=str(instance.id),
            method=method.name,
            parameters=read.parameters,
        )
        body = jsonsafe.loads(reply.body)
    except HubError as error:
        body = problem_body(error, request_id.current())
    return {
        "parameters": text,
        "result": body,
        "ok": body["status"] == "completed",
        "shown": pretty(body.get("data") if body["status"] == "completed" else body),
    }


def _parsed(text: str) -> Any:
    try:
        return jsonsafe.loads(text or "{}")
    except jsonsafe.JSONFault as fault:
        raise ValidationFailed(
            f"The parameters are not acceptable JSON: {fault}.",
            errors=[Fault("/parameters", str(fault), "JSON")],
        ) from None
