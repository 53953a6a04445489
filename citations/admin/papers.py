"""Papers and what is known of them. What a curator edits here, no import overwrites."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from citations import identifiers, search, summaries, text
from citations.admin import actions
from citations.admin.authors import AuthorshipInline, hubs_of, save_authorships
from citations.admin.base import (
    NOTHING,
    AnyModelForm,
    AnyTabularInline,
    BaseAdmin,
    LabelledFormSet,
    MergedFilter,
    ReadOnlyAdmin,
    SourceFilter,
    admin_url,
    is_list,
    link,
    short,
    user_of,
    word_label,
)
from citations.admin.merges import merge_chosen
from citations.curation.redaction import Redactable
from citations.formatting import count
from citations.identifiers import BadIdentifier, Scheme
from citations.models import (
    Authorship,
    Citation,
    CitedByCount,
    HubSummary,
    HubTally,
    Identifier,
    Paper,
    Venue,
)
from citations.models.papers import YEAR_MAX, YEAR_MIN
from citations.summaries import Cause
from citations.vocabulary import CURATOR, Role, source_label

# The facts that several sources may state, so that it matters who did (`Paper.field_sources`).
SOURCED_FIELDS = ("title", "abstract", "summary", "year", "published_on", "venue", "kind", "notice", "url")
# Each author is a row of form fields, and Django refuses forms of more than a thousand fields.
AUTHORS_ON_THE_PAGE = 100
# Citations that are named on the page of a paper, each way; the rest is a click away.
CITATIONS_NAMED = 10


# Identifiers ----------------------------------------------------------------------------------------------------------


class IdentifierForm(AnyModelForm):
    """An identifier as a person types it, brought to its normal form."""

    def clean(self) -> dict[str, Any]:
        """Normalise the value by its scheme; refuse one that is none, or that names another paper."""
        super().clean()
        scheme, raw = self.cleaned_data.get("scheme"), self.cleaned_data.get("value")
        if scheme and raw and self.has_changed():
            self._normalise(Scheme(scheme), raw)
        return self.cleaned_data

    def _normalise(self, scheme: Scheme, raw: str) -> None:
        try:
            value = identifiers.normalise(scheme, raw).value
        except BadIdentifier as error:
            self.add_error("value", str(error))
            return
        self.cleaned_data["value"] = value
        taken = Identifier.objects.filter(scheme=scheme, value=value).exclude(pk=self.instance.pk)
        other = taken.select_related("paper").first()
        if other is not None:
            self.add_error(
                "value", f"{other} names another paper already: {other.paper_id}, “{short(other.paper.title)}”."
            )


class IdentifierInline(AnyTabularInline):
    """The identifiers on the page of their paper."""

    model = Identifier
    form = IdentifierForm
    formset = LabelledFormSet
    extra = 0
    fields = ("scheme", "value", "source")
    readonly_fields = ("source",)


@admin.register(Identifier)
class IdentifierAdmin(BaseAdmin):
    """All identifiers, to look one up or to move it to another paper."""

    form = IdentifierForm
    list_display = ("id", "scheme", "value", "paper_title", "source")
    list_display_links = ("id", "value")
    list_filter = ("scheme", SourceFilter)
    search_fields = ("=value", "value", "paper__title")
    search_help_text = "An identifier, part of one, or words of the paper's title."
    autocomplete_fields = ("paper",)
    readonly_fields = ("source",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the title of the paper."""
        return _with_paper(super().get_queryset(request))

    def save_model(self, request: HttpRequest, obj: Identifier, form: Any, change: bool) -> None:
        """What a curator states has a curator as its source."""
        obj.source = CURATOR
        super().save_model(request, obj, form, change)

    @admin.display(description="paper", ordering="paper__sort_title")
    def paper_title(self, identifier: Identifier) -> SafeString:
        """What it names."""
        return _paper_link(identifier.paper)


# Papers ---------------------------------------------------------------------------------------------------------------


