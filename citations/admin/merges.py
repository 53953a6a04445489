"""Merging papers: choose two, read what would become of them, confirm; and the record of what was merged."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse

from citations import charts, identifiers
from citations.admin.base import ReadOnlyAdmin, admin_url, short, user_of
from citations.curation import merge_plan, merging
from citations.curation.merge_plan import Collision, Plan
from citations.curation.merging import MergeError
from citations.hub_class import HubCounts, classify_hub
from citations.identifiers import BadIdentifier
from citations.labels import Effective
from citations.models import Citation, HubPin, HubSummary, Merge, Paper
from citations.vocabulary import DecidedBy, Polarity, Role

MERGE = "citations.add_merge"
# Collisions that read differently, on the page: a screen or two. All of them count in what readers will see.
CHANGES_SHOWN = 50
_FIELD_LABELS = {"published_on": "Published on", "url": "Web address"}


class ChooseForm(forms.Form):
    """Which two. Each may be looked for as one types, or named by an identifier, a slug or a number."""

    keep = forms.ModelChoiceField(Paper.objects.all(), required=False)
    keep_name = forms.CharField(required=False, max_length=500, label="or named")
    fold = forms.ModelChoiceField(Paper.objects.all(), required=False, label="Fold in")
    fold_name = forms.CharField(required=False, max_length=500, label="or named")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, column in (("keep", "survivor"), ("fold", "loser")):
            field: Any = self.fields[name]
            field.widget = AutocompleteSelect(Merge._meta.get_field(column), admin.site)
            field.widget.choices = field.choices
            text = self.fields[f"{name}_name"]
            text.widget.attrs |= {"aria-label": f"{field.label or name.title()}, named", "size": 40}
            text.help_text = (
                "A DOI, arXiv:2304.01373 or another identifier, the last part of its address, or its number."
            )

    def clean(self) -> dict[str, Any]:
        """The two papers as `keep` and `fold`; what was typed goes before what was chosen."""
        super().clean()
        for name in ("keep", "fold"):
            typed = self.cleaned_data.get(f"{name}_name", "").strip()
            if typed:
                self.cleaned_data[name] = find_paper(typed)
                if self.cleaned_data[name] is None:
                    self.add_error(f"{name}_name", f"No paper here is called “{typed}”.")
            elif self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, "Choose a paper.")
        return self.cleaned_data


def find_paper(name: str) -> Paper | None:
    """A paper by its slug, its number or any of its identifiers, merged ones too; None for none."""
    by_slug = Paper.objects.filter(slug=name).first()
    if by_slug is not None:
        return by_slug
    if name.isdecimal() and len(name) < 19:
        return Paper.objects.filter(pk=int(name)).first()
    try:
        value = identifiers.parse(name)
    except BadIdentifier:
        return None
    for known in (value, *identifiers.equivalents(value)):
        found = Paper.objects.filter(identifiers__scheme=known.scheme, identifiers__value=known.value).first()
        if found is not None:
            return found
    return None


class ConfirmForm(forms.Form):
    """That they are one work, and why. `seen` is the plan that was read."""

    reason = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="Shown in the public history."
    )
    sure = forms.BooleanField(label="I have looked at both papers: they are one work")
    warnings_read = forms.BooleanField(label="I have read what speaks against it")
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not plan.warnings:
            del self.fields["warnings_read"]
        self.initial["seen"] = plan.fingerprint


@admin.action(description="Merge two chosen …", permissions=["merge"])
def merge_chosen(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
    """To the page that merges; the one that more papers cite is suggested to stay."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:3])
    if len(ids) != 2:
        messages.error(request, "Choose two papers to merge, no more and no fewer.")
        return None
    known = dict(HubSummary.objects.filter(pk__in=ids).values_list("pk", "known"))
    keep, fold = sorted(ids, key=lambda pk: (-known.get(pk, 0), pk))
    return HttpResponseRedirect(admin_url(Merge, "changelist", keep=keep, fold=fold))


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Papers that turned out to be one, and the page that merges two. A merge moves and hides many rows."""

    list_display = ("id", "created_at", "loser_title", "survivor_title", "curator", "reason")
    list_select_related = ("survivor", "loser", "curator")
    search_fields = ("survivor__title", "loser__title", "reason", "=curator__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    change_list_template = "admin/citations/merge/change_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The record with the form that chooses two; the plan, where two are named."""
        if any(name in request.GET for name in ("keep", "fold", "keep_name", "fold_name")):
            if not user_of(request).has_perm(MERGE):
                raise PermissionDenied
            return self._chosen(request)
        may_merge = user_of(request).has_perm(MERGE)
        context = {"choose": ChooseForm(), "title": "Merge two papers"} if may_merge else {"choose": None}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def _chosen(self, request: HttpRequest) -> HttpResponse:
        """The two are named: the plan, or the merge; else what is wrong with the names."""
        is_half = not {"fold", "fold_name"} & request.GET.keys()
        form = ChooseForm(None, initial=_half(request)) if is_half else ChooseForm(request.GET)
        if is_half or not form.is_valid():
            return self._choose(request, form, 200 if is_half else 422)
        keep, fold = form.cleaned_data["keep"], form.cleaned_data["fold"]
        if request.GET.get("keep_name") or request.GET.get("fold_name"):
            return HttpResponseRedirect(admin_url(Merge, "changelist", keep=keep.pk, fold=fold.pk))
        return self._planned(request, keep, fold)

    def _planned(self, request: HttpRequest, keep: Paper, fold: Paper) -> HttpResponse:
        """What would be done; on confirmation, do it."""
        plan = merge_plan.plan(keep, fold)
        confirm = ConfirmForm(request.POST or None, plan=plan)
        status = 200
        if request.method == "POST" and confirm.is_valid() and not plan.refusals and not plan.is_large:
            data = confirm.cleaned_data
            try:
                merging.merge(
                    keep.pk,
                    fold.pk,
                    user_of(request),
                    reason=data["reason"],
                    seen=data["seen"],
                    warnings_read=bool(data.get("warnings_read")),
                )
            except MergeError as error:
                messages.error(request, str(error))
                plan = merge_plan.plan(Paper.objects.get(pk=keep.pk), Paper.objects.get(pk=fold.pk))
                # What is read now is what the next attempt confirms.
                confirm = ConfirmForm(initial={"reason": data["reason"]}, plan=plan)
                status = 409
            else:
                told = (
                    f"“{short(fold.title, 60)}” was folded into “{short(keep.title, 60)}”. Its address leads there now."
                )
                messages.success(request, told)
                return HttpResponseRedirect(admin_url(Paper, "change", keep.pk))
        status = 422 if confirm.errors else status
        context = {
            **_told(plan),
            "confirm": confirm,
            "list_address": admin_url(Merge, "changelist"),
            "desk_nav": "merge",
            "messages": messages.get_messages(request),
        }
        return render(request, "desk/merge.html", context, status=status)

    def _choose(self, request: HttpRequest, form: ChooseForm, status: int) -> HttpResponse:
        """The form that chooses two, where one is missing or a name is nobody's."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Merge two papers",
            "opts": self.opts,
            "list_address": admin_url(Merge, "changelist"),
            "choose": form,
        }
        return TemplateResponse(request, "admin/citations/merge/half.html", context, status=status)

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The survivor's public page."""
        return obj.survivor.get_absolute_url() if obj is not None else None

    @admin.display(description="was merged")
    def loser_title(self, merge: Merge) -> str:
        """The paper that is hidden now."""
        return short(merge.loser.title, 60)

    @admin.display(description="into")
    def survivor_title(self, merge: Merge) -> str:
        """The paper that stands for both."""
        return short(merge.survivor.title, 60)


