"""Authors, and their places on papers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from citations import summaries
from citations.admin.base import (
    AnyModelForm,
    AnyTabularInline,
    BaseAdmin,
    LabelledFormSet,
    admin_url,
    link,
    short,
)
from citations.models import Author, Authorship, Citation, HubSummary, Paper
from citations.vocabulary import CURATOR

# Positions are moved here while authors change places, since no two may share one even for a moment.
_PARKED = 10_000
# So that a parked position fits its column (32,767): the longest author lists known have about 5,000 names.
LAST_POSITION = _PARKED - 1

_AUTHORS_CHANGED = "The authors changed while you were reading. Nothing was saved: open the page again."

_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", re.ASCII)


class AuthorForm(AnyModelForm):
    """An author."""

    def clean_orcid(self) -> str:
        """An ORCID iD in its printed form, also when its address was given."""
        orcid = str(self.cleaned_data["orcid"]).strip().upper().removeprefix("HTTPS://ORCID.ORG/")
        if orcid and not _ORCID.fullmatch(orcid):
            raise forms.ValidationError(f"“{orcid}” is not an ORCID iD: it looks like 0000-0002-1825-0097.")
        return orcid


@admin.register(Author)
class AuthorAdmin(BaseAdmin):
    """Those who write papers."""

    form = AuthorForm
    list_display = ("id", "name", "key", "orcid")
    list_display_links = ("id", "name")
    search_fields = ("name", "key", "=orcid")
    search_help_text = "A name, a key or an ORCID iD."
    ordering = ("name", "id")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Room for the address of an ORCID iD, which is cut to the iD."""
        if db_field.name == "orcid":
            kwargs["max_length"] = 60
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The key tells authors apart in every import, so it stays."""
        return ("key", "papers") if obj else ()

    @admin.display(description="papers")
    def papers(self, author: Author) -> SafeString:
        """A link to the list of what they wrote."""
        return link(admin_url(Authorship, "changelist", author__id__exact=author.pk), "Papers of this author")


# On the page of a paper -----------------------------------------------------------------------------------------------


class KnownAutocompleteSelect(AutocompleteSelect):
    """An autocomplete that is told the name of what is chosen: asked for row by row, each would cost a query."""

    known: tuple[str, str] | None = None

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """The one option that is chosen, without asking the database where its name is known."""
        if self.known is not None and [str(chosen) for chosen in value] == [self.known[0]]:
            return [(None, [self.create_option(name, self.known[0], self.known[1], True, 0)], 0)]
        return super().optgroups(name, value, attrs)


class AuthorshipForm(AnyModelForm):
    """One author of the paper."""

    def _get_validation_exclusions(self) -> set[str]:
        """Two authors may change places in one go: the formset looks at all positions together."""
        return {*super()._get_validation_exclusions(), "position"}  # type: ignore[misc]

    def clean_position(self) -> int:
        """A place from 0 on."""
        position = int(self.cleaned_data["position"])
        if position > LAST_POSITION:
            raise forms.ValidationError(f"{position} is too high: the last position is {LAST_POSITION}.")
        return position


class AuthorshipFormSet(LabelledFormSet):
    """All authors of the paper."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Tell each autocomplete the name that it shows."""
        super().add_fields(form, index)
        field = form.fields.get("author")
        if field is not None and form.instance.pk:
            author = form.instance.author
            getattr(field.widget, "widget", field.widget).known = (str(author.pk), str(author))

    def clean(self) -> None:
        """No two authors at one position, and none on a list that has become another.

        From here to the end of the transaction nobody else can write to the authors of this paper.
        """
        super().clean()
        if self.instance.pk and self.has_changed():
            summaries.lock_hubs(hubs_of(self.instance.pk))
            _lock_papers([self.instance.pk])
            self._refuse_if_the_authors_changed()
        kept = [form for form in self.forms if form not in self.deleted_forms]
        positions = Counter(
            form.cleaned_data["position"] for form in kept if "position" in getattr(form, "cleaned_data", {})
        )
        shared = sorted(position for position, n in positions.items() if n > 1)
        if shared:
            raise forms.ValidationError(
                f"Each position is for one author: {', '.join(map(str, shared))} is given to several."
            )

    def _refuse_if_the_authors_changed(self) -> None:
        """An import or another curator may have replaced them after they were read for this form."""
        read = {
            (form.instance.pk, *(form.initial.get(name) for name in ("position", "name", "author")))
            for form in self.initial_forms
        }
        stored = Authorship.objects.filter(paper_id=self.instance.pk).order_by()
        if read != set(stored.values_list("pk", "position", "name", "author_id")):
            raise forms.ValidationError(_AUTHORS_CHANGED)