class PaperForm(AnyModelForm):
    """The facts of a paper.

    Each field carries what it showed at first, so that a form that stood open while an import ran changes only what the
    curator touched, and does not put the rest back.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SOURCED_FIELDS:
            if name in self.fields and self.instance.pk:
                self.fields[name].show_hidden_initial = True
        if "url" in self.fields:
            self.fields["url"].label = "Web address"
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields[
                "slug"
            ].help_text = "Part of its address, never changed. Leave it empty to have it made from the title."

    def clean_title(self) -> str:
        """On one line."""
        return " ".join(str(self.cleaned_data["title"]).split())

    def clean_year(self) -> int | None:
        """A year that a work may have."""
        year: int | None = self.cleaned_data["year"]
        if year is not None and not YEAR_MIN <= year <= YEAR_MAX:
            raise forms.ValidationError(f"{year} is not the year of a work: give one from {YEAR_MIN} to {YEAR_MAX}.")
        return year

    def clean(self) -> dict[str, Any]:
        """Make the slug of a new paper where none was typed."""
        super().clean()
        title = self.cleaned_data.get("title")
        if "slug" in self.fields and title and "slug" not in self.errors and not self.cleaned_data.get("slug"):
            slug = free_slug(title, self.cleaned_data.get("year"))
            if not slug:
                self.add_error(
                    "slug", "No address can be made from this title: type one, of Latin letters, digits and hyphens."
                )
            self.cleaned_data["slug"] = slug
        return self.cleaned_data


def free_slug(title: str, year: int | None) -> str:
    """The slug for a new paper: its title's, with the year or a number where taken; "" for a title without letters.

    The order is that of DESIGN section 4.
    """
    length = Paper._meta.get_field("slug").max_length or 0
    plain = text.slugify(title)
    if not plain:
        return ""
    # Room for the longest ending: a hyphen, a year, or a number of as many digits.
    stem = plain[: length - 5].rstrip("-")
    candidates = [plain, *([f"{stem}-{year}"] if year else [])]
    taken = set(Paper.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    number = 2
    while candidates[0] in taken:
        candidates.pop(0)
        if not candidates:
            candidates.append(f"{stem}-{number}")
            number += 1
    return candidates[0]


class CitedByCountInline(AnyTabularInline):
    """Worldwide counts, as the sources state them."""

    model = CitedByCount
    extra = 0
    can_delete = False
    fields = ("source", "count", "as_of")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Counts come from sources."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Counts come from sources."""
        return False


def _named(citations: QuerySet[Citation], title: str) -> SafeString | str:
    """The first few of these citations, each a link with the title of the paper at its other end and the role."""
    rows = citations.values_list("pk", title, "role")[:CITATIONS_NAMED]
    lines = [(admin_url(Citation, "change", pk), short(words), word_label(role, Role)) for pk, words, role in rows]
    return format_html_join(SafeString("<br>"), '<a href="{}">{}</a> ({})', lines) or NOTHING