def _half(request: HttpRequest) -> dict[str, str]:
    """One paper is named, the other is to be chosen."""
    return {"keep": request.GET.get("keep", ""), "keep_name": request.GET.get("keep_name", "")}


def _told(plan: Plan) -> dict[str, Any]:
    """The plan in the words and links of the page."""
    keep, fold = plan.survivor, plan.loser
    sides = [_side(paper) for paper in (keep, fold)]
    lists = {merge_plan.CITED_BY: sides[1]["cited_by_address"], merge_plan.CITES: sides[1]["cites_address"]}
    return {
        "plan": plan,
        "fields": [(_FIELD_LABELS.get(field.name, field.name.capitalize()), field) for field in plan.fields],
        "sides": sides,
        "chosen": {"keep": keep.slug, "fold": fold.slug},
        "parts": [(part, lists.get(part.name, "")) for part in plan.parts],
        "changes": [_change(change) for change in plan.changes[:CHANGES_SHOWN]],
        "more_changes": max(0, len(plan.changes) - CHANGES_SHOWN),
        "same": plan.collisions - len(plan.changes),
        "now": _seen(plan.now, reverse("citing", args=[keep.slug])),
        "after": _seen(plan.after) if plan.after is not None else None,
        "swap": f"?{urlencode({'keep': fold.pk, 'fold': keep.pk})}",
        "pins": admin_url(HubPin, "changelist"),
        "largest": merge_plan.LARGEST_ON_A_PAGE,
    }