class AuthorshipInline(AnyTabularInline):
    """The authors on the page of their paper."""

    model = Authorship
    form = AuthorshipForm
    formset = AuthorshipFormSet
    extra = 0
    fields = ("position", "name", "author")
    autocomplete_fields = ("author",)
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the names of the authors."""
        return super().get_queryset(request).select_related("author")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The autocomplete that can be told a name."""
        if db_field.name == "author":
            kwargs["widget"] = KnownAutocompleteSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def save_authorships(formset: Any) -> None:
    """Save the authors of one paper, whatever places they change, and remember that a curator did."""
    changed = formset.save(commit=False)
    for authorship in formset.deleted_objects:
        authorship.delete()
    moving = [authorship.pk for authorship in changed if authorship.pk]
    Authorship.objects.filter(pk__in=moving).update(position=F("position") + _PARKED)
    for authorship in changed:
        authorship.save()
    formset.save_m2m()
    if formset.has_changed():
        authors_by_curator([formset.instance.pk])


def hubs_of(paper_id: int) -> set[int]:
    """The hubs that an edit of a paper concerns: what it cites, and itself where it is one."""
    cited = Citation.objects.filter(citing_id=paper_id).order_by().values_list("cited_id", flat=True)
    return set(cited) | set(HubSummary.objects.filter(pk=paper_id).values_list("pk", flat=True))


def _lock_papers(paper_ids: Iterable[int]) -> list[Paper]:
    """Hold papers, lowest id first, before their authors are touched, as imports do; hubs are held before papers."""
    return list(Paper.objects.select_for_update().filter(pk__in=set(paper_ids)).order_by("pk"))


def authors_by_curator(paper_ids: Iterable[int]) -> None:
    """Remember that a curator set the authors of these papers."""
    for paper in _lock_papers(paper_ids):
        paper.field_sources = {**paper.field_sources, "authors": CURATOR}
        paper.save(update_fields=["field_sources"])


class PlaceForm(AuthorshipForm):
    """One place of an author on a paper, on a page of its own."""

    def clean(self) -> dict[str, Any]:
        """Hold the paper, and refuse what was replaced meanwhile, and a position that another author has."""
        super().clean()
        paper = self.cleaned_data.get("paper")
        paper_id = paper.pk if paper is not None else self.instance.paper_id
        if paper_id is not None:
            _lock_papers([paper_id])
        if self.instance.pk and not Authorship.objects.filter(pk=self.instance.pk).exists():
            raise forms.ValidationError(_AUTHORS_CHANGED)
        if paper_id is not None and "position" in self.cleaned_data:
            self._refuse_a_taken_position(paper_id, self.cleaned_data["position"])
        return self.cleaned_data

    def _refuse_a_taken_position(self, paper_id: int, position: int) -> None:
        others = Authorship.objects.filter(paper_id=paper_id, position=position).exclude(pk=self.instance.pk)
        other = others.values_list("name", flat=True).first()
        if other is not None:
            self.add_error("position", f"{other} has position {position} on this paper: each is for one author.")


@admin.register(Authorship)
class AuthorshipAdmin(BaseAdmin):
    """All places of authors on papers: for papers with too many authors for their page."""

    form = PlaceForm
    list_display = ("id", "name", "position", "paper_title", "author")
    list_display_links = ("id", "name")
    search_fields = ("name", "author__name", "=author__key", "paper__title")
    search_help_text = "A name as printed, an author, or words of the paper's title."
    autocomplete_fields = ("paper", "author")
    ordering = ("-paper_id", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the author and the title of the paper."""
        rows = super().get_queryset(request).select_related("paper", "author")
        return rows.defer("paper__abstract", "paper__summary", "paper__field_sources")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Whose paper it is does not change: add the author to the other one."""
        return ("paper",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Authorship, form: Any, change: bool) -> None:
        """Save it, and remember that a curator did."""
        super().save_model(request, obj, form, change)
        authors_by_curator([obj.paper_id])

    def delete_model(self, request: HttpRequest, obj: Authorship) -> None:
        """Delete it, and remember that a curator did."""
        self.delete_queryset(request, Authorship.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The same for several; Django opens no transaction around actions on a list."""
        with transaction.atomic():
            papers = set(queryset.order_by().values_list("paper_id", flat=True))
            _lock_papers(papers)
            super().delete_queryset(request, queryset)
            authors_by_curator(papers)

    @admin.display(description="paper", ordering="paper__sort_title")
    def paper_title(self, authorship: Authorship) -> SafeString:
        """What they wrote."""
        return link(admin_url(Paper, "change", authorship.paper_id), short(authorship.paper.title))
