"""Mentions, and the ledger of all citations: looked at, confirmed, and never edited."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from citations.admin import actions
from citations.admin.agreement import AgreementPage
from citations.admin.base import NOTHING, ReadOnlyAdmin, SourceFilter, admin_url, link, short, word_label
from citations.admin.citations import LONG, PolarityFilter, RoleFilter
from citations.curation.redaction import Redactable
from citations.models import Citation, Label, Mention
from citations.vocabulary import Polarity, Role, source_label


class AddedFilter(admin.SimpleListFilter):
    """Labels by when they were added. A list of months would have to be looked for in the whole ledger."""

    title = "added"
    parameter_name = "added"

    _DAYS = {"1": "In the last 24 hours", "7": "In the last 7 days", "30": "In the last 30 days"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Days, by number."""
        return self._DAYS.items()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those added since; a value outside the list has none."""
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen not in self._DAYS:
            return queryset.none()
        return queryset.filter(created_at__gte=timezone.now() - datetime.timedelta(days=int(chosen)))


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    """The places where papers are named. Sentences come from sources and are shown as they are."""

    list_display = ("id", "sentence_start", "section", "citing_title", "cited_title", "source", "order")
    list_display_links = ("id", "sentence_start")
    list_filter = (SourceFilter,)
    search_fields = ("sentence", "section", "=citation__id")
    search_help_text = "Words of the sentence or section, or the number of a citation."
    ordering = ("-id",)
    sortable_by = ("id",)
    actions = (actions.redaction(Redactable.SENTENCE, "mention"),)
    fields = ("citation", "sentence", "section", "order", "source", "citing_title", "cited_title")
    readonly_fields = ("citing_title", "cited_title")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the papers on both sides."""
        return _with_papers(super().get_queryset(request))

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The citation's place in the public list."""
        return obj.citation.get_absolute_url() if obj is not None else None

    @admin.display(description="sentence")
    def sentence_start(self, mention: Mention) -> str:
        """Its beginning; a mention may have none."""
        return short(mention.sentence, 120) or "(no sentence)"

    @admin.display(description="citing paper")
    def citing_title(self, mention: Mention) -> str:
        """Where it stands."""
        return short(mention.citation.citing.title, 60)

    @admin.display(description="cited paper")
    def cited_title(self, mention: Mention) -> str:
        """Which paper is named."""
        return short(mention.citation.cited.title, 60)


@admin.register(Label)
class LabelAdmin(AgreementPage):
    """The ledger of all citations. It grows on the pages of citations and by imports; nothing is changed or deleted."""

    list_display = (
        "id",
        "created_at",
        "citation_link",
        "role_label",
        "polarity_label",
        "decided_by",
        "source_name",
        "raw_value",
        "coarse",
        "curator",
        "state",
    )
    list_filter = ("decided_by", RoleFilter, PolarityFilter, SourceFilter, "coarse", AddedFilter)
    sortable_by = ("id", "created_at")
    actions = (actions.confirm_labels, actions.redaction(Redactable.NOTE, "label"))
    search_fields = (
        "citation__citing__title",
        "citation__cited__title",
        "raw_value",
        "note",
        "=source",
        "=curator__username",
        "=citation__id",
    )
    search_help_text = "Words of a title, note or raw value, a source, a curator's name, or the number of a citation."
    ordering = ("-created_at", "-id")

    def title_of(self, row: Any) -> str:
        """What it says of which papers."""
        words = f"{short(row.citation.citing.title, 50)} → {short(row.citation.cited.title, 30)}"
        return f"{row.pk}: {word_label(row.role, Role)}, {word_label(row.polarity, Polarity)}: {words}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the papers on both sides and who said it."""
        return _with_papers(super().get_queryset(request)).select_related(
            "curator", "citation__citing", "citation__cited", "import_run", "mention", "retracts", "confirms"
        )

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The citation's place in the public list."""
        return obj.citation.get_absolute_url() if obj is not None else None

    @admin.display(description="citation", ordering="citation")
    def citation_link(self, label: Label) -> SafeString:
        """The citation that it speaks of, where another label can be added."""
        words = f"{short(label.citation.citing.title, 50)} → {short(label.citation.cited.title, 30)}"
        return link(admin_url(Citation, "change", label.citation_id), words)

    @admin.display(description="role", ordering="role")
    def role_label(self, label: Label) -> str:
        """The role that it states."""
        return word_label(label.role, Role)

    @admin.display(description="polarity", ordering="polarity")
    def polarity_label(self, label: Label) -> str:
        """The polarity that it states."""
        return word_label(label.polarity, Polarity)

    @admin.display(description="source", ordering="source")
    def source_name(self, label: Label) -> str:
        """Where it comes from."""
        return source_label(label.source)

    @admin.display(description="retracts or confirms")
    def state(self, label: Label) -> str:
        """Which other label it speaks of."""
        if label.retracts_id is not None:
            return f"retracts {label.retracts_id}"
        return f"confirms {label.confirms_id}" if label.confirms_id is not None else NOTHING


def _with_papers(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows of a citation, with both of its papers, less their long text."""
    return rows.select_related("citation__citing", "citation__cited").defer(
        *(f"citation__{side}__{name}" for side in ("citing", "cited") for name in LONG)
    )
