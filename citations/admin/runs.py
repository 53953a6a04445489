"""Imports and what they did not take in. A record of what happened, so nothing is edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from citations.admin import uploads
from citations.admin.base import NOTHING, ReadOnlyAdmin, SourceFilter, admin_url, link, short
from citations.formatting import count
from citations.models import ImportRun, Label, RejectedRecord

# Reasons shown on the page of a run: the commonest; all records are one click away.
REASONS_SHOWN = 20


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Each import: what was asked for, how far it came, what came of it."""

    list_display = (
        "id",
        "source",
        "status",
        "started_at",
        "finished_at",
        "created",
        "updated",
        "unchanged",
        "rejected_link",
        "started_by",
        "message_start",
    )
    list_display_links = ("id", "source")
    list_filter = ("status", SourceFilter)
    list_select_related = ("started_by",)
    search_fields = ("=id", "source", "message", "=started_by__username", "fingerprint")
    search_help_text = "A source, words of the message, who started it, or the number of the run."
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-id")
    readonly_fields = ("rejected_reasons", "labels")

    def get_urls(self) -> list[URLPattern]:
        """With the page that takes a file, and a run's rejected records as a file."""
        guarded = self.admin_site.admin_view
        own = [
            path("upload/", guarded(self.upload), name="citations_importrun_upload"),
            path("<int:pk>/rejected.jsonl", guarded(self.rejected_file), name="citations_importrun_rejected"),
        ]
        return own + super().get_urls()

    def upload(self, request: HttpRequest) -> HttpResponse:
        """A file comes in through the browser."""
        return uploads.upload(request, self.admin_site.each_context(request))

    def rejected_file(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The rejected records of a run, one JSON object a line: reason and raw form."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, str(pk))
        if run is None:
            raise Http404
        response = StreamingHttpResponse(_rejected_lines(run), content_type="application/x-ndjson")
        response["Content-Disposition"] = f'attachment; filename="rejected-run-{run.pk}.jsonl"'
        return response

    @admin.display(description="rejected", ordering="rejected")
    def rejected_link(self, run: ImportRun) -> SafeString | str:
        """How many records were not taken in, with a link to them."""
        return _records_link(run, count(run.rejected)) if run.rejected else "0"

    @admin.display(description="message")
    def message_start(self, run: ImportRun) -> str:
        """The beginning of the message."""
        return short(run.message) or NOTHING

    @admin.display(description="rejected records")
    def rejected_reasons(self, run: ImportRun) -> SafeString | str:
        """The commonest reasons with their numbers, and a link to all records."""
        reasons = run.rejected_records.order_by().values_list("reason").annotate(n=Count("id")).order_by("-n", "reason")
        rows = [
            (reason, admin_url(RejectedRecord, "changelist", run__id__exact=run.pk, reason__exact=reason), count(n))
            for reason, n in reasons[:REASONS_SHOWN]
        ]
        if not rows:
            return NOTHING
        shown = format_html_join("; ", '{}: <a href="{}">{}</a>', rows)
        file = link(admin_url(ImportRun, "rejected", run.pk), "download them")
        return format_html("{} · {} · {}", shown, _records_link(run, "all rejected records"), file)

    @admin.display(description="labels")
    def labels(self, run: ImportRun) -> SafeString:
        """A link to the labels that it brought."""
        return link(admin_url(Label, "changelist", import_run__id__exact=run.pk), "Labels of this import")


def _rejected_lines(run: ImportRun) -> Iterator[str]:
    """Each record as a line; read in batches, however many there are."""
    for record in run.rejected_records.order_by("pk").iterator(chunk_size=500):
        yield json.dumps({"reason": record.reason, "raw": record.raw}, ensure_ascii=False) + "\n"


def _records_link(run: ImportRun, words: str) -> SafeString:
    return link(admin_url(RejectedRecord, "changelist", run__id__exact=run.pk), words)


@admin.register(RejectedRecord)
class RejectedRecordAdmin(ReadOnlyAdmin):
    """Records that were not taken in, with the reason and what came."""

    list_display = ("id", "run", "reason", "raw_start", "created_at")
    list_display_links = ("id", "reason")
    list_select_related = ("run",)
    search_fields = ("reason", "raw", "=run__id")
    search_help_text = "Words of the reason or of the record, or the number of the run."
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the run."""
        return super().get_queryset(request).select_related("run")

    @admin.display(description="record")
    def raw_start(self, record: RejectedRecord) -> str:
        """The beginning of what came."""
        return short(record.raw)
