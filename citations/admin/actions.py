"""What can be done to many citations, papers, hubs, labels and other rows at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from citations.admin.asking import NoteForm, ask
from citations.admin.base import user_of
from citations.curation import bulk
from citations.curation.redaction import Redactable, redact
from citations.exports.csv_rows import CSV
from citations.exports.formats import About
from citations.exports.rows import PaperFacts, Site, export_row, load_rows
from citations.exports.streaming import BATCH
from citations.models import HubSummary
from citations.vocabulary import Role, choices

# Hubs that are counted anew while a browser waits.
MOST_HUBS = 500
# Texts that are blanked in one go: each is looked at by a person.
MOST_REDACTIONS = 100

LABEL, CHANGE, REDACT = "citations.add_label", "citations.change_citation", "citations.redact"


class RoleForm(NoteForm):
    """Which role, and why."""

    role = forms.TypedChoiceField(choices=[("", "Choose a role"), *choices(Role)], coerce=Role)
    field_order = ("role", "note")


class SelfCitationForm(forms.Form):
    """Whether they are."""

    value = forms.TypedChoiceField(
        label="They are",
        choices=[("1", "self-citations"), ("0", "no self-citations")],
        coerce=lambda value: value == "1",
        initial="1",
    )


class ExportForm(forms.Form):
    """In which form."""

    format = forms.ChoiceField(choices=[("csv", "CSV"), ("jsonl", "JSON Lines")], initial="csv")


class UnderstoodForm(forms.Form):
    """That it is final."""

    understood = forms.BooleanField(label="I know that this cannot be undone")


# Citations ------------------------------------------------------------------------------------------------------------


@admin.action(description="Set role …", permissions=["label"])
def set_role(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """A curator's label with one role on each."""
    return ask(
        page,
        request,
        rows,
        permission=LABEL,
        title="Set the role of several citations",
        explanation="Each gets a label of yours, which counts above all imported ones. Nothing is overwritten.",
        button="Set the role",
        form_class=RoleForm,
        deed=lambda data: bulk.set_role(rows, user_of(request), data["role"], note=data["note"]).sentence(
            "citation was given the role", "citations were given the role"
        ),
    )


