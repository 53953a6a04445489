"""New papers by the thousand; whatever a paper is known of already takes the path of all other imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from citations import engines, summaries, text
from citations.identifiers import Identifier as IdentifierValue
from citations.identifiers import display
from citations.importing.bulk_slugs import FreeSlugs
from citations.importing.facts import AUTHORS, LARGEST_COUNT, Authored, authored, differences, venue_slug
from citations.importing.papers import STRONGEST_FIRST, _with_suffix, names
from citations.models import Author, Authorship, CitedByCount, Identifier, Paper, Venue, survivor
from citations.models.papers import UNKNOWN_DATE
from citations.sources.records import PaperRecord
from citations.summaries import SORT_TITLE_LENGTH
from citations.vocabulary import PLACEHOLDER

_COLUMNS = (
    "id",
    "slug",
    "title",
    "abstract",
    "summary",
    "year",
    "published_on",
    "venue_id",
    "kind",
    "notice",
    "url",
    "field_sources",
    "sort_title",
    "sort_date",
    "cited_by_count",
)
_STRENGTH = {scheme: place for place, scheme in enumerate(STRONGEST_FIRST)}
# Names of venues repeat; a slug takes 20 microseconds to make.
_slug_of_venue = lru_cache(50_000)(venue_slug)


@dataclass
class Sorted:
    """The records of a batch: those of papers that nobody knows, and the others, each in order; and what is none."""

    new: list[PaperRecord] = field(default_factory=list)
    known: list[PaperRecord] = field(default_factory=list)
    rejected: list[tuple[str, PaperRecord]] = field(default_factory=list)


def sort_records(records: Iterable[PaperRecord]) -> Sorted:
    """Which records are of papers that neither the collection nor an earlier record of the batch has a name of."""
    batch = list(records)
    named = [names(record) for record in batch]
    claimed = set(paper_ids({name for own in named for name in own}))
    found = Sorted()
    for record, own in zip(batch, named, strict=True):
        if not own:
            found.rejected.append(("no identifier", record))
        elif not claimed.isdisjoint(own):
            found.known.append(record)
        elif not (record.title or record.may_lack_title):
            found.rejected.append(("no title", record))
        else:
            found.new.append(record)
            claimed.update(own)
    return found


def paper_ids(identifiers: Iterable[IdentifierValue]) -> dict[IdentifierValue, int]:
    """The papers that carry these identifiers; for one that was merged, the paper that it was merged into."""
    statement = (
        f'SELECT i.scheme, i.value, p.id, p.merged_into_id FROM {{rows}} AS r JOIN "{Identifier._meta.db_table}" AS i '
        f'ON i.scheme = r.column1 AND i.value = r.column2 JOIN "{Paper._meta.db_table}" AS p ON p.id = i.paper_id'
    )
    by_name = {(name.scheme.value, name.value): name for name in identifiers}
    rows = engines.bulk.select(connection, statement, ("varchar", "varchar"), by_name)
    return {
        by_name[scheme, value]: paper_id if merged_into is None else survivor(Paper.objects.get(pk=merged_into)).pk
        for scheme, value, paper_id, merged_into in rows
    }


class NewPapers:
    """Adds papers of one source. Keep one for a whole run: it remembers which numbered slugs are taken."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._slugs = FreeSlugs(_with_suffix)

    def add(self, records: Sequence[PaperRecord], placeholders: bool = False) -> Sequence[int]:
        """Store records of papers that nobody knows (see `sort_records`); returns their ids in the same order.

        With `placeholders`, their titles are made up, and any source's title replaces them. The caller holds a
        transaction. Everything derived from the papers alone is written, too; the index of the full text is not.
        """
        if not records:
            return []
        found = [differences(_nobody(), record, self._source, is_own=True) for record in records]
        people = [authored(record) for record in records]
        venues = self._venues(str(values["venue"]) for values in found if "venue" in values)
        ids = engines.bulk.allocate_ids(connection, Paper, len(records))
        rows: list[list[Any]] = []
        slugs = []
        for paper_id, record, values, own in zip(ids, records, found, people, strict=True):
            sources = dict.fromkeys(values, self._source) | ({AUTHORS: self._source} if own else {})
            title = str(values.get("title", ""))
            if placeholders or not title:
                title = title or display(_strongest(record))
                sources["title"] = PLACEHOLDER
            year = record.year if "year" in values else None
            day = record.published_on if "published_on" in values else None
            slugs.append(_slug_wishes(title, year, record))
            rows.append(
                [
                    paper_id,
                    "",
                    title,
                    values.get("abstract", ""),
                    values.get("summary", ""),
                    year,
                    day,
                    venues[_slug_of_venue(str(values["venue"]))] if "venue" in values else None,
                    values.get("kind", ""),
                    values.get("notice", ""),
                    values.get("url", ""),
                    sources,
                    text.sort_key(title)[:SORT_TITLE_LENGTH],
                    summaries.sort_date(Paper(year=year, published_on=day)) if year or day else UNKNOWN_DATE,
                    _count(record) or 0,
                ]
            )
        for row, slug in zip(rows, self._slugs.take(slugs), strict=True):
            row[1] = slug
        engines.bulk.insert(connection, Paper, _COLUMNS, rows)
        self._add_identifiers(ids, records)
        self._add_authors(ids, people)
        self._add_counts(ids, records)
        return ids

    def _venues(self, wanted: Iterable[str]) -> dict[str, int]:
        """Ids of venues by slug, those that are new made."""
        by_slug = {_slug_of_venue(name): name for name in wanted}
        stored = dict(Venue.objects.filter(slug__in=by_slug).values_list("slug", "pk"))
        missing = [Venue(slug=slug, name=by_slug[slug]) for slug in sorted(by_slug.keys() - stored.keys())]
        if missing:
            Venue.objects.bulk_create(missing, ignore_conflicts=True)
            stored = dict(Venue.objects.filter(slug__in=by_slug).values_list("slug", "pk"))
        return stored

    def _add_identifiers(self, ids: Sequence[int], records: Sequence[PaperRecord]) -> None:
        """Insert identifiers sorted, so that two writers who meet wait for each other in one order."""
        rows = sorted(
            (name.scheme.value, name.value, paper_id, self._source)
            for paper_id, record in zip(ids, records, strict=True)
            for name in dict.fromkeys(record.identifiers)
        )
        engines.bulk.insert(connection, Identifier, ("scheme", "value", "paper_id", "source"), rows)

    def _add_authors(self, ids: Sequence[int], people: Sequence[list[Authored]]) -> None:
        """Link papers with their authors, who are shared by key."""
        wanted: dict[str, Authored] = {}
        for own in people:
            for author in own:
                wanted.setdefault(author.key, author)
        if not wanted:
            return
        stored = _author_ids(wanted)
        missing = sorted(wanted.keys() - stored.keys())
        new = dict(zip(missing, engines.bulk.allocate_ids(connection, Author, len(missing)), strict=True))
        engines.bulk.insert(
            connection,
            Author,
            ("id", "key", "name", "orcid"),
            ((pk, key, wanted[key].name, wanted[key].orcid) for key, pk in new.items()),
        )
        stored |= new
        rows = (
            (paper_id, stored[author.key], position, author.name)
            for paper_id, own in zip(ids, people, strict=True)
            for position, author in enumerate(own)
        )
        engines.bulk.insert(connection, Authorship, ("paper_id", "author_id", "position", "name"), rows)

    def _add_counts(self, ids: Sequence[int], records: Sequence[PaperRecord]) -> None:
        """Store worldwide counts as of today."""
        today = timezone.now().date()
        counted = ((paper_id, _count(record)) for paper_id, record in zip(ids, records, strict=True))
        rows = [(paper_id, self._source, n, today) for paper_id, n in counted if n is not None]
        if rows:
            engines.bulk.insert(connection, CitedByCount, ("paper_id", "source", "count", "as_of"), rows)