@admin.register(Paper)
class PaperAdmin(BaseAdmin):
    """Papers: their facts, identifiers and authors."""

    form = PaperForm
    inlines = (IdentifierInline, AuthorshipInline, CitedByCountInline)
    list_display = (
        "id",
        "title_start",
        "year",
        "venue",
        "kind",
        "notice",
        "cited_by_count",
        "known_citing",
        "hub_class",
    )
    list_display_links = ("id", "title_start")
    list_filter = ("notice", "kind", MergedFilter)
    list_select_related = ("venue", "hub")
    search_fields = ("title", "sort_title", "=slug")
    search_help_text = "Words of the title, or an identifier in any usual form: a DOI, arXiv:2304.01373, a PMID, ..."
    autocomplete_fields = ("venue",)
    ordering = ("-id",)
    cascades = (Identifier, Authorship, CitedByCount, HubSummary, HubTally)
    actions = (merge_chosen, actions.recount_hubs, actions.redaction(Redactable.ABSTRACT, "paper"))

    _DERIVED = (
        "field_sources_list",
        "cited_by_count",
        "known_citing",
        "newest_citing",
        "makes",
        "cited_papers",
        "hub_class",
        "merged_into",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """In a list without the long columns of papers and summaries."""
        papers = super().get_queryset(request)
        if is_list(request):
            return papers.defer("abstract", "summary", "field_sources", "hub__counts", "hub__representatives")
        return papers.select_related("venue", "hub")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The paper that carries the identifier, where one was typed; else those with the words in their titles."""
        try:
            value = identifiers.parse(search_term)
        except BadIdentifier:
            return self._with_words(request, queryset, search_term)
        named = queryset.filter(identifiers__scheme=value.scheme, identifiers__value=value.value)
        return (named, False) if named.exists() else self._with_words(request, queryset, search_term)

    def _with_words(self, request: HttpRequest, queryset: QuerySet[Any], words: str) -> tuple[QuerySet[Any], bool]:
        """Papers with these words in their titles. The index of full text narrows them, where it has them all."""
        last = words.split()[-1] if words.split() else ""
        query = search.parse(f"{words}*" if len(last) >= search.SHORTEST_BEGINNING and last.isalnum() else words)
        if query.wanted and request.GET.get("merged") != "1":
            narrowed = queryset.filter(pk__in=search.papers(query).order_by().values("pk"))
            found, several = super().get_search_results(request, narrowed, words)
            if found.exists():
                return found, several
        return super().get_search_results(request, queryset, words)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug is part of published addresses, so it stays; the rest is derived."""
        if obj is None:
            return ()
        return ("slug", *self._DERIVED, *(() if self._authors_fit(obj) else ("authors",)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The facts; what follows from them."""
        facts = ("title", "slug", "summary", "abstract", "year", "published_on", "venue", "kind", "notice", "url")
        authors = () if obj is None or self._authors_fit(obj) else ("authors",)
        derived = [("Where it stands", {"fields": self._DERIVED})] if obj else []
        return [(None, {"fields": (*facts, *authors)}), *derived]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Authors are edited here while a form can hold them."""
        fits = obj is None or self._authors_fit(obj)
        return [inline for inline in self.inlines if fits or inline is not AuthorshipInline]

    def _authors_fit(self, paper: Paper) -> bool:
        return _number_of_authors(paper) <= AUTHORS_ON_THE_PAGE

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Titles are long: they get lines, not a line."""
        if db_field.name == "title":
            kwargs["widget"] = AdminTextareaWidget(attrs={"rows": 2})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not for a paper that was merged into another: the survivor is edited."""
        return super().has_change_permission(request, obj) and (obj is None or obj.merged_into_id is None)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Its own public page."""
        return obj.get_absolute_url() if obj is not None else None

    def save_model(self, request: HttpRequest, obj: Paper, form: Any, change: bool) -> None:
        """Save what was edited, and remember that a curator did."""
        if not change:
            obj.field_sources = {name: CURATOR for name in SOURCED_FIELDS if getattr(obj, name) not in (None, "")}
            super().save_model(request, obj, form, change)
            return
        touched = [name for name in SOURCED_FIELDS if name in form.changed_data]
        if touched:
            summaries.lock_hubs(hubs_of(obj.pk))
            obj.field_sources = _stored_sources(obj.pk) | dict.fromkeys(touched, CURATOR)
            obj.save(update_fields=[*touched, "field_sources"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Identifiers get their source; authors may change places."""
        if formset.model is Identifier:
            for row in formset.forms:
                if row.has_changed():
                    row.instance.source = CURATOR
        if formset.model is Authorship:
            save_authorships(formset)
            return
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Bring what is derived from the paper up to date, in the same transaction."""
        super().save_related(request, form, formsets, change)
        if not change or set(form.changed_data) & set(SOURCED_FIELDS):
            hubs = summaries.paper_changed([form.instance.pk])
            summaries.recount(hubs, Cause("A curator edited a paper.", user_of(request)))

    @admin.display(description="title", ordering="sort_title")
    def title_start(self, paper: Paper) -> str:
        """The beginning of the title."""
        return short(paper.title)

    @admin.display(description="citing papers known", ordering="hub__known")
    def known_citing(self, paper: Paper) -> SafeString | str:
        """How many papers of the collection cite it, with a link to them."""
        hub = getattr(paper, "hub", None)
        if hub is None or not hub.known:
            return NOTHING
        return link(admin_url(Citation, "changelist", cited__id__exact=paper.pk, merged="0"), count(hub.known))

    @admin.display(description="the newest that cite it")
    def newest_citing(self, paper: Paper) -> SafeString | str:
        """The first few, each with its role, in the order of the list."""
        return _named(Citation.objects.of_hub(paper.pk).order_by("-sort_date", "-id"), "citing__title")

    @admin.display(description="papers known that it cites")
    def makes(self, paper: Paper) -> SafeString | str:
        """How many papers of the collection it cites, with a link to them."""
        number = Citation.objects.by_paper(paper.pk).count()
        address = admin_url(Citation, "changelist", citing__id__exact=paper.pk, merged="0")
        return link(address, count(number)) if number else NOTHING

    @admin.display(description="the first that it cites")
    def cited_papers(self, paper: Paper) -> SafeString | str:
        """The first few by title, each with its role."""
        return _named(Citation.objects.by_paper(paper.pk).order_by("cited__sort_title", "pk"), "cited__title")

    @admin.display(description="class")
    def hub_class(self, paper: Paper) -> SafeString | str:
        """The class that readers see, with a link to its summary."""
        hub = getattr(paper, "hub", None)
        if hub is None or not hub.known:
            return NOTHING
        return link(admin_url(HubSummary, "change", paper.pk), hub.get_hub_class_display())

    @admin.display(description="sources of the fields")
    def field_sources_list(self, paper: Paper) -> SafeString | str:
        """Which source stated which field."""
        rows = [(name, source_label(str(source))) for name, source in sorted(paper.field_sources.items())]
        return format_html_join("; ", "{}: {}", rows) or NOTHING

    @admin.display(description="authors")
    def authors(self, paper: Paper) -> SafeString:
        """A link to the authors, where they are too many for the page."""
        words = f"{count(_number_of_authors(paper))} authors: edit them in their own list"
        return link(admin_url(Authorship, "changelist", paper__id__exact=paper.pk), words)


def _number_of_authors(paper: Paper) -> int:
    """How many authors a paper has, asked once a page."""
    known: int | None = paper.__dict__.get("_number_of_authors")
    if known is None:
        known = paper.__dict__["_number_of_authors"] = paper.authorships.count()
    return known


def _stored_sources(paper_id: int) -> dict[str, str]:
    """The sources of the fields as they are now, held until the transaction ends."""
    return dict(Paper.objects.select_for_update().values_list("field_sources", flat=True).get(pk=paper_id))


def _with_paper(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows that belong to a paper, with its title."""
    return rows.select_related("paper").defer("paper__abstract", "paper__summary", "paper__field_sources")


def _paper_link(paper: Paper) -> SafeString:
    return link(admin_url(Paper, "change", paper.pk), short(paper.title))


# What belongs to papers -----------------------------------------------------------------------------------------------


@admin.register(CitedByCount)
class CitedByCountAdmin(ReadOnlyAdmin):
    """Worldwide counts. They come from sources."""

    list_display = ("id", "paper_title", "source", "count", "as_of")
    list_filter = (SourceFilter,)
    search_fields = ("paper__title", "paper__sort_title")
    ordering = ("-as_of", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the title of the paper."""
        return _with_paper(super().get_queryset(request))

    @admin.display(description="paper", ordering="paper__sort_title")
    def paper_title(self, row: CitedByCount) -> SafeString:
        """What is cited so often."""
        return _paper_link(row.paper)


@admin.register(Venue)
class VenueAdmin(BaseAdmin):
    """Journals, conferences and series."""

    list_display = ("id", "name", "slug")
    list_display_links = ("id", "name")
    search_fields = ("name", "slug")
    ordering = ("name", "id")
    prepopulated_fields: ClassVar[Any] = {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug is part of published addresses, so it stays."""
        return ("slug", "papers") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """For a new venue alone."""
        return {} if obj else self.prepopulated_fields

    def save_model(self, request: HttpRequest, obj: Venue, form: Any, change: bool) -> None:
        """Summaries of hubs print venues by name: count those again that name this one."""
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            hubs = Citation.objects.filter(venue=obj).order_by().values_list("cited_id", flat=True).distinct()
            summaries.recount(hubs, Cause("A curator renamed a venue.", user_of(request)))

    @admin.display(description="papers")
    def papers(self, venue: Venue) -> SafeString:
        """A link to what it published."""
        return link(admin_url(Paper, "changelist", venue__id__exact=venue.pk), "Papers of this venue")
