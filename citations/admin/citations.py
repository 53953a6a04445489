"""Citations, their sentences and their ledgers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from citations import labelling, search, summaries
from citations.admin import actions
from citations.admin.base import (
    NOTHING,
    AnyModelForm,
    BaseAdmin,
    LinesField,
    MergedFilter,
    SourceFilter,
    WordFilter,
    admin_url,
    decision_text,
    is_list,
    link,
    short,
    user_of,
    word_label,
)
from citations.admin.ledger import labels_after, labels_of, ledger_rows, newest_label_id, statement_of
from citations.formatting import percent_of
from citations.models import Citation, HubSummary, Mention, Skip
from citations.summaries import Cause, Moves
from citations.vocabulary import CURATOR, NONE, DecidedBy, HubClass, Polarity, Role, choices, source_label

# What a curator may edit of a citation besides its labels.
FLAGS = ("is_influential", "is_self_citation")

# Long text of papers that no list shows.
LONG = ("abstract", "summary", "field_sources")


class RoleFilter(WordFilter):
    """Citations or labels by role."""

    title = "role"
    parameter_name = "role"
    words = choices(Role)
    none_label = "Not classified"


class PolarityFilter(WordFilter):
    """Citations or labels by polarity."""

    title = "polarity"
    parameter_name = "polarity"
    words = choices(Polarity)
    none_label = "Not assessed"


class RoleByFilter(WordFilter):
    """Citations by who decided their role."""

    title = "who decided the role"
    parameter_name = "role_by"
    words = ((DecidedBy.CURATOR.value, "Curator"), (DecidedBy.IMPORT.value, "Imported"))
    none_label = "Nobody"


class SuggestionFilter(admin.SimpleListFilter):
    """Citations by what a classifier suggests of them."""

    title = "suggestion"
    parameter_name = "suggestion"

    _CONDITIONS = {
        "open": ("Suggested, not classified", Q(role="") & ~Q(suggested_role="")),
        "differs": ("Differs from the role", ~Q(role="") & ~Q(suggested_role="") & ~Q(suggested_role=F("role"))),
        "agrees": ("Agrees with the role", ~Q(role="") & Q(suggested_role=F("role"))),
        NONE: ("None", Q(suggested_role="")),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """How a suggestion and the role may stand to each other."""
        return [(value, label) for value, (label, _) in self._CONDITIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The citations of which that is so; a value outside the list has none."""
        chosen = self.value()
        if chosen is None:
            return queryset
        return queryset.filter(self._CONDITIONS.get(chosen, ("", Q(pk__in=[])))[1])


# A citation -----------------------------------------------------------------------------------------------------------


def _choice(vocabulary: type[StrEnum], label: str) -> forms.TypedChoiceField:
    """A field that states a value of the vocabulary, or leaves what stands."""
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=[("", "Leave as it is"), *choices(vocabulary)],
        coerce=vocabulary,
        empty_value=None,
    )