def _side(paper: Paper) -> dict[str, Any]:
    """One of the two: its names, and what cites it and what it cites, with the lists of both."""
    return {
        "paper": paper,
        "address": admin_url(Paper, "change", paper.pk),
        "names": [str(name.as_value) for name in paper.identifiers.order_by("scheme", "value")],
        "cited_by": Citation.objects.of_hub(paper.pk).count(),
        "cited_by_address": admin_url(Citation, "changelist", cited__id__exact=paper.pk, merged="0"),
        "cites": Citation.objects.by_paper(paper.pk).count(),
        "cites_address": admin_url(Citation, "changelist", citing__id__exact=paper.pk, merged="0"),
    }


def _seen(counts: HubCounts, base: str = "") -> dict[str, Any]:
    """What readers see of a hub with these counts; `base`: the list that its numbers open, "" for one to come."""
    return {"verdict": classify_hub(counts), "bar": charts.role_bar(counts.roles, counts.known), "base": base}


def _change(change: Collision) -> dict[str, Any]:
    """A collision that reads differently: what stands of each, and why the one that is left reads as it does."""
    return {
        "address": admin_url(Citation, "change", change.kept_id),
        "title": change.other,
        "kept": _said(change.before),
        "folded": _said(change.folded),
        "after": _said(change.after),
        "because": because(change),
    }


def _said(effective: Effective) -> dict[str, Any]:
    """A role and a polarity as members of the vocabulary; None for none."""
    return {
        "role": Role(effective.role) if effective.role else None,
        "polarity": Polarity(effective.polarity) if effective.polarity else None,
    }


def because(change: Collision) -> str:
    """Why a citation reads differently once its ledger is read together with that of its twin, in a few words."""
    reasons = []
    for name in ("role", "polarity"):
        before, after = getattr(change.before, name), getattr(change.after, name)
        if before == after:
            continue
        was_by, is_by = getattr(change.before, f"{name}_by"), getattr(change.after, f"{name}_by")
        if not before:
            reasons.append(f"only the folded one had a {name}")
        elif is_by == DecidedBy.CURATOR and was_by != DecidedBy.CURATOR:
            reasons.append(f"on the {name} a curator goes before an import")
        elif is_by == DecidedBy.CURATOR:
            reasons.append(f"on the {name} the newer of two curators’ words counts")
        else:
            reasons.append(f"on the {name} the finer of two imports counts, else the newer")
    return "; ".join(reasons)
