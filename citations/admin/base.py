"""What the pages of the admin share: links, permissions, filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from citations.vocabulary import NONE, SOURCES, DecidedBy, choices, source_label

# Django's admin classes take type parameters for the type checker alone.
if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
    AnyTabularInline = admin.TabularInline[Any, Any]
    AnyModelForm = forms.ModelForm[Any]
    AnyInlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
    AnyPaginator = Paginator[Any]
else:
    AnyModelAdmin = admin.ModelAdmin
    AnyTabularInline = admin.TabularInline
    AnyModelForm = forms.ModelForm
    AnyInlineFormSet = forms.BaseInlineFormSet
    AnyPaginator = Paginator

# A screenful or two: each row of a list costs time to render, and search and filters are quicker than leafing.
ROWS_PER_PAGE = 50
# Rows that a list counts: more than anyone leafs through. Counting the millions of a whole table takes seconds.
ROWS_COUNTED = 10_000
# As much of a title as a row of a list has room for.
SHORT_TITLE = 90
# Shown where there is nothing to show.
NOTHING = "–"


def admin_url(model: type[models.Model], page: str, *arguments: Any, **parameters: Any) -> str:
    """The address of an admin page of `model`: `page` is "changelist", "add", "change" (which takes the id), ..."""
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=arguments)
    return f"{address}?{urlencode(parameters)}" if parameters else address


def link(address: str, words: object) -> SafeString:
    """A link; `words` are escaped."""
    return format_html('<a href="{}">{}</a>', address, words)


def short(words: str, length: int = SHORT_TITLE) -> str:
    """`words`, cut at `length` characters with an ellipsis."""
    return Truncator(words).chars(length)


def user_of(request: HttpRequest) -> User:
    """Who is signed in; the admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def is_list(request: HttpRequest) -> bool:
    """Whether a list is asked for (or the offers of an autocomplete), not the page of one row."""
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith(("_changelist", "autocomplete"))


def decision_text(
    word: str, vocabulary: type[StrEnum], decided_by: str, source: str = "", *, coarse: bool = False
) -> str:
    """What stands now and who decided it: "Baseline (imported from Semantic Scholar, coarse)"; a dash for nothing."""
    if not word:
        return NOTHING
    by = "a curator" if decided_by == DecidedBy.CURATOR else "imported"
    if decided_by == DecidedBy.IMPORT and source:
        by = f"imported from {source_label(source)}"
    return f"{word_label(word, vocabulary)} ({by}{', coarse' if coarse else ''})"


def word_label(word: str, vocabulary: type[StrEnum]) -> str:
    """The printed name of a stored value; a value outside the vocabulary is its own name, none is a dash."""
    return dict(choices(vocabulary)).get(word, word) or NOTHING


class LinesField(forms.CharField):
    """Text of several lines. Browsers send a line end as two characters: left so, every text would seem edited."""

    def to_python(self, value: Any) -> Any:
        """The text with line ends as the database keeps them."""
        words = super().to_python(value)
        return words.replace("\r\n", "\n").replace("\r", "\n") if isinstance(words, str) else words


class WebAddressField(forms.URLField):
    """An address that a reader may be sent to: of the web, and of nothing else."""

    default_validators = [URLValidator(schemes=("http", "https"))]
    default_error_messages = {"invalid": "Enter an address that begins with http:// or https://."}


class LabelledFormSet(AnyInlineFormSet):
    """Rows of fields whose names stand only at the head of their columns: each field says its own, too."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name each field, with the number of its row; the row that scripts copy has none."""
        super().add_fields(form, index)
        for field in form.fields.values():
            # Around the select of a related row stands a wrapper, which hands its attributes to nobody.
            widget = getattr(field.widget, "widget", field.widget)
            if not widget.is_hidden:
                words = str(field.label or "")
                widget.attrs["aria-label"] = words if index is None else f"{words} {index + 1}"


