"""Derived tables: what is known of a hub, counted. They can always be rebuilt from labels and citations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from citations.models.papers import UNKNOWN_DATE, Paper, Venue
from citations.querysets import HubSummaryQuerySet
from citations.vocabulary import HubClass, choices

# What HubSummaryQuerySet.public() asks for.
CITED = Q(known__gt=0)


class HubSummary(models.Model):
    """Everything that an unfiltered hub page needs, in one row. Written by summaries.py alone."""

    paper = models.OneToOneField(Paper, primary_key=True, on_delete=models.CASCADE, related_name="hub")
    known = models.PositiveIntegerField(default=0)
    classified = models.PositiveIntegerField(default=0)
    unclear = models.PositiveIntegerField(default=0)
    assessed = models.PositiveIntegerField(default=0)
    confirmed_disputes = models.PositiveIntegerField(default=0)
    hub_class = models.CharField(
        max_length=30, choices=choices(HubClass), help_text="what is shown: the pinned class, else the computed one"
    )
    computed_class = models.CharField(max_length=30, choices=choices(HubClass))
    rules_version = models.PositiveSmallIntegerField(default=1)
    role_would_turn = models.BooleanField(
        default=False,
        db_default=False,
        help_text="one more classified citing paper could change the class that readers see",
    )
    dispute_would_turn = models.BooleanField(
        default=False,
        db_default=False,
        help_text="one imported dispute, confirmed, would change the class that readers see",
    )
    class_since = models.DateTimeField(null=True, blank=True)
    numerator = models.PositiveIntegerField(default=0, help_text="of the share that names the computed class")
    share = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    counts = models.JSONField(default=dict, help_text="by role, polarity, decided_by, source, year, venue; flags")
    representatives = models.JSONField(default=list, help_text="citation ids, each with why it was chosen")
    # Copied from the paper, so that the list of hubs sorts and filters on one table.
    sort_title = models.CharField(max_length=300, default="")
    sort_date = models.DateField(default=UNKNOWN_DATE)
    year = models.SmallIntegerField(null=True, blank=True)
    venue = models.ForeignKey(Venue, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cited_by_count = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)
    stamp = models.BigIntegerField(
        default=0, editable=False, help_text="of a big hub: another number after each writing of its citations"
    )

    objects = HubSummaryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "hub summaries"
        # Each holds only the hubs that are listed, so that a list reads nothing else.
        indexes = (
            models.Index(fields=("-known", "-paper"), condition=CITED, name="hub_most_citing"),
            models.Index(fields=("-classified", "-paper"), condition=CITED, name="hub_most_classified"),
            models.Index(fields=("sort_title", "paper"), condition=CITED, name="hub_title"),
            models.Index(fields=("hub_class", "-known", "-paper"), condition=CITED, name="hub_by_class"),
            models.Index(fields=("-sort_date", "-paper"), condition=CITED, name="hub_newest"),
            models.Index(fields=("venue", "known"), condition=CITED, name="hub_by_venue"),
            # What the whole collection holds is summed from this alone.
            models.Index(fields=("known", "classified", "unclear", "assessed"), condition=CITED, name="hub_totals"),
            models.Index(
                fields=("-known", "-paper"),
                condition=Q(role_would_turn=True) | Q(dispute_would_turn=True),
                name="hub_would_turn",
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(hub_class__in=list(HubClass)), name="hub_class_known"),
            models.CheckConstraint(condition=Q(computed_class__in=list(HubClass)), name="hub_computed_class_known"),
            models.CheckConstraint(
                condition=Q(known__gte=F("classified") + F("unclear")) & Q(known__gte=F("assessed")),
                name="hub_parts_within_known",
            ),
            models.CheckConstraint(
                condition=Q(assessed__gte=F("confirmed_disputes")), name="hub_disputes_within_assessed"
            ),
        )

    def __str__(self) -> str:
        return f"summary of paper {self.paper_id}"


class HubTally(models.Model):
    """Counts by every facet that is small, for hubs too big to be counted live. Written by summaries.py alone."""

    hub = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+", db_index=False)
    role = models.CharField(max_length=12, blank=True, default="")
    polarity = models.CharField(max_length=12, blank=True, default="")
    role_by = models.CharField(max_length=10, blank=True, default="")
    year = models.SmallIntegerField(default=0, help_text="0 where it is not known")
    is_self_citation = models.BooleanField(default=False)
    retracted = models.BooleanField(default=False)
    n = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "hub tallies"
        constraints = (
            models.UniqueConstraint(
                fields=("hub", "role", "polarity", "role_by", "year", "is_self_citation", "retracted"),
                name="tally_one_per_cell",
            ),
            models.CheckConstraint(condition=Q(n__gt=0), name="tally_counts_something"),
        )

    def __str__(self) -> str:
        return f"tally of paper {self.hub_id}"