class CitationForm(AnyModelForm):
    """A citation, and what the curator decides about it."""

    role = _choice(Role, "Decide role")
    polarity = _choice(Polarity, "Decide polarity")
    note = LinesField(
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        help_text="Why, for other curators and for readers. It stays in the ledger.",
    )
    # The newest label that the curator has seen.
    newest_label = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "newest_label" in self.fields:
            self.fields["newest_label"].initial = newest_label_id(self.instance) if self.instance.pk else 0
        for name in FLAGS:
            if name in self.fields and self.instance.pk:
                # What the curator saw, so that a flag that another changed meanwhile is not put back.
                self.fields[name].show_hidden_initial = True

    @property
    def decides(self) -> bool:
        """Whether a role or a polarity was chosen."""
        return bool(self.cleaned_data.get("role") or self.cleaned_data.get("polarity"))

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be a citation, a note on nothing, and a decision made on a ledger that has moved on."""
        super().clean()
        if self.cleaned_data.get("note") and not self.decides:
            self.add_error("note", "Choose a role or a polarity that this note explains, or empty the note.")
        if self.instance.pk is None:
            self._check_papers()
        elif self.decides:
            # From here to the end of the transaction nobody else can write to this ledger.
            summaries.lock_hubs([self.instance.cited_id])
            self._refuse_if_the_ledger_moved()
        return self.cleaned_data

    def _check_papers(self) -> None:
        """Both papers stand for themselves, and are two."""
        for name in ("citing", "cited"):
            paper = self.cleaned_data.get(name)
            if paper is not None and paper.merged_into_id is not None:
                self.add_error(name, f"This paper was merged into paper {paper.merged_into_id}: choose that one.")
        citing, cited = self.cleaned_data.get("citing"), self.cleaned_data.get("cited")
        if citing is not None and citing == cited:
            self.add_error("citing", "A paper cannot cite itself.")

    def _refuse_if_the_ledger_moved(self) -> None:
        """Show the form again, as it was filled in, when the citation got a label while the curator was reading."""
        seen = self.cleaned_data.get("newest_label") or 0
        if newest_label_id(self.instance) == seen:
            return
        added = labels_after(self.instance, seen)
        # The next attempt is made in knowledge of these.
        form_data: Any = self.data
        self.data = form_data = form_data.copy()
        form_data[self.add_prefix("newest_label")] = str(newest_label_id(self.instance))
        now = Citation.objects.get(pk=self.instance.pk)
        raise forms.ValidationError(
            "This citation changed while you were reading. Added since: %(added)s. Now the role is %(role)s and "
            "the polarity %(polarity)s. Nothing was saved: see the ledger below; save again if you decide so still.",
            params={
                "added": "; ".join(map(statement_of, added)) or "nothing that can be named",
                "role": word_label(now.role, Role) if now.role else "not classified",
                "polarity": word_label(now.polarity, Polarity) if now.polarity else "not assessed",
            },
            code="moved",
        )


@admin.register(Citation)
class CitationAdmin(BaseAdmin):
    """Citations: what stands, the ledger behind it, and the form by which a curator decides."""

    form = CitationForm
    list_display = (
        "id",
        "citing_title",
        "cited_title",
        "role_word",
        "polarity_word",
        "decided",
        "suggestion_now",
        "year",
    )
    list_display_links = ("id", "citing_title")
    list_filter = (
        RoleFilter,
        PolarityFilter,
        RoleByFilter,
        "confirmed",
        "coarse",
        SourceFilter,
        SuggestionFilter,
        "is_influential",
        "is_self_citation",
        "retracted",
        MergedFilter,
    )
    search_fields = ("citing__title", "citing__sort_title", "cited__title", "cited__sort_title", "cited__slug", "=id")
    search_help_text = "Words of the citing or cited paper's title, or the number of a citation."
    autocomplete_fields = ("citing", "cited")
    ordering = ("-id",)
    cascades = (Mention, Skip)
    actions = (
        actions.set_role,
        actions.confirm_imported,
        actions.set_self_citation,
        actions.export,
        actions.delete_unlabelled,
    )
    change_form_template = "admin/citations/citation/change_form.html"

    _NOW = ("role_now", "polarity_now", "suggestion_now", "confirmed", "mention_count", "hub_class_now", "merged_into")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With both papers, in a list without their long text."""
        citations = super().get_queryset(request).select_related("citing", "cited")
        if is_list(request):
            return citations.defer(*(f"{side}__{name}" for side in ("citing", "cited") for name in LONG))
        return citations

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's own way to delete, which reads all that was chosen into memory."""
        offered = super().get_actions(request)
        offered.pop("delete_selected", None)
        return offered

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Within a hub in the order of an index, the newest papers first; else as they were added."""
        return ("-sort_date", "-id") if _hub_of(request) else ("-id",)

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """Within a hub by any column; all citations of a collection would take too long to sort."""
        return tuple(self.list_display) if _hub_of(request) else ("id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Within a hub, full text: the words of citing papers and of their sentences. Else, words of titles."""
        hub = _hub_of(request)
        if hub and not search_term.strip().isdecimal():
            return search.citations(queryset, search.parse(search_term), hub), False
        return super().get_search_results(request, queryset, search_term)

    def title_of(self, row: Any) -> str:
        """Both papers."""
        return f"{row.pk}: {short(row.citing.title, 60)} → {short(row.cited.title, 40)}"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The model's own columns are named here, since the form's `role` and `polarity` are decisions, not columns."""
        papers = () if obj else ("citing", "cited")
        return super().get_form(request, obj, change=change, **{**kwargs, "fields": (*papers, *FLAGS)})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Between which papers it stands is fixed once it is there."""
        return ("citing", "cited", *self._NOW) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The papers; what stands now; the decision."""
        decides = (obj is None or self.has_change_permission(request, obj)) and self.has_label_permission(request)
        decision = ("role", "polarity", "note", "newest_label") if decides else ()
        return [
            (None, {"fields": ("citing", "cited", *FLAGS)}),
            *([("What stands now", {"fields": self._NOW})] if obj else []),
            *([("Your decision", {"fields": decision, "description": _DECISION_HELP})] if decision else []),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not for a citation that a merge hid: the one that stands for it is edited."""
        return super().has_change_permission(request, obj) and (obj is None or obj.merged_into_id is None)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Its place in the public list, where it has one."""
        return obj.get_absolute_url() if obj is not None and obj.merged_into_id is None else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the ledger and the mentions below the form."""
        citation = context.get("original")
        if citation is not None:
            context["ledger"] = ledger_rows(labels_of(citation))
            context["mentions"] = citation.mentions.order_by("order", "id")
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Citation, form: Any, change: bool) -> None:
        """Save what was edited, write the decision to the ledger, and say what came of it."""
        summaries.lock_hubs([obj.cited_id])
        before = _hub_class(obj.cited_id)
        if change:
            self._save_flags(request, obj, form)
        else:
            super().save_model(request, obj, form, change)
            summaries.paper_changed([obj.citing_id])
            summaries.recount([obj.cited_id], Cause("A curator added a citation.", user_of(request)))
        if form.decides and self.has_label_permission(request):
            stated = {name: form.cleaned_data.get(name) for name in ("role", "polarity")}
            labelling.decide(obj, user_of(request), **stated, note=form.cleaned_data.get("note", ""))
            _say_what_happened(request, obj, [word for word in stated.values() if word], before)

    def _save_flags(self, request: HttpRequest, obj: Citation, form: Any) -> None:
        """Write the flags that were changed and nothing else: the other columns may have moved since they were read."""
        flags = [name for name in FLAGS if name in form.changed_data]
        if flags:
            # The hub is held: what stands now stays.
            stored = Citation.objects.values_list("flag_sources", flat=True).get(pk=obj.pk)
            obj.flag_sources = {**stored, **dict.fromkeys(flags, CURATOR)}
            moves = Moves()
            with moves.noted([obj.pk]):
                obj.save(update_fields=[*flags, "flag_sources"])
            summaries.recount([obj.cited_id], Cause("A curator edited a citation.", user_of(request)), moves)

    def delete_model(self, request: HttpRequest, obj: Citation) -> None:
        """Delete a citation that carries no label (others are protected), and count its hub again."""
        self.delete_queryset(request, Citation.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """The same for several; Django opens no transaction around actions on a list."""
        with transaction.atomic():
            hubs = set(queryset.order_by().values_list("cited_id", flat=True))
            summaries.lock_hubs(hubs)
            super().delete_queryset(request, queryset)
            summaries.recount(hubs, Cause("A curator deleted a citation that carried no label.", user_of(request)))

    @admin.display(description="citing paper", ordering="sort_title")
    def citing_title(self, citation: Citation) -> str:
        """What the row is known by."""
        return short(citation.citing.title)

    @admin.display(description="cited paper", ordering="cited__sort_title")
    def cited_title(self, citation: Citation) -> SafeString:
        """The short name of the hub, with a link to its other citations."""
        name = short(citation.cited.title.partition(":")[0], 30)
        return link(admin_url(Citation, "changelist", cited__id__exact=citation.cited_id), name)

    @admin.display(description="role", ordering="role")
    def role_word(self, citation: Citation) -> str:
        """The role that stands."""
        return word_label(citation.role, Role)

    @admin.display(description="polarity", ordering="polarity")
    def polarity_word(self, citation: Citation) -> str:
        """The polarity that stands."""
        return word_label(citation.polarity, Polarity)

    @admin.display(description="decided by", ordering="source")
    def decided(self, citation: Citation) -> str:
        """The source of what stands."""
        return source_label(citation.source) or NOTHING

    @admin.display(description="role")
    def role_now(self, citation: Citation) -> str:
        """The role that stands, and who decided it."""
        return decision_text(citation.role, Role, citation.role_by, citation.source, coarse=citation.coarse)

    @admin.display(description="polarity")
    def polarity_now(self, citation: Citation) -> str:
        """The polarity that stands, and who decided it."""
        return decision_text(citation.polarity, Polarity, citation.polarity_by, citation.polarity_source)

    @admin.display(description="suggested", ordering="suggested_confidence")
    def suggestion_now(self, citation: Citation) -> str:
        """What a classifier suggests, and how sure it is."""
        if not citation.suggested_role:
            return NOTHING
        return f"{word_label(citation.suggested_role, Role)} ({percent_of(citation.suggested_confidence)})"

    @admin.display(description="class of the cited paper")
    def hub_class_now(self, citation: Citation) -> SafeString | str:
        """The class that readers see, with a link to its summary."""
        shown = _hub_class(citation.cited_id)
        return link(admin_url(HubSummary, "change", citation.cited_id), _class_label(shown)) if shown else NOTHING


def _hub_of(request: HttpRequest) -> int:
    """The paper whose citations alone are listed; 0 for none."""
    asked = request.GET.get("cited__id__exact", "")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else 0


_DECISION_HELP = (
    "A choice here adds a label of yours to the ledger. It counts above all imported labels; nothing is overwritten, "
    "and leaving both as they are writes nothing."
)


def _hub_class(paper_id: int) -> str:
    """The class that readers see of a paper; empty where it has no summary."""
    return HubSummary.objects.filter(pk=paper_id).values_list("hub_class", flat=True).first() or ""


def _class_label(hub_class: str) -> str:
    return word_label(hub_class, HubClass)


def _say_what_happened(request: HttpRequest, citation: Citation, stated: list[Any], before: str) -> None:
    """Tell the curator what was recorded and what it did to the hub."""
    after = _hub_class(citation.cited_id)
    hub = f"“{short(citation.cited.title, 60)}”"
    outcome = (
        f"{hub} is {_class_label(after)} as before"
        if after == before
        else (f"{hub} is now {_class_label(after)}; it was {_class_label(before)}")
    )
    words = " and ".join(word.label for word in stated)
    messages.success(request, f"Recorded as your decision: {words}. {outcome}.")