class BoundedPaginator(AnyPaginator):
    """Pages of the first rows of a list; `is_cut` says whether there are more than are counted."""

    is_cut = False

    @cached_property
    def count(self) -> int:
        """How many rows there are, up to `ROWS_COUNTED`."""
        rows: Any = self.object_list
        if not isinstance(rows, models.QuerySet):
            return len(rows)
        n = rows.order_by().values("pk")[: ROWS_COUNTED + 1].count()
        self.is_cut = n > ROWS_COUNTED
        return min(n, ROWS_COUNTED)


class BaseAdmin(AnyModelAdmin):
    """What every page has: short lists that count no more than they show, and text fields that keep their line ends."""

    list_per_page = ROWS_PER_PAGE
    paginator = BoundedPaginator
    # The second count, of the whole table, reads all of a table of millions; no one reads it.
    show_full_result_count = False
    # Counts beside each filter would count the whole list once for each.
    show_facets = admin.ShowFacets.NEVER
    formfield_overrides: ClassVar[Any] = {
        models.TextField: {"form_class": LinesField},
        models.URLField: {"form_class": WebAddressField, "assume_scheme": "https"},
    }
    # Tables whose rows go with a row of this one; that they cannot be deleted on their own is no reason to refuse.
    cascades: ClassVar[tuple[type[models.Model], ...]] = ()

    def title_of(self, row: Any) -> str:
        """What a row is called where an action asks whether it is meant."""
        return short(str(row))

    def has_label_permission(self, request: HttpRequest) -> bool:
        """Whether labels may be added: for actions."""
        return request.user.has_perm("citations.add_label")

    def has_recount_permission(self, request: HttpRequest) -> bool:
        """Whether hubs may be counted anew: for actions."""
        return request.user.has_perm("citations.change_hubsummary")

    def has_redact_permission(self, request: HttpRequest) -> bool:
        """Whether texts may be blanked: for actions."""
        return request.user.has_perm("citations.redact")

    def has_merge_permission(self, request: HttpRequest) -> bool:
        """Whether papers may be merged: for actions."""
        return request.user.has_perm("citations.add_merge")

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """As Django finds them; rows of `cascades` need no permission of their own.

        Where rows protect what is to be deleted the page names these: that is the reason, and no permission would help.
        """
        found, counts, needed, protected = super().get_deleted_objects(objs, request)
        lacking = set() if protected else needed - {model._meta.verbose_name for model in self.cascades}
        return found, counts, lacking, protected


class ReadOnlyAdmin(BaseAdmin):
    """A table that is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes rows by hand."""
        return False


class WordFilter(admin.SimpleListFilter):
    """Rows by a value of the vocabulary; `none` asks for those that have none."""

    words: ClassVar[Sequence[tuple[str, str]]]
    none_label: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The values, then what stands for none."""
        return [*self.words, *([(NONE, self.none_label)] if self.none_label else [])]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """The rows with the chosen value; one outside the list has no rows."""
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen not in {value for value, _ in self.lookup_choices}:
            return queryset.none()
        return queryset.filter(**{str(self.parameter_name): "" if chosen == NONE else chosen})


class SourceFilter(WordFilter):
    """Rows by where they come from. The names are those of the vocabulary: asking the table would read all of it."""

    title = "source"
    parameter_name = "source"
    words = tuple((source.name, source.label) for source in SOURCES.values())


class MergedFilter(admin.SimpleListFilter):
    """Rows that a merge of papers hid, or the others."""

    title = "merge"
    parameter_name = "merged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Visible or hidden."""
        return [("0", "Visible"), ("1", "Hidden by a merge")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Those that were asked for; a value outside the list has no rows."""
        conditions = {None: Q(), "0": Q(merged_into__isnull=True), "1": Q(merged_into__isnull=False)}
        return queryset.filter(conditions.get(self.value(), Q(pk__in=[])))