@admin.action(description="Confirm the imported label …", permissions=["label"])
def confirm_imported(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """A curator says what the import says that decides each."""
    return ask(
        page,
        request,
        rows,
        permission=LABEL,
        title="Confirm imported labels",
        explanation="What an import says of each, where that decides now, becomes your word as well. "
        "Confirm only what you have read: a confirmed dispute may make a hub contested.",
        button="Confirm",
        form_class=NoteForm,
        deed=lambda data: bulk.confirm_imported(rows, user_of(request), note=data["note"]).sentence(
            "citation confirmed", "citations confirmed"
        ),
    )


@admin.action(description="Mark as self-citation, or not …", permissions=["change"])
def set_self_citation(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """A flag, which no import changes afterwards."""
    return ask(
        page,
        request,
        rows,
        permission=CHANGE,
        title="Self-citations",
        explanation="Your word goes before that of any source, and no import changes it.",
        button="Mark",
        form_class=SelfCitationForm,
        deed=lambda data: bulk.set_self_citation(rows, user_of(request), value=data["value"]).sentence(
            "citation marked", "citations marked"
        ),
    )


@admin.action(description="Delete those without labels …", permissions=["delete"])
def delete_unlabelled(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """Only what nothing rests on."""
    return ask(
        page,
        request,
        rows,
        permission="citations.delete_citation",
        title="Delete citations that carry no label",
        explanation="Citations with labels, pins or reports stay, and so do those that a merge hid. "
        "An import may bring the others back.",
        button="Delete",
        deed=lambda _: bulk.delete_unlabelled(rows, user_of(request)).sentence("citation deleted", "citations deleted"),
    )


@admin.action(description="Export …", permissions=["view"])
def export(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """The rows that every export writes; `manage.py import_file` reads them."""
    return ask(
        page,
        request,
        rows,
        permission="citations.view_citation",
        title="Export citations",
        explanation="One row for each citing paper and hub. Citations that a merge hid are left out.",
        button="Export",
        form_class=ExportForm,
        deed=lambda data: _file(request, rows, data["format"]),
    )


def _file(request: HttpRequest, rows: QuerySet[Any], form: str) -> StreamingHttpResponse:
    """A file in pieces, each read by statements of its own."""
    now = timezone.now()
    site = Site(request.build_absolute_uri("/").removesuffix("/"))
    public = rows.filter(merged_into__isnull=True).order_by("pk")
    lines = _csv(public, site) if form == "csv" else _json_lines(public, site)
    response = StreamingHttpResponse(lines, content_type="text/csv" if form == "csv" else "application/x-ndjson")
    response["Content-Disposition"] = f'attachment; filename="citations-{now:%Y-%m-%d}.{form}"'
    return response


def _csv(rows: QuerySet[Any], site: Site) -> Iterator[str]:
    about = About(PaperFacts("", ""), site, {}, "", 0, "", timezone.now())
    yield CSV.begin(about)
    for batch in _ids(rows):
        yield "".join(CSV.entry(row, about) for row in load_rows(batch))


def _json_lines(rows: QuerySet[Any], site: Site) -> Iterator[str]:
    for batch in _ids(rows):
        yield "".join(json.dumps(export_row(row, site), ensure_ascii=False) + "\n" for row in load_rows(batch))


def _ids(rows: QuerySet[Any]) -> Iterator[list[int]]:
    """Ids in batches; no query stays open while a slow reader takes the file in."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield batch
        last = batch[-1]


# Labels ---------------------------------------------------------------------------------------------------------------


@admin.action(description="Confirm …", permissions=["label"])
def confirm_labels(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """A curator says what each of these imported labels says."""
    return ask(
        page,
        request,
        rows,
        permission=LABEL,
        title="Confirm imported labels",
        explanation="What each of these imported labels says becomes your word as well, whether or not it decides now.",
        button="Confirm",
        form_class=NoteForm,
        deed=lambda data: bulk.confirm_labels(rows, user_of(request), note=data["note"]).sentence(
            "label confirmed", "labels confirmed"
        ),
    )


# Hubs and papers ------------------------------------------------------------------------------------------------------


@admin.action(description="Count anew …", permissions=["recount"])
def recount_hubs(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """All that is derived of these hubs."""
    hubs = rows if rows.model is HubSummary else bulk.hubs_of_papers(rows)
    return ask(
        page,
        request,
        rows,
        permission="citations.change_hubsummary",
        title="Count hubs anew",
        explanation="Roles, counts, classes and representatives are computed anew from labels and citations, "
        "which stay as they are.",
        button="Count anew",
        deed=lambda _: bulk.recount_hubs(hubs, user_of(request), at_most=MOST_HUBS).sentence(
            "hub corrected", "hubs corrected"
        ),
    )


# Redaction ------------------------------------------------------------------------------------------------------------


def redaction(what: Redactable, holder: str) -> Any:
    """The action that blanks `what` in the chosen rows, each called a `holder`."""

    @admin.action(description=f"Blank the {what} …", permissions=["redact"])
    def blank(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        """One text of each row; what was decided stays."""

        def deed(_: dict[str, Any]) -> str:
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_REDACTIONS + 1])
            if len(ids) > MOST_REDACTIONS:
                raise bulk.BulkError(f"At most {MOST_REDACTIONS} texts are blanked at once: choose fewer.")
            outcome = bulk.Outcome()
            for pk in ids:
                if redact(what, pk):
                    outcome.done += 1
                    page.log_change(request, rows.get(pk=pk), f"Blanked the {what}.")
                else:
                    outcome.left["empty already"] += 1
            return outcome.sentence(f"{what} blanked", f"{what}s blanked" if what != "address" else "addresses blanked")

        return ask(
            page,
            request,
            rows,
            permission=REDACT,
            title=f"Blank the {what} of {holder}s",
            explanation="The text is gone for good, and no import brings it back. What was decided stays.",
            button=f"Blank the {what}",
            form_class=UnderstoodForm,
            deed=deed,
        )

    blank.__name__ = f"redact_{what}"
    return blank
