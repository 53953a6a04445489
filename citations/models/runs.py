"""Imports: what was asked for, how far it came, and what was not taken in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class ImportRun(models.Model):
    """One run of an import, finished or to be resumed."""

    RUNNING, FINISHED, FAILED = "running", "finished", "failed"
    STATUSES = ((RUNNING, "Running or interrupted"), (FINISHED, "Finished"), (FAILED, "Failed"))

    source = models.CharField(max_length=50)
    arguments = models.JSONField(default=dict)
    fingerprint = models.CharField(
        max_length=64, help_text="of source and arguments: the same command resumes the run that it finds unfinished"
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="import_runs"
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=STATUSES, default=RUNNING)
    cursor = models.JSONField(default=dict, help_text="where to go on")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True, default="", help_text="why it failed, or what the reader should know")

    class Meta:
        ordering = ("-started_at", "-id")
        indexes = (models.Index(fields=("fingerprint", "status"), name="import_run_to_resume"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=["running", "finished", "failed"]), name="import_run_status_known"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="import_run_has_source"),
        )

    def __str__(self) -> str:
        return f"import run {self.pk} ({self.source})"


class RejectedRecord(models.Model):
    """A record that an import did not take in, with the reason and its raw form."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejected_records")
    reason = models.CharField(max_length=300)
    raw = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="rejected_record_has_reason"),)

    def __str__(self) -> str:
        return f"rejected record {self.pk} of run {self.run_id}"