@lru_cache(1)
def _nobody() -> Paper:
    """A paper of which nothing is known, to see what a record says of a new one. It is never changed."""
    return Paper(title="")


def _author_ids(keys: Iterable[str]) -> dict[str, int]:
    """Ids of the authors with these keys."""
    statement = f'SELECT a.key, a.id FROM {{rows}} AS r JOIN "{Author._meta.db_table}" AS a ON a.key = r.column1'
    return dict(engines.bulk.select(connection, statement, ("varchar",), ((key,) for key in keys)))


def _count(record: PaperRecord) -> int | None:
    """How often the source says that the world cites it, within the column's range."""
    return None if record.cited_by_count is None else min(record.cited_by_count, LARGEST_COUNT)


def _strongest(record: PaperRecord) -> IdentifierValue:
    """The identifier by which a paper is best known."""
    return min(record.identifiers, key=lambda name: (_STRENGTH[name.scheme], name.value))


def _slug_wishes(title: str, year: int | None, record: PaperRecord) -> list[str]:
    """The slug that a paper should have and, where the year is known, the one that it gets when that is taken."""
    base = text.slugify(title)
    if not base:
        strongest = _strongest(record)
        base = text.slugify(f"{strongest.scheme.value} {strongest.value}")
    return [base, _with_suffix(base, str(year))] if year else [base]
