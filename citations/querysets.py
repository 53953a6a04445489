"""Questions with names, for the managers of `models`. Layer 2: knows columns, not models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Never, Self

from django.db import models
from django.db.models import BooleanField, Count, F, Func, Sum

from citations.vocabulary import CLASSIFIED_ROLES, RETRACTING_NOTICES, DecidedBy


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete a row of the ledger."""

    def __init__(self) -> None:
        super().__init__("labels are append-only: add a label that retracts or replaces the old one")


# Rows for one bulk statement: below the engines' limits of parameters, and large enough to amortise the round trip.
BATCH = 500


class ByCurator(Func):
    """Whether a curator decided, written without a parameter: so SQLite sees that an index has it."""

    template = f"(%(expressions)s = '{DecidedBy.CURATOR}')"
    output_field = BooleanField()


class IsPositive(Func):
    """Whether there is any, written without a parameter as well."""

    template = "(%(expressions)s > 0)"
    output_field = BooleanField()


# Which citing paper stands for its role before another: decided by a curator, has a sentence, worldwide citations, id.
BEST_FIRST = (
    ByCurator("role_by").desc(),
    IsPositive("mention_count").desc(),
    F("cited_by_count").desc(),
    F("id").asc(),
)


class OverwritingQuerySet(models.QuerySet[Any]):
    """Rows whose derived columns are written by the thousand."""

    def overwrite(self, rows: Iterable[Any], fields: Iterable[str]) -> None:
        """Write `fields` of saved rows, in batches, by INSERT ... ON CONFLICT DO UPDATE: 13 times as fast as
        bulk_update.
        """
        self.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=list(fields), batch_size=BATCH
        )


class PaperQuerySet(OverwritingQuerySet):
    """Papers."""

    def public(self) -> Self:
        """All but those that were merged into another."""
        return self.filter(merged_into__isnull=True)

    def with_identifier(self, scheme: str, value: str) -> Self:
        """The papers (one at most) that carry this identifier, given in its normal form."""
        return self.filter(identifiers__scheme=scheme, identifiers__value=value)

    def retracted(self) -> Self:
        """Those that no longer stand."""
        return self.filter(notice__in=RETRACTING_NOTICES)


class CitationQuerySet(OverwritingQuerySet):
    """Citations: one citing and one cited paper each."""

    def public(self) -> Self:
        """All but those that a merge of papers hid behind another citation."""
        return self.filter(merged_into__isnull=True)

    def of_hub(self, paper_id: int) -> Self:
        """The public citations of one cited paper; the condition is the common prefix of all its indexes."""
        return self.public().filter(cited_id=paper_id)

    def by_paper(self, paper_id: int) -> Self:
        """The public citations that one citing paper makes."""
        return self.public().filter(citing_id=paper_id)

    def classified(self) -> Self:
        """Those with a decided role other than unclear: the denominator of shares."""
        return self.filter(role__in=CLASSIFIED_ROLES)

    def unclassified(self) -> Self:
        """Those whose role nobody has decided; `unclear` is a decision."""
        return self.filter(role="")

    def confirmed_disputes(self) -> Self:
        """Disputes that a curator asserted or confirmed."""
        return self.filter(polarity="disputes", confirmed=True)

    def for_listing(self) -> Self:
        """With what a row of a list prints: the citing paper and its venue."""
        return self.select_related("citing", "citing__venue")


class LabelQuerySet(models.QuerySet[Any]):
    """The ledger. Rows can be added; whatever would change or delete one raises `AppendOnlyError`."""

    def update(self, **_: Any) -> Never:
        """Never."""
        raise AppendOnlyError

    def delete(self) -> Never:
        """Never."""
        raise AppendOnlyError

    def bulk_update(self, *_: Any, **__: Any) -> Never:
        """Never."""
        raise AppendOnlyError

    def in_ledger_order(self) -> Self:
        """Oldest first; ties by id, as `labels.resolve` breaks them."""
        return self.order_by("created_at", "id")


class HubSummaryQuerySet(OverwritingQuerySet):
    """Summaries of cited papers."""

    def public(self) -> Self:
        """Those of papers that something in the collection cites: what was merged into another paper, nothing does."""
        return self.filter(known__gt=0)

    def totals(self) -> dict[str, int]:
        """How many hubs these are, and their citations by how far they are read: one sum over an index."""
        sums: dict[str, int] = self.aggregate(
            hubs=Count("*"),
            known=Sum("known", default=0),
            classified=Sum("classified", default=0),
            unclear=Sum("unclear", default=0),
            assessed=Sum("assessed", default=0),
        )
        return sums | {"unclassified": sums["known"] - sums["classified"] - sums["unclear"]}

    def for_listing(self) -> Self:
        """With what a row of the list of hubs prints."""
        return self.select_related("paper", "paper__venue")
