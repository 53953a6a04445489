"""Citations, the sentences that make them, and the ledger of labels."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Never

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from citations.models.papers import UNKNOWN_DATE, Paper, Venue
from citations.models.runs import ImportRun
from citations.querysets import BEST_FIRST, AppendOnlyError, CitationQuerySet, LabelQuerySet
from citations.vocabulary import DECIDERS, DecidedBy, Polarity, Role, choices

_ROLES = ["", *Role]
_POLARITIES = ["", *Polarity]
# What CitationQuerySet.public() asks for.
PUBLIC = Q(merged_into__isnull=True)


class Citation(models.Model):
    """One paper cites another."""

    citing = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="references_made", db_index=False)
    cited = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="citations_received", db_index=False)
    # A citation that would be one of a paper by itself after a merge is merged into itself: hidden, and nothing stands
    # for it.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged_citations",
        editable=False,
        db_index=False,
    )

    # Effective columns: what resolve() makes of the ledger. Written by labelling.py alone. Empty means undecided.
    role = models.CharField(max_length=12, blank=True, default="", choices=choices(Role), editable=False)
    polarity = models.CharField(max_length=12, blank=True, default="", choices=choices(Polarity), editable=False)
    role_by = models.CharField(max_length=10, blank=True, default="", choices=choices(DecidedBy), editable=False)
    polarity_by = models.CharField(max_length=10, blank=True, default="", choices=choices(DecidedBy), editable=False)
    source = models.CharField(max_length=50, blank=True, default="", editable=False)
    polarity_source = models.CharField(max_length=50, blank=True, default="", editable=False)
    coarse = models.BooleanField(default=False, editable=False)
    confirmed = models.BooleanField(default=False, editable=False)
    disagreement = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="import sources contradict each other, and no curator has settled it",
    )
    suggested_role = models.CharField(max_length=12, blank=True, default="", choices=choices(Role), editable=False)
    suggested_confidence = models.FloatField(default=0, editable=False, help_text="0 where nothing is suggested")

    # From a source or a curator.
    is_influential = models.BooleanField("influential", default=False)
    is_self_citation = models.BooleanField("self-citation", default=False)
    flag_sources = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="flag to who stated it: a source, or a curator, whose word no import changes",
    )

    # Copied from the citing paper, so that lists of big hubs need no join. Written by summaries.paper_changed() alone.
    year = models.SmallIntegerField(null=True, blank=True, editable=False)
    sort_date = models.DateField(default=UNKNOWN_DATE, editable=False)
    sort_title = models.CharField(max_length=300, default="", editable=False)
    venue = models.ForeignKey(
        Venue, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    cited_by_count = models.PositiveIntegerField(default=0, editable=False)
    retracted = models.BooleanField(default=False, editable=False)
    mention_count = models.PositiveSmallIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CitationQuerySet.as_manager()

    class Meta:
        # Each begins with what CitationQuerySet.of_hub() fixes; the order of the rest is that of the GROUP BY or ORDER
        # BY. Those that sort hold only what a merge did not hide: PostgreSQL does not take "merged_into IS NULL" for a
        # constant, and would sort what comes from an index that has it as a column.
        indexes = (
            models.Index(
                fields=("cited", "merged_into", "role", "polarity", "role_by", "year", "venue"), name="citation_roles"
            ),
            models.Index(
                fields=("cited", "merged_into", "venue", "role", "polarity", "role_by", "year"), name="citation_venues"
            ),
            models.Index(fields=("cited", "-sort_date", "-id"), condition=PUBLIC, name="citation_newest"),
            models.Index(fields=("cited", "-cited_by_count", "-id"), condition=PUBLIC, name="citation_most_cited"),
            models.Index(fields=("cited", "sort_title", "id"), condition=PUBLIC, name="citation_title"),
            models.Index(
                fields=("cited", "-suggested_confidence", "-id"), condition=PUBLIC, name="citation_confidence"
            ),
            # Feeds hold what came last.
            models.Index(fields=("cited", "-id"), condition=PUBLIC, name="citation_added"),
            # How many citations each source decided.
            models.Index(
                fields=("source", "coarse", "role", "polarity"),
                condition=Q(merged_into__isnull=True, source__gt=""),
                name="citation_by_source",
            ),
            # Nearly all rows have none: those that have are found, and the others cost nothing.
            models.Index(fields=("merged_into",), condition=Q(merged_into__isnull=False), name="citation_merged"),
            # The beginning of each role says who stands for it.
            models.Index("cited", "role", *BEST_FIRST, condition=PUBLIC, name="citation_best"),
            # The curation desk reads the beginning of these and no more; each holds only what may be queued for a
            # reason. `merged_into` is always null here.
            models.Index(
                fields=("cited", "merged_into", "-is_influential", "-suggested_confidence", "-id"),
                condition=Q(role="", merged_into__isnull=True),
                name="desk_unclassified",
            ),
            models.Index(
                fields=("merged_into", "-cited_by_count", "-id"),
                condition=Q(role="", is_influential=True, merged_into__isnull=True),
                name="desk_influential",
            ),
            models.Index(
                fields=("cited", "merged_into", "-cited_by_count", "-id"),
                condition=Q(role="", is_influential=True, merged_into__isnull=True),
                name="desk_hub_influential",
            ),
            models.Index(
                fields=("merged_into", "-suggested_confidence", "-id"),
                condition=Q(role="", suggested_confidence__gt=0, merged_into__isnull=True),
                name="desk_suggested",
            ),
            models.Index(
                fields=("cited", "merged_into", "-suggested_confidence", "-id"),
                condition=Q(role="", suggested_confidence__gt=0, merged_into__isnull=True),
                name="desk_hub_suggested",
            ),
            models.Index(
                fields=("merged_into", "-cited_by_count", "-id"),
                condition=Q(disagreement=True, merged_into__isnull=True),
                name="desk_disagreements",
            ),
            models.Index(
                fields=("cited", "merged_into", "-cited_by_count", "-id"),
                condition=Q(disagreement=True, merged_into__isnull=True),
                name="desk_hub_disagreements",
            ),
            models.Index(
                fields=("merged_into", "-cited_by_count", "-id"),
                condition=Q(polarity="disputes", confirmed=False, merged_into__isnull=True),
                name="desk_disputes",
            ),
            models.Index(
                fields=("cited", "merged_into", "-cited_by_count", "-id"),
                condition=Q(polarity="disputes", confirmed=False, merged_into__isnull=True),
                name="desk_hub_disputes",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("citing", "cited"), name="citation_once_per_pair"),
            models.CheckConstraint(condition=~Q(citing=F("cited")), name="citation_not_of_itself"),
            models.CheckConstraint(condition=Q(role__in=_ROLES), name="citation_role_known"),
            models.CheckConstraint(condition=Q(polarity__in=_POLARITIES), name="citation_polarity_known"),
            models.CheckConstraint(condition=Q(suggested_role__in=_ROLES), name="citation_suggested_role_known"),
            models.CheckConstraint(
                condition=Q(role="", role_by="") | (~Q(role="") & Q(role_by__in=list(DECIDERS))),
                name="citation_role_has_decider",
            ),
            models.CheckConstraint(
                condition=Q(polarity="", polarity_by="") | (~Q(polarity="") & Q(polarity_by__in=list(DECIDERS))),
                name="citation_polarity_has_decider",
            ),
            models.CheckConstraint(condition=Q(role="") | ~Q(source=""), name="citation_role_has_source"),
            models.CheckConstraint(
                condition=Q(polarity="", polarity_source="") | (~Q(polarity="") & ~Q(polarity_source="")),
                name="citation_polarity_has_source",
            ),
            models.CheckConstraint(
                condition=Q(suggested_role="", suggested_confidence=0)
                | (~Q(suggested_role="") & Q(suggested_confidence__gt=0, suggested_confidence__lte=1)),
                name="citation_suggestion_has_confidence",
            ),
        )

    def __str__(self) -> str:
        return f"{self.citing_id} cites {self.cited_id}"

    def get_absolute_url(self) -> str:
        """Its place in the list of the papers that cite the hub."""
        return f"{reverse('citing', args=[self.cited.slug])}#c{self.pk}"

    @property
    def is_void(self) -> bool:
        """Whether a merge made one paper of both of its ends, so that it says nothing any more."""
        return self.merged_into_id is not None and self.merged_into_id == self.pk


def in_ledgers(citation_ids: Iterable[int]) -> Q:
    """Holds for labels and mentions of these citations, and of those that a merge hid behind them.

    The citations are asked for first: one condition over two tables would be answered by reading every label there is.
    """
    ids = list(citation_ids)
    standing = Q(pk__in=ids) | Q(merged_into_id__in=ids)
    return Q(citation_id__in=Citation.objects.filter(standing).order_by().values("pk"))


class Mention(models.Model):
    """A place in the citing paper where the cited one is named."""

    citation = models.ForeignKey(Citation, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    sentence = models.TextField(blank=True, default="", help_text="as the source gives it; none is ever invented")
    section = models.CharField(max_length=200, blank=True, default="")
    order = models.PositiveIntegerField(default=0, help_text="place in the citing paper, from 0")
    source = models.CharField(max_length=50)
    content_hash = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ("citation", "order", "id")
        constraints = (
            models.UniqueConstraint(fields=("citation", "content_hash"), name="mention_once_per_citation"),
            models.CheckConstraint(condition=~Q(content_hash=""), name="mention_has_hash"),
            models.CheckConstraint(condition=~Q(source=""), name="mention_has_source"),
        )

    def __str__(self) -> str:
        return f"mention {self.pk} of citation {self.citation_id}"


class Label(models.Model):
    """One statement about a citation: who says what, when, and from which sentence. Append-only."""

    citation = models.ForeignKey(Citation, on_delete=models.PROTECT, related_name="labels", db_index=False)
    mention = models.ForeignKey(Mention, null=True, blank=True, on_delete=models.PROTECT, related_name="labels")
    role = models.CharField(max_length=12, blank=True, default="", choices=choices(Role))
    polarity = models.CharField(max_length=12, blank=True, default="", choices=choices(Polarity))
    decided_by = models.CharField(max_length=10, choices=choices(DecidedBy))
    source = models.CharField(max_length=50)
    raw_value = models.CharField(
        max_length=100, blank=True, default="", help_text="the value in the source's own scheme"
    )
    coarse = models.BooleanField(default=False, help_text="the source's scheme could not have told our roles apart")
    confidence = models.FloatField(null=True, blank=True)
    decision = models.UUIDField(default=uuid.uuid4, help_text="labels written together share one")
    retracts = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="retracted_by")
    confirms = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="confirmed_by")
    import_run = models.ForeignKey(ImportRun, null=True, blank=True, on_delete=models.PROTECT, related_name="labels")
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="citation_labels"
    )
    note = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "id")
        permissions = (("redact", "Can blank a note, a sentence, an abstract or a reporter's address"),)
        indexes = (
            models.Index(fields=("citation", "created_at", "id"), name="label_ledger"),
            models.Index(fields=("-created_at", "-id"), name="label_newest"),
            # What people decided, newest first. Without a parameter, so that both engines see that a query implies it.
            models.Index(fields=("-created_at", "-id"), condition=Q(curator__isnull=False), name="label_of_curators"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(role__in=_ROLES), name="label_role_known"),
            models.CheckConstraint(condition=Q(polarity__in=_POLARITIES), name="label_polarity_known"),
            models.CheckConstraint(condition=Q(decided_by__in=list(DecidedBy)), name="label_decided_by_known"),
            models.CheckConstraint(condition=~Q(source=""), name="label_has_source"),
            models.CheckConstraint(
                condition=~Q(role="")
                | ~Q(polarity="")
                | ~Q(raw_value="")
                | Q(retracts__isnull=False)
                | Q(confirms__isnull=False),
                name="label_says_something",
            ),
            models.CheckConstraint(
                condition=(Q(decided_by=DecidedBy.CURATOR) & Q(curator__isnull=False))
                | (~Q(decided_by=DecidedBy.CURATOR) & Q(curator__isnull=True)),
                name="label_of_a_curator_names_one",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=DecidedBy.CLASSIFIER) | Q(confidence__isnull=False),
                name="label_of_a_classifier_has_confidence",
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__range=(0, 1)), name="label_confidence_in_range"
            ),
            models.CheckConstraint(condition=Q(coarse=False) | ~Q(role=""), name="label_coarse_needs_role"),
            models.CheckConstraint(
                condition=Q(retracts__isnull=True) | Q(confirms__isnull=True, role="", polarity=""),
                name="label_retraction_says_nothing_else",
            ),
        )

    def __str__(self) -> str:
        return f"label {self.pk} of citation {self.citation_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add it; raises `AppendOnlyError` when it is already there."""
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_: Any, **__: Any) -> Never:
        """Never: raises `AppendOnlyError`. Add a label that retracts this one."""
        raise AppendOnlyError
