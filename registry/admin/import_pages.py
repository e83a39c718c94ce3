"""The pages of an import: give the description, choose of it, see what it becomes, store it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integration_hub.access.person import actor_of
from integration_hub.lib import jsonsafe
from integration_hub.lib.errors import HubError, NotFound
from registry import services
from registry.admin.import_form import ChoiceForm, SourceForm
from registry.admin.verbs import VerbAdmin, sentences
from registry.import_report import merge_report
from registry.import_services import Imported
from registry.importer import Operation
from registry.models import Definition, DefinitionImport, StagedImport
from registry.reimport_services import Reimported
from registry.staging import stage_description, staged

_MOST_SHOWN = 5_000
_MOST_TOLD = 500
JSONObject = dict[str, Any]


class ImportPages(VerbAdmin):
    """Adds the two pages to the admin of definitions."""

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view
        return [
            path("import/", wrapped(self.import_start), name="registry_definition_import"),
            path(
                "import/<uuid:key>/",
                wrapped(self.import_choose),
                name="registry_definition_import_choose",
            ),
            *super().get_urls(),
        ]

    def import_start(self, request: HttpRequest) -> HttpResponse:
        """Where the description is."""
        self._refuse_stranger(request)
        merging = self._merging(request)
        posted = request.method == "POST"
        form = SourceForm(request.POST, request.FILES) if posted else SourceForm()
        if form.is_valid():
            try:
                row = stage_description(
                    owner=actor_of(request), merge_with=merging, **form.source()
                )
                self._operations(row, staged(row.pk, row.owner)[1])
            except HubError as error:
                form.add_error(None, sentences(error))
            else:
                return redirect("admin:registry_definition_import_choose", key=row.pk)
        title = f"Import {merging.ref} again" if merging else "Import a definition"
        context = {"title": title, "form": form, "merging": merging}
        return self._page(request, "registry/import_start.html", context)

    def import_choose(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """What of it is wanted; what that becomes; and, when told to, the draft."""
        self._refuse_stranger(request)
        try:
            row, described = staged(key, actor_of(request))
        except NotFound as error:
            self.message_user(request, error.detail, messages.WARNING)
            return redirect("admin:registry_definition_import")
        operations = self._operations(row, described)
        initial = _initial(row, operations)
        given = request.POST if request.method == "POST" else None
        form = ChoiceForm(given, initial=initial, merging=row.merge_with is not None)
        context: JSONObject = {
            "title": f"Import {row.merge_with.ref} again" if row.merge_with else "Import",
            "form": form,
            "merging": row.merge_with,
            "operations": operations[:_MOST_SHOWN],
            "tags": sorted({tag for operation in operations for tag in operation.tags}),
            "hidden": max(0, len(operations) - _MOST_SHOWN),
        }
        if form.is_valid():
            storing = request.POST.get("do") == "store"
            try:
                found = _imported(row, described, form, request, dry_run=not storing)
            except HubError as error:
                form.add_error(None, sentences(error))
            else:
                if found.definition is not None:
                    return self._stored(request, row, found.definition, found.report)
                context |= _told(found, request.POST.getlist("take"))
        return self._page(request, "registry/import_choose.html", context)

    def import_context(self, request: HttpRequest, row: Definition) -> JSONObject:
        """What a definition's page says of its last import."""
        behind = DefinitionImport.objects.filter(definition=row).defer("document").first()
        if behind is None:
            return {}
        again = f"{reverse('admin:registry_definition_import')}?merge_with={row.pk}"
        return {
            "imported": behind,
            "import_report": _shown(jsonsafe.loads(behind.report)),
            "import_again": again if self.has_add_permission(request) else "",
        }

    def _stored(
        self, request: HttpRequest, row: StagedImport, made: Definition, report: JSONObject
    ) -> HttpResponse:
        row.delete()
        left = len(report["left_out"])
        self.message_user(
            request,
            f"{made.ref} is a draft of {report['imported']} imported methods; {left} left out.",
            messages.WARNING if left else messages.SUCCESS,
        )
        return redirect("admin:registry_definition_change", made.pk)

    def _operations(self, row: StagedImport, described: JSONObject) -> tuple[Operation, ...]:
        return services.list_operations(importer=row.importer, document=described, url=row.origin)

    def _merging(self, request: HttpRequest) -> Definition | None:
        """The definition that `?merge_with=` names, by its id."""
        named = request.GET.get("merge_with", "")
        row = self.get_object(request, named) if named else None
        if named and row is None:
            raise Http404
        return row

    def _refuse_stranger(self, request: HttpRequest) -> None:
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, context: JSONObject) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, whole)


def _initial(row: StagedImport, operations: tuple[Operation, ...]) -> JSONObject:
    """As the import before chose; only what is there can be chosen."""
    if row.merge_with is None:
        return {}
    behind = DefinitionImport.objects.filter(definition=row.merge_with).first()
    include = jsonsafe.loads(behind.include) if behind else {}
    said = {name: ", ".join(include.get(name, ())) for name in ("tags", "paths")}
    if not include:
        return said
    wanted = set(include.get("operations", ()))
    known = [item.id for item in operations if {item.id, f"{item.verb} {item.path}"} & wanted]
    return said | {"chosen": jsonsafe.dumps_text(known)}


def _imported(
    row: StagedImport,
    described: JSONObject,
    form: ChoiceForm,
    request: HttpRequest,
    *,
    dry_run: bool,
) -> Imported | Reimported:
    asked: JSONObject = {
        "importer": row.importer,
        "actor": actor_of(request),
        "document": described,
        "origin": row.origin,
        "version": form.cleaned_data["version"],
        "include": form.include(),
        "dry_run": dry_run,
    }
    if row.merge_with is None:
        return services.import_definition(slug=form.cleaned_data["slug"], **asked)
    return services.reimport_definition(
        merge_with=str(row.merge_with.pk), take=request.POST.getlist("take"), **asked
    )


def _told(found: Imported | Reimported, taken: list[str]) -> JSONObject:
    told: JSONObject = {
        "outcome": f"{found.document['slug']}@{found.document['version']}",
        "report": _shown(found.report),
        "taken": taken,
    }
    if isinstance(found, Reimported):
        merge = merge_report(found)
        told["merge"] = {
            name: part[:_MOST_TOLD] if isinstance(part, list) else part
            for name, part in merge.items()
        }
    return told


def _shown(report: JSONObject) -> JSONObject:
    """Lists for a page: their beginning, and how many there are."""
    lists = {name: report.get(name, []) for name in ("left_out", "guesses", "notes")}
    return {
        "imported": report.get("imported", 0),
        "not_chosen": report.get("not_chosen", 0),
        **{name: entries[:_MOST_TOLD] for name, entries in lists.items()},
        "counts": {name: len(entries) for name, entries in lists.items()},
    }
