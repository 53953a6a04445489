"""Hubs: what is counted of them, and how their classes changed. Derived, so nothing is edited."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from citations.admin import actions
from citations.admin.base import NOTHING, ReadOnlyAdmin, admin_url, link, short
from citations.formatting import count, percent_of, range_text
from citations.models import Citation, ClassChange, HubPin, HubSummary, HubTally, Merge, Paper
from citations.vocabulary import NONE, Polarity, Role, choices

_PAPER_LONG = ("paper__abstract", "paper__summary", "paper__field_sources")


@admin.register(HubSummary)
class HubSummaryAdmin(ReadOnlyAdmin):
    """One row a cited paper. Written anew whenever a label, a citation or a paper changes."""

    list_display = (
        "title",
        "hub_class",
        "computed_class",
        "known",
        "classified",
        "share_text",
        "confirmed_disputes",
        "updated_at",
    )
    list_filter = ("hub_class", "computed_class")
    search_fields = ("paper__title", "sort_title", "=paper__slug")
    search_help_text = "Words of the hub's title."
    ordering = ("-known", "-paper_id")
    actions = (actions.recount_hubs,)
    fields = (
        "paper",
        "hub_class",
        "computed_class",
        "class_since",
        "share_text",
        "known_link",
        "classified",
        "unclear",
        "assessed",
        "confirmed_disputes",
        "roles",
        "polarities",
        "representative_citations",
        "decisions",
        "rules_version",
        "updated_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the title of the paper."""
        return super().get_queryset(request).select_related("paper").defer(*_PAPER_LONG)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All of it."""
        return self.fields

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The hub's public page."""
        return obj.paper.get_hub_url() if obj is not None else None

    def title_of(self, row: Any) -> str:
        """The paper's title, and how many cite it."""
        return f"{short(row.paper.title)} ({count(row.known)})"

    @admin.display(description="hub", ordering="sort_title")
    def title(self, summary: HubSummary) -> str:
        """The cited paper."""
        return short(summary.paper.title)

    @admin.display(description="share", ordering="share")
    def share_text(self, summary: HubSummary) -> str:
        """The share that names the class, with its numbers and range."""
        if summary.share is None:
            return NOTHING
        numbers = f"{count(summary.numerator)} of {count(_denominator(summary))}"
        return f"{percent_of(summary.share)}, {numbers} ({range_text(summary.low, summary.high)})"

    @admin.display(description="citing papers known")
    def known_link(self, summary: HubSummary) -> SafeString:
        """How many, with a link to them."""
        return link(admin_url(Citation, "changelist", cited__id__exact=summary.pk, merged="0"), count(summary.known))

    @admin.display(description="roles")
    def roles(self, summary: HubSummary) -> SafeString | str:
        """Each role with its number, and a link to its list."""
        return _counted(summary, Role, "role", "Not classified")

    @admin.display(description="polarities")
    def polarities(self, summary: HubSummary) -> SafeString | str:
        """Each polarity with its number, and a link to its list."""
        return _counted(summary, Polarity, "polarity", "Not assessed")

    @admin.display(description="representatives")
    def representative_citations(self, summary: HubSummary) -> SafeString | str:
        """The citing papers shown on the hub's page, and why."""
        titles = dict(
            Citation.objects.filter(pk__in=[entry["citation"] for entry in summary.representatives])
            .order_by()
            .values_list("pk", "citing__title")
        )
        rows = [
            (
                admin_url(Citation, "change", entry["citation"]),
                short(titles.get(entry["citation"], "?"), 60),
                entry["why"],
                admin_url(HubPin, "add", hub=summary.pk, citation=entry["citation"]),
            )
            for entry in summary.representatives
        ]
        return format_html_join("; ", '<a href="{}">{}</a> ({}; <a href="{}">pin it</a>)', rows) or NOTHING

    @admin.display(description="decisions")
    def decisions(self, summary: HubSummary) -> SafeString:
        """Links to what people decided about the hub."""
        rows = [
            (admin_url(HubPin, "changelist", hub__id__exact=summary.pk), "Pins"),
            (admin_url(HubPin, "add", hub=summary.pk), "Pin a class or a representative"),
            (admin_url(ClassChange, "changelist", hub__id__exact=summary.pk), "Changes of class"),
            (f"{reverse('desk')}?{urlencode({'hub': summary.paper.slug})}", "Decide its citations at the desk"),
            (f"{admin_url(Paper, 'change', summary.pk)}#id_notice", "Notice: retracted, withdrawn, of concern"),
            (admin_url(Merge, "changelist", keep=summary.pk), "Merge with another paper"),
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', rows)


def _denominator(summary: HubSummary) -> int:
    """Of what `numerator` is a part: the classified, or, for a contested hub, those whose polarity is known."""
    return summary.assessed if summary.computed_class == "contested" else summary.classified


def _counted(summary: HubSummary, vocabulary: type[StrEnum], name: str, none_label: str) -> SafeString | str:
    """The numbers of one facet, each a link to its citations."""
    stored = summary.counts.get(name, {})
    words = [*choices(vocabulary), ("", none_label)]
    rows = [
        (
            label,
            admin_url(Citation, "changelist", cited__id__exact=summary.pk, merged="0", **{name: value or NONE}),
            count(stored[value]),
        )
        for value, label in words
        if stored.get(value)
    ]
    return format_html_join("; ", '{} <a href="{}">{}</a>', rows) or NOTHING


@admin.register(HubTally)
class HubTallyAdmin(ReadOnlyAdmin):
    """The counts of big hubs, cell by cell."""

    list_display = ("id", "hub_title", "role", "polarity", "role_by", "year", "is_self_citation", "retracted", "n")
    list_filter = ("is_self_citation", "retracted")
    search_fields = ("hub__title", "=role", "=polarity")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the title of the hub."""
        return _with_hub(super().get_queryset(request))

    @admin.display(description="hub")
    def hub_title(self, tally: HubTally) -> SafeString:
        """The cited paper."""
        return link(admin_url(HubSummary, "change", tally.hub_id), short(tally.hub.title, 60))


@admin.register(ClassChange)
class ClassChangeAdmin(ReadOnlyAdmin):
    """When and why hubs changed their class."""

    list_display = (
        "id",
        "created_at",
        "hub_title",
        "from_class",
        "to_class",
        "cause",
        "curator",
        "label",
        "import_run",
    )
    list_filter = ("to_class", "from_class")
    search_fields = ("hub__title", "cause", "=curator__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The hub's public page."""
        return obj.hub.get_hub_url() if obj is not None else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the title of the hub and what caused the change."""
        return _with_hub(super().get_queryset(request)).select_related("curator", "label", "import_run")

    @admin.display(description="hub", ordering="hub__sort_title")
    def hub_title(self, change: ClassChange) -> SafeString:
        """The cited paper."""
        return link(admin_url(HubSummary, "change", change.hub_id), short(change.hub.title, 60))


def _with_hub(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows that belong to a hub, with its title."""
    return rows.select_related("hub").defer("hub__abstract", "hub__summary", "hub__field_sources")
