"""What people decided about hubs and papers, and what readers reported."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from citations import summaries
from citations.admin import actions
from citations.admin.base import (
    NOTHING,
    AnyModelForm,
    BaseAdmin,
    LinesField,
    ReadOnlyAdmin,
    admin_url,
    is_list,
    link,
    short,
    user_of,
    word_label,
)
from citations.curation import reports
from citations.curation.redaction import Redactable
from citations.formatting import plural
from citations.models import Audit, AuditEntry, Citation, HubPin, HubSummary, Report, Skip
from citations.summaries import Cause
from citations.vocabulary import HubClass, Polarity, Role

# Pins -----------------------------------------------------------------------------------------------------------------


class PinForm(AnyModelForm):
    """A new pin: of a class, or of a representative citing paper."""

    def clean(self) -> dict[str, Any]:
        """One thing is pinned, it belongs to the hub, and nothing like it is pinned already."""
        super().clean()
        hub, citation = self.cleaned_data.get("hub"), self.cleaned_data.get("citation")
        hub_class = self.cleaned_data.get("hub_class")
        if hub is None or "citation" in self.errors or "hub_class" in self.errors:
            return self.cleaned_data
        if hub.merged_into_id is not None:
            self.add_error("hub", f"This paper was merged into paper {hub.merged_into_id}: pin that one.")
        elif bool(hub_class) == (citation is not None):
            self.add_error("hub_class", "Pin either a class or a citation: choose one of the two.")
        elif citation is not None and (citation.cited_id != hub.pk or citation.merged_into_id is not None):
            self.add_error("citation", f"Citation {citation.pk} is not one of this hub that readers see.")
        else:
            self._refuse_a_second(hub.pk, citation)
        return self.cleaned_data

    def _refuse_a_second(self, hub_id: int, citation: Citation | None) -> None:
        """A hub has one pinned class, a citation one pin. Looked at under lock, so that no two curators both pin."""
        summaries.lock_hubs([hub_id])
        standing = HubPin.objects.filter(hub_id=hub_id, citation=citation, removed_at__isnull=True).first()
        if standing is not None:
            what = f"is pinned already (pin {standing.pk}). Remove that pin first."
            if citation is None:
                pinned = word_label(standing.hub_class, HubClass)
                self.add_error("hub_class", f"The class of this hub, {pinned}, {what}")
            else:
                self.add_error("citation", f"Citation {citation.pk} {what}")


class PinRemovalForm(AnyModelForm):
    """A pin that stands: it can be removed, and remains on record."""

    remove = forms.BooleanField(required=False, label="Remove this pin")


@admin.register(HubPin)
class HubPinAdmin(BaseAdmin):
    """Pinned classes and representatives. A pin is removed, never deleted: who pinned what, and why, stays known."""

    list_display = ("id", "hub_title", "hub_class", "citation", "reason_start", "curator", "created_at", "removed_at")
    list_filter = (("removed_at", admin.EmptyFieldListFilter), "hub_class")
    search_fields = ("hub__title", "reason", "=curator__username")
    search_help_text = "Words of the hub's title or of the reason, or a curator's name."
    autocomplete_fields = ("hub",)
    raw_id_fields = ("citation",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")

    _PINNED = ("hub", "hub_class", "citation", "reason")
    _RECORD = ("curator", "created_at", "removed_at", "removed_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the hub and who pinned."""
        pins = super().get_queryset(request).select_related("hub", "citation", "curator", "removed_by")
        return pins.defer("hub__abstract", "hub__summary", "hub__field_sources")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Pin, or remove."""
        form, fields = (PinRemovalForm, ()) if obj else (PinForm, self._PINNED)
        return super().get_form(request, obj, change=change, **{**kwargs, "form": form, "fields": fields})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is pinned; of a pin that is there, its record and the way to remove it."""
        if obj is None:
            return [(None, {"fields": self._PINNED})]
        removal = ("remove",) if self.has_change_permission(request, obj) else ()
        return [(None, {"fields": (*self._PINNED, *self._RECORD, *removal)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A pin is not rewritten: remove it and pin anew."""
        return (*self._PINNED, *self._RECORD) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A removed pin is history."""
        return super().has_change_permission(request, obj) and (obj is None or obj.removed_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: pins are removed, not deleted."""
        return False

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The hub's public page."""
        return obj.hub.get_hub_url() if obj is not None else None

    def save_model(self, request: HttpRequest, obj: HubPin, form: Any, change: bool) -> None:
        """Pin or remove, count the hub again, and say what its class is now."""
        summaries.lock_hubs([obj.hub_id])
        what = "a class" if obj.hub_class else "a representative"
        if not change:
            obj.curator_id = user_of(request).pk
            super().save_model(request, obj, form, change)
            cause = f"A curator pinned {what}."
        elif form.cleaned_data.get("remove"):
            # Whoever removed it first is on record.
            standing = HubPin.objects.filter(pk=obj.pk, removed_at__isnull=True)
            standing.update(removed_at=timezone.now(), removed_by=request.user)
            cause = f"A curator removed the pin of {what}."
        else:
            return
        summaries.recount([obj.hub_id], Cause(cause, user_of(request)))
        shown = HubSummary.objects.values_list("hub_class", flat=True).get(pk=obj.hub_id)
        messages.info(request, f"The class of “{short(obj.hub.title, 60)}” is {word_label(shown, HubClass)}.")

    @admin.display(description="hub", ordering="hub__sort_title")
    def hub_title(self, pin: HubPin) -> SafeString:
        """The cited paper."""
        return link(admin_url(HubSummary, "change", pin.hub_id), short(pin.hub.title, 60))

    @admin.display(description="reason")
    def reason_start(self, pin: HubPin) -> str:
        """The beginning of the reason."""
        return short(pin.reason)


# Reports --------------------------------------------------------------------------------------------------------------


class ReportForm(AnyModelForm):
    """The answer to a reader's report."""

    answer = LinesField(
        required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text="Why; kept with the report."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "status" in self.fields:
            self.fields[
                "status"
            ].help_text = "Accepting writes the reported role and polarity to the ledger, as your decision."

    def clean(self) -> dict[str, Any]:
        """Refuse to answer a report that somebody else has answered meanwhile, and say what they answered."""
        super().clean()
        if self.cleaned_data.get("status") != Report.OPEN:
            summaries.lock_hubs([self.instance.citation.cited_id])
            stored = Report.objects.select_related("answered_by").get(pk=self.instance.pk)
            if stored.status != Report.OPEN:
                raise forms.ValidationError(str(reports.AlreadyAnswered(stored)))
        return self.cleaned_data


@admin.register(Report)
class ReportAdmin(BaseAdmin):
    """What readers suggest. Open reports are answered here; an accepted one becomes a label of the curator's."""

    form = ReportForm
    list_display = (
        "id",
        "created_at",
        "status",
        "citation_link",
        "role_label",
        "polarity_label",
        "comment_start",
        "answered_by",
    )
    list_filter = ("status", "role", "polarity")
    search_fields = ("comment", "answer", "citation__citing__title", "citation__cited__title")
    search_help_text = "Words of the comment, the answer or a title."
    actions = ("remove_addresses", actions.redaction(Redactable.ADDRESS, "report"))
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")

    _SAID = ("citation_link", "role_label", "polarity_label", "comment", "reporter_address", "created_at")
    _ANSWERED = ("answered_by", "answered_at", "label")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the papers on both sides and who answered."""
        reports = (
            super().get_queryset(request).select_related("citation__citing", "citation__cited", "answered_by", "label")
        )
        if is_list(request):
            return reports.defer("citation__citing__abstract", "citation__cited__abstract")
        return reports

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the reader said; the answer."""
        return [
            ("The report", {"fields": self._SAID}),
            ("The answer", {"fields": ("status", "answer", *self._ANSWERED)}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All but the answer."""
        return (*self._SAID, *self._ANSWERED)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Reports come from readers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An answered report is history."""
        return super().has_change_permission(request, obj) and (obj is None or obj.status == Report.OPEN)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a report is declined, not deleted."""
        return False

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The citation's public page."""
        return reverse("citation", args=[obj.citation_id]) if obj is not None else None

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Whoever answers a report that was answered meanwhile is shown by whom and how, and that nothing was saved."""
        if request.method == "POST" and object_id and super().has_change_permission(request):
            found = self.get_object(request, unquote(object_id))
            if found is not None and found.status != Report.OPEN:
                self.message_user(request, str(reports.AlreadyAnswered(found)), messages.WARNING)
                return HttpResponseRedirect(request.path)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        """Answer, in the transaction that also writes the label of an accepted report."""
        if obj.status == Report.OPEN:
            obj.save(update_fields=["answer"])
            return
        answer = reports.accept if obj.status == Report.ACCEPTED else reports.decline
        answered = answer(obj.pk, user_of(request), obj.answer)
        for name in ("status", "answer", "answered_by", "answered_at", "label"):
            setattr(obj, name, getattr(answered, name))
        self.message_user(request, self._told(answered), messages.INFO)

    def _told(self, report: Report) -> str:
        """What the answer did."""
        if report.label is None:
            return f"Report {report.pk} was {report.get_status_display().lower()}; no label was written."
        words = [word_label(report.role, Role), word_label(report.polarity, Polarity)]
        said = " and ".join(word for word in words if word != NOTHING)
        return f"Recorded as your decision, naming report {report.pk}: {said}."

    @admin.action(description="Remove the readers' addresses of answered reports", permissions=["change"])
    def remove_addresses(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        """Once a reader has been written to, nothing needs the address any more."""
        removed = reports.forget_addresses(queryset.values_list("pk", flat=True))
        self.message_user(request, f"{removed} {plural(removed, 'address was', 'addresses were')} removed.")

    @admin.display(description="citation")
    def citation_link(self, report: Report) -> SafeString:
        """What it is about."""
        words = f"{short(report.citation.citing.title, 50)} → {short(report.citation.cited.title, 30)}"
        return link(admin_url(Citation, "change", report.citation_id), words)

    @admin.display(description="role", ordering="role")
    def role_label(self, report: Report) -> str:
        """The role that the reader suggests."""
        return word_label(report.role, Role)

    @admin.display(description="polarity", ordering="polarity")
    def polarity_label(self, report: Report) -> str:
        """The polarity that the reader suggests."""
        return word_label(report.polarity, Polarity)

    @admin.display(description="comment")
    def comment_start(self, report: Report) -> str:
        """The beginning of the comment."""
        return short(report.comment)


# The desk -------------------------------------------------------------------------------------------------------------


@admin.register(Skip)
class SkipAdmin(ReadOnlyAdmin):
    """What curators put aside on the desk. Each takes up again what is theirs, there."""

    list_display = ("id", "created_at", "curator", "reason", "citation_link")
    list_filter = ("reason",)
    search_fields = ("citation__citing__title", "citation__cited__title", "=curator__username", "=citation__id")
    search_help_text = "Words of a title, a curator's name, or the number of a citation."
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the curator and both papers, less their long text."""
        rows = super().get_queryset(request).select_related("curator", "citation__citing", "citation__cited")
        long = ("abstract", "summary", "field_sources")
        return rows.defer(*(f"citation__{side}__{name}" for side in ("citing", "cited") for name in long))

    @admin.display(description="citation")
    def citation_link(self, skip: Skip) -> SafeString:
        """The citation that was put aside."""
        words = f"{short(skip.citation.citing.title, 50)} → {short(skip.citation.cited.title, 30)}"
        return link(admin_url(Citation, "change", skip.citation_id), words)


# Audits ---------------------------------------------------------------------------------------------------------------


@admin.register(Audit)
class AuditAdmin(ReadOnlyAdmin):
    """Samples that were drawn. They are drawn, read and finished at the desk."""

    list_display = (
        "id",
        "hub_title",
        "planned",
        "population",
        "stratified",
        "seed",
        "curator",
        "created_at",
        "finished_at",
    )
    list_filter = ("stratified",)
    search_fields = ("hub__title", "=hub__slug", "=curator__username", "=id")
    search_help_text = "Words of the hub's title, a curator's name, or the number of an audit."
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the curator and the hub, less its long text."""
        rows = super().get_queryset(request).select_related("curator", "hub")
        return rows.defer(*(f"hub__{name}" for name in ("abstract", "summary", "field_sources")))

    @admin.display(description="hub")
    def hub_title(self, audit: Audit) -> str:
        """The cited paper."""
        return short(audit.hub.title)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Papers of samples, each with the label that it was given blind."""

    list_display = ("id", "audit_id", "position", "citation_link", "label_id")
    list_filter = ("reading",)
    search_fields = ("citation__citing__title", "=audit__id", "=citation__id")
    search_help_text = "Words of a citing paper's title, or the number of an audit or citation."
    ordering = ("-audit_id", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With both papers, less their long text."""
        rows = super().get_queryset(request).select_related("audit", "label", "citation__citing", "citation__cited")
        long = ("abstract", "summary", "field_sources")
        return rows.defer(*(f"citation__{side}__{name}" for side in ("citing", "cited") for name in long))

    @admin.display(description="citation")
    def citation_link(self, entry: AuditEntry) -> SafeString:
        """The citation that was drawn."""
        words = f"{short(entry.citation.citing.title, 50)} → {short(entry.citation.cited.title, 30)}"
        return link(admin_url(Citation, "change", entry.citation_id), words)
