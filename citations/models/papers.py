"""Papers, and the facts about them."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from citations.addresses import path_of
from citations.identifiers import Identifier as IdentifierValue
from citations.identifiers import Scheme
from citations.querysets import PaperQuerySet
from citations.vocabulary import Kind, Notice, choices

# Titles longer than this are cut by importers: the longest real ones are about 1,500 characters.
TITLE_LENGTH = 2000
# Years outside are typing errors; the oldest cited works are of antiquity, but no service dates them.
YEAR_MIN, YEAR_MAX = 1000, 2999
# The sort date of a paper of which not even the year is known: before all others. Never null, since the two engines
# disagree on where nulls sort.
UNKNOWN_DATE = datetime.date(1, 1, 1)
# What PaperQuerySet.public() asks for.
PUBLIC_PAPER = Q(merged_into__isnull=True)


class Venue(models.Model):
    """A journal, conference or series."""

    slug = models.SlugField(max_length=120, unique=True, help_text="the value of the parameter venue; never changed")
    name = models.CharField(max_length=500)

    class Meta:
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=~Q(slug=""), name="venue_has_slug"),)

    def __str__(self) -> str:
        return self.name


class Paper(models.Model):
    """A work that cites or is cited. It is a hub as soon as a paper in the collection cites it."""

    slug = models.SlugField(max_length=120, unique=True, help_text="made from the title once, and never changed")
    title = models.CharField(max_length=TITLE_LENGTH)
    abstract = models.TextField(blank=True, default="")
    summary = models.TextField(blank=True, default="", help_text="what it found, in one sentence")
    year = models.SmallIntegerField(null=True, blank=True)
    published_on = models.DateField(null=True, blank=True)
    venue = models.ForeignKey(Venue, null=True, blank=True, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=20, blank=True, default="", choices=choices(Kind))
    notice = models.CharField(max_length=20, blank=True, default="", choices=choices(Notice))
    url = models.URLField(max_length=1000, blank=True, default="")
    field_sources = models.JSONField(
        default=dict, blank=True, help_text="field to source; a field that a curator set is never overwritten"
    )
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged_papers",
        editable=False,
        db_index=False,
    )
    # Derived, written by summaries.paper_changed().
    sort_title = models.CharField(max_length=300, editable=False, default="")
    sort_date = models.DateField(editable=False, default=UNKNOWN_DATE)
    cited_by_count = models.PositiveIntegerField(
        editable=False, default=0, help_text="the highest worldwide count that a source gives"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        # Those of lists hold only what is listed, so that they alone are read.
        indexes = (
            models.Index(fields=("-sort_date", "-id"), condition=PUBLIC_PAPER, name="paper_newest"),
            models.Index(fields=("sort_title", "id"), condition=PUBLIC_PAPER, name="paper_title"),
            models.Index(fields=("-cited_by_count", "-id"), condition=PUBLIC_PAPER, name="paper_most_cited"),
            models.Index(
                fields=("venue",), condition=Q(merged_into__isnull=True, venue__isnull=False), name="paper_by_venue"
            ),
            # In the order of the table: what no other index answers, as a part of a word, is read in one sweep.
            models.Index(fields=("id",), condition=PUBLIC_PAPER, name="paper_standing"),
            # Nearly all papers have none: those that have are found, and the others cost nothing.
            models.Index(fields=("merged_into",), condition=Q(merged_into__isnull=False), name="paper_merged"),
        )
        constraints = (
            models.CheckConstraint(condition=~Q(slug=""), name="paper_has_slug"),
            models.CheckConstraint(condition=~Q(title=""), name="paper_has_title"),
            models.CheckConstraint(
                condition=Q(year__isnull=True) | Q(year__range=(YEAR_MIN, YEAR_MAX)), name="paper_year_plausible"
            ),
            models.CheckConstraint(condition=Q(notice__in=["", *Notice]), name="paper_notice_known"),
            models.CheckConstraint(condition=Q(kind__in=["", *Kind]), name="paper_kind_known"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="paper_not_merged_into_itself"
            ),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its own page."""
        return path_of("paper", self.slug)

    def get_hub_url(self) -> str:
        """The page that tells how it is cited."""
        return path_of("hub", self.slug)


class Identifier(models.Model):
    """A name that somebody gave a paper, in the normal form of `identifiers.normalise`."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=20, choices=[(scheme.value, scheme.label) for scheme in Scheme])
    value = models.CharField(max_length=500)
    source = models.CharField(max_length=50, blank=True, default="")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("scheme", "value"), name="identifier_names_one_paper"),
            models.CheckConstraint(condition=Q(scheme__in=list(Scheme)), name="identifier_scheme_known"),
            models.CheckConstraint(condition=~Q(value=""), name="identifier_has_value"),
        )

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"

    @property
    def as_value(self) -> IdentifierValue:
        """The same as a plain value that knows its address."""
        return IdentifierValue(Scheme(self.scheme), self.value)


class Author(models.Model):
    """A person or group that writes papers, told apart by key."""

    key = models.CharField(
        max_length=300, unique=True, help_text="orcid:, s2: or openalex: and the value there, else the folded name"
    )
    name = models.CharField(max_length=300)
    orcid = models.CharField(max_length=19, blank=True, default="")

    class Meta:
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=~Q(key=""), name="author_has_key"),)

    def __str__(self) -> str:
        return self.name


class Authorship(models.Model):
    """One author of one paper, in order."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="authorships", db_index=False)
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="authorships")
    position = models.PositiveSmallIntegerField(help_text="from 0")
    name = models.CharField(max_length=300, help_text="as printed on the paper")

    class Meta:
        ordering = ("paper", "position")
        constraints = (models.UniqueConstraint(fields=("paper", "position"), name="authorship_one_per_position"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.paper_id}, {self.position})"


class CitedByCount(models.Model):
    """How often the world cites a paper, as one source counts it."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="cited_by_counts", db_index=False)
    source = models.CharField(max_length=50)
    count = models.PositiveIntegerField()
    as_of = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("paper", "source"), name="cited_by_count_one_per_source"),)

    def __str__(self) -> str:
        return f"{self.paper_id}: {self.count} ({self.source}, {self.as_of})"
