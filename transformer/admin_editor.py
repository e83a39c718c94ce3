"""The editor of transforms in the admin: sample, spec and result side by side, live."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from integration_hub.access.person import actor_of
from integration_hub.lib.errors import HubError
from registry.admin.verbs import sentences
from transformer.authoring import drafts, trying
from transformer.authoring.drafts import NAMED, OF_DEFINITION, Chosen

_SEES = "registry.view_definition"
_CHANGES = {
    OF_DEFINITION: "registry.change_definition",
    NAMED: "transformer.change_namedtransform",
}


@require_safe
def editor(request: HttpRequest) -> HttpResponse:
    """An empty desk, or the transform of a draft's method."""
    _require(request, _SEES)
    context: dict[str, Any] = {}
    try:
        context |= _opened(request)
    except HubError as error:
        messages.warning(request, error.detail)
    return _page(request, context)


@require_POST
def attempt(request: HttpRequest) -> JsonResponse:
    """What the texts come to; asked for with every change of them."""
    _require(request, _SEES)
    texts = [request.POST.get(name, "") for name in ("spec", "sample", "expected")]
    return JsonResponse(trying.attempt(*texts))


@require_POST
def propose(request: HttpRequest) -> JsonResponse:
    """Rules that lead from the sample to what is expected."""
    _require(request, _SEES)
    return JsonResponse(
        trying.proposal(request.POST.get("sample", ""), request.POST.get("expected", ""))
    )


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Into the draft; what cannot be saved stays on the page with its reasons."""
    posted = request.POST
    key = posted.get("draft", "")
    _require(request, _CHANGES[NAMED if key.startswith(NAMED) else OF_DEFINITION])
    context: dict[str, Any] = {}
    try:
        chosen = drafts.choose(drafts.find(key), posted.get("method", ""), posted.get("side", ""))
        context = _desk(chosen, _number(posted.get("revision", "")))
        spec = trying.spec_of(posted.get("spec", ""))
        drafts.put_back(chosen, spec, revision=context["revision"], actor=actor_of(request))
    except trying.Unreadable as error:
        context["faults"] = [str(error)]
    except HubError as error:
        context["faults"] = sentences(error)
    else:
        messages.success(request, f"Saved: {chosen.title}.")
        again = urlencode({"draft": key, "method": chosen.method, "side": chosen.side})
        return redirect(f"{reverse('transformer:editor')}?{again}")
    kept = {name: posted.get(name, "") for name in ("spec", "sample", "expected")}
    return _page(request, context | {"texts": kept})


def _opened(request: HttpRequest) -> dict[str, Any]:
    given = request.GET
    if not given.get("draft"):
        return {}
    draft = drafts.find(given["draft"])
    if draft.kind == OF_DEFINITION and not given.get("method"):
        return {"draft": draft}
    return _desk(drafts.choose(draft, given.get("method", ""), given.get("side", "request")))


def _desk(chosen: Chosen, revision: int | None = None) -> dict[str, Any]:
    return {
        "chosen": chosen,
        "draft": chosen.draft,
        "revision": chosen.draft.row.revision if revision is None else revision,
        "texts": {
            "spec": trying.pretty(chosen.spec),
            "sample": trying.pretty(chosen.sample),
            "expected": "" if chosen.expected is None else trying.pretty(chosen.expected),
        },
    }


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    empty = {"spec": trying.pretty(drafts.START), "sample": "{}", "expected": ""}
    draft = context.get("draft")
    return TemplateResponse(
        request,
        "admin/transformer/editor.html",
        {
            **admin.site.each_context(request),
            "title": "Transforms",
            "drafts": drafts.drafts(),
            "sides": list(drafts.SIDES),
            "texts": empty,
            "may_save": draft is not None and request.user.has_perm(_CHANGES[draft.kind]),
            **context,
        },
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _require(request: HttpRequest, right: str) -> None:
    if not request.user.has_perm(right):
        raise PermissionDenied
