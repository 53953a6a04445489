"""What people decided about hubs and papers, and what readers reported. No rebuild may lose these."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from citations.models.citations import Citation, Label
from citations.models.papers import Paper
from citations.models.runs import ImportRun
from citations.vocabulary import HubClass, Polarity, Role, SkipReason, choices


class HubPin(models.Model):
    """A curator fixed a hub's class, or one of its representative citing papers, and says why."""

    hub = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="pins")
    hub_class = models.CharField(max_length=30, blank=True, default="", choices=choices(HubClass))
    citation = models.ForeignKey(Citation, null=True, blank=True, on_delete=models.PROTECT, related_name="pins")
    reason = models.TextField(help_text="public")
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="hub_pins")
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="hub_pins_removed"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(Q(hub_class__in=list(HubClass)) & Q(citation__isnull=True))
                | (Q(hub_class="") & Q(citation__isnull=False)),
                name="pin_of_a_class_or_a_citation",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pin_has_reason"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="pin_removed_by_someone",
            ),
            models.UniqueConstraint(
                fields=("hub",), condition=Q(removed_at__isnull=True) & ~Q(hub_class=""), name="pin_one_class_per_hub"
            ),
            models.UniqueConstraint(
                fields=("citation",),
                condition=Q(removed_at__isnull=True, citation__isnull=False),
                name="pin_once_per_citation",
            ),
        )

    def __str__(self) -> str:
        return f"pin {self.pk} on paper {self.hub_id}"


class ClassChange(models.Model):
    """A hub's class became another."""

    hub = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="class_changes", db_index=False)
    from_class = models.CharField(max_length=30, blank=True, default="", choices=choices(HubClass))
    to_class = models.CharField(max_length=30, choices=choices(HubClass))
    cause = models.CharField(max_length=300)
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    label = models.ForeignKey(Label, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    import_run = models.ForeignKey(ImportRun, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = (models.Index(fields=("hub", "-created_at", "-id"), name="class_change_of_hub"),)
        constraints = (
            models.CheckConstraint(condition=~Q(from_class=F("to_class")), name="class_change_changes"),
            models.CheckConstraint(condition=Q(to_class__in=list(HubClass)), name="class_change_to_known"),
            models.CheckConstraint(condition=Q(from_class__in=["", *HubClass]), name="class_change_from_known"),
        )

    def __str__(self) -> str:
        return f"{self.hub_id}: {self.from_class or 'nothing'} to {self.to_class}"


class Merge(models.Model):
    """Two records turned out to be one paper."""

    survivor = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="merges_survived")
    loser = models.OneToOneField(Paper, on_delete=models.PROTECT, related_name="merge_lost")
    reason = models.TextField(blank=True, default="")
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    details = models.JSONField(default=dict, help_text="what moved and what was hidden")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(survivor=F("loser")), name="merge_of_two_papers"),)

    def __str__(self) -> str:
        return f"{self.loser_id} merged into {self.survivor_id}"


class Report(models.Model):
    """A reader suggests a correction. Only curators see it; an accepted one becomes a curator's label."""

    OPEN, ACCEPTED, DECLINED = "open", "accepted", "declined"
    STATUSES = ((OPEN, "Open"), (ACCEPTED, "Accepted"), (DECLINED, "Declined"))

    citation = models.ForeignKey(Citation, on_delete=models.PROTECT, related_name="reports")
    role = models.CharField(max_length=12, blank=True, default="", choices=choices(Role))
    polarity = models.CharField(max_length=12, blank=True, default="", choices=choices(Polarity))
    comment = models.TextField(blank=True, default="")
    reporter_address = models.EmailField(blank=True, default="")
    status = models.CharField(max_length=10, choices=STATUSES, default=OPEN)
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    label = models.ForeignKey(Label, null=True, blank=True, on_delete=models.PROTECT, related_name="reports")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("status", "-created_at"), name="report_by_status"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=["open", "accepted", "declined"]), name="report_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(role="") | ~Q(polarity="") | ~Q(comment=""), name="report_says_something"
            ),
            models.CheckConstraint(
                condition=Q(status="open", answered_at__isnull=True)
                | (~Q(status="open") & Q(answered_at__isnull=False)),
                name="report_answered_once_closed",
            ),
        )

    def __str__(self) -> str:
        return f"report {self.pk} on citation {self.citation_id}"


class Skip(models.Model):
    """A curator put a citation aside on the desk, and says why. It comes back for that curator alone when taken up."""

    citation = models.ForeignKey(Citation, on_delete=models.CASCADE, related_name="skips", db_index=False)
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    reason = models.CharField(max_length=20, choices=choices(SkipReason))
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("curator", "-created_at", "-id"), name="skip_of_curator"),)
        constraints = (
            models.UniqueConstraint(fields=("citation", "curator"), name="skip_once_per_curator"),
            models.CheckConstraint(condition=Q(reason__in=list(SkipReason)), name="skip_reason_known"),
        )

    def __str__(self) -> str:
        return f"curator {self.curator_id} skips citation {self.citation_id}"
