"""Random samples of a hub's citing papers, read blind: what says how far its shares can be trusted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from citations.models.citations import Citation, Label
from citations.models.papers import Paper
from citations.vocabulary import Role, choices


class Audit(models.Model):
    """One sample of one hub. Everything by which it was drawn is kept, so that it can be drawn again."""

    hub = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="audits", db_index=False)
    seed = models.BigIntegerField(help_text="of Python's random.Random")
    stratified = models.BooleanField(default=False, help_text="drawn apart for each role that machines had suggested")
    population = models.PositiveIntegerField(help_text="citing papers that the sample was drawn from")
    planned = models.PositiveIntegerField(help_text="citing papers that were drawn")
    strata = models.JSONField(
        default=dict,
        help_text="by the role that machines had suggested (empty: none): size, drawn, and the sums of scores by role",
    )
    scored_by = models.CharField(
        max_length=50, blank=True, default="", help_text="the model that scored papers without a label or suggestion"
    )
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="audits")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=("hub", "-finished_at", "-id"), name="audit_of_hub"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(planned__gt=0) & Q(population__gte=F("planned")), name="audit_drawn_from_population"
            ),
            models.UniqueConstraint(fields=("hub",), condition=Q(finished_at__isnull=True), name="audit_one_open"),
        )

    def __str__(self) -> str:
        return f"audit {self.pk} of paper {self.hub_id}"

    def get_absolute_url(self) -> str:
        """Its public page."""
        return reverse("audit", args=[self.pk])


class AuditEntry(models.Model):
    """A citing paper of a sample, and the label that a curator gave it blind."""

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="entries", db_index=False)
    citation = models.ForeignKey(Citation, on_delete=models.PROTECT, related_name="audit_entries")
    position = models.PositiveIntegerField(help_text="in the order of drawing, from 1")
    reading = models.CharField(
        max_length=12,
        blank=True,
        default="",
        choices=choices(Role),
        help_text="what machines had said when it was drawn",
    )
    scores = models.JSONField(default=dict, help_text="how likely machines held each role when it was drawn")
    weight = models.FloatField(default=1, help_text="citing papers that it stands for")
    label = models.OneToOneField(
        Label, null=True, blank=True, on_delete=models.PROTECT, related_name="audit_entry", editable=False
    )

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = (
            models.UniqueConstraint(fields=("audit", "position"), name="audit_entry_once_per_position"),
            models.UniqueConstraint(fields=("audit", "citation"), name="audit_entry_once_per_citation"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="audit_entry_stands_for_itself"),
            models.CheckConstraint(condition=Q(reading__in=["", *Role]), name="audit_entry_reading_known"),
        )

    def __str__(self) -> str:
        return f"entry {self.position} of audit {self.audit_id}"
