"""The papers of one page: which records are which papers, and writing what is new about them in few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from django.utils import timezone

from citations import text
from citations.identifiers import Identifier as IdentifierValue
from citations.identifiers import Scheme, display, equivalents
from citations.importing.facts import (
    AUTHORS,
    BATCH,
    LARGEST_COUNT,
    Authored,
    authored,
    confirmed,
    differences,
    may_set,
    outranks,
    venue_slug,
)
from citations.models import Author, Authorship, CitedByCount, Identifier, Paper, Venue
from citations.sources.records import PaperRecord
from citations.vocabulary import PLACEHOLDER

# Where the identifiers of one record name several papers, the record goes to the one that the first of these names:
# what a registrar gave out before what a service made up, and numbers that were matched by machine last.
STRONGEST_FIRST = (
    Scheme.DOI,
    Scheme.ARXIV,
    Scheme.PMID,
    Scheme.PMCID,
    Scheme.ACL,
    Scheme.OPENALEX,
    Scheme.S2,
    Scheme.CORPUSID,
    Scheme.DBLP,
    Scheme.MAG,
    Scheme.FINGERPRINT,
)
# How the reason begins of a record that is kept for a curator although it was taken in.
CONFLICT = "conflicting identifiers"
_SLUG_LENGTH = 120

_Value = TypeVar("_Value")


@dataclass(eq=False)
class Entry:
    """One paper of the page, stored already or not yet."""

    paper: Paper
    identifiers: set[IdentifierValue] = field(default_factory=set)
    authors: list[Authored] = field(default_factory=list)
    cited_by: int | None = None
    records: list[PaperRecord] = field(default_factory=list)
    new_identifiers: list[IdentifierValue] = field(default_factory=list)
    authors_changed: bool = False
    cited_by_changed: bool = False
    changed_fields: set[str] = field(default_factory=set)
    venue_name: str = ""

    @property
    def is_new(self) -> bool:
        """Whether it is not stored yet."""
        return self.paper.pk is None

    @property
    def is_changed(self) -> bool:
        """Whether anything about it has to be written."""
        return bool(self.changed_fields or self.new_identifiers or self.authors_changed or self.cited_by_changed)

    def is_own(self, record: PaperRecord) -> bool:
        """Whether a record is the one that its source keeps for this paper.

        A source may hold several records of one paper (they share a DOI, say). Then the one whose own name sorts first
        may correct what the source said before, and the others only fill gaps: else each would overwrite the other on
        every run.
        """
        own = record.identifiers[0]
        return own == min((known for known in self.identifiers if known.scheme is own.scheme), default=own)


@dataclass(frozen=True)
class Conflict:
    """A record whose identifiers name several papers."""

    reason: str
    record: PaperRecord


class Shelf:
    """The papers that the records of one page speak of.

    Look records up with `find`, add them with `place`, then `write`. Only `write` changes the database.
    """

    def __init__(self, source: str, records: Iterable[PaperRecord]) -> None:
        self.source = source
        self.entries: list[Entry] = []
        self.conflicts: list[Conflict] = []
        self._named: dict[IdentifierValue, Entry] = {}
        self._placed: dict[int, Entry] = {}
        self._changed_by: dict[int, bool] = {}
        self._load({known for record in records for known in names(record)})

    # Finding and placing ---------------------------------------------------------------------------------------------

    def find(self, record: PaperRecord) -> Entry | None:
        """The paper that a record is about, by any of its identifiers, the strongest first; None for a new one."""
        for identifier in sorted(names(record), key=lambda known: STRONGEST_FIRST.index(known.scheme)):
            if identifier in self._named:
                return self._named[identifier]
        return None

    def place(self, record: PaperRecord) -> Entry:
        """Take in what a record says of its paper, which is a new one where none is found."""
        if id(record) in self._placed:
            return self._placed[id(record)]
        entry = self.find(record)
        if entry is None:
            entry = Entry(Paper(title=""))
            self.entries.append(entry)
        self._note_conflict(record, entry)
        self._placed[id(record)] = entry
        entry.records.append(record)
        for identifier in record.identifiers:
            if identifier not in self._named and not self._others_named_by(equivalents(identifier), entry):
                self._named[identifier] = entry
                entry.identifiers.add(identifier)
                entry.new_identifiers.append(identifier)
                self._changed_by[id(record)] = True
        self._changed_by[id(record)] = self._take_in(entry, record) or self._changed_by.get(id(record), False)
        return entry

    def was_changed_by(self, record: PaperRecord) -> bool:
        """Whether a placed record said anything new of its paper."""
        return self._changed_by.get(id(record), False)

    def changed(self) -> list[Entry]:
        """The papers of which anything has to be written."""
        return [entry for entry in self.entries if entry.is_changed]

    def _take_in(self, entry: Entry, record: PaperRecord) -> bool:
        """Set on the instance what a record changes; says whether it changes anything."""
        is_own = entry.is_own(record)
        fields = self._set_fields(entry, record, is_own=is_own)
        new_authors = self._set_authors(entry, record, is_own=is_own)
        cited_by = min(record.cited_by_count, LARGEST_COUNT) if record.cited_by_count is not None else None
        new_count = cited_by is not None and cited_by != entry.cited_by and (is_own or entry.cited_by is None)
        if new_count:
            entry.cited_by, entry.cited_by_changed = cited_by, True
        return fields or new_authors or new_count

    def _set_fields(self, entry: Entry, record: PaperRecord, *, is_own: bool) -> bool:
        """Set the columns that a record changes; the venue waits for `write`. Says whether it changes any.

        To confirm what a lesser source said is noted, and is no change.
        """
        found = differences(entry.paper, record, self.source, is_own=is_own)
        for name, value in found.items():
            if name == "venue":
                # A stand-in that compares like the stored one; it is exchanged for it when papers are written.
                entry.venue_name = str(value)
                entry.paper.venue = Venue(slug=venue_slug(entry.venue_name), name=entry.venue_name)
            else:
                setattr(entry.paper, name, value)
            entry.paper.field_sources[name] = self.source
        now_ours = confirmed(entry.paper, record, self.source)
        entry.paper.field_sources |= dict.fromkeys(now_ours, self.source)
        entry.changed_fields.update(found, {"field_sources"} if found or now_ours else ())
        return bool(found)

    def _set_authors(self, entry: Entry, record: PaperRecord, *, is_own: bool) -> bool:
        """Set the authors where a record changes them; says whether it does.

        To confirm what a lesser source said is noted, and is no change.
        """
        authors = authored(record)
        may = may_set(entry.paper, AUTHORS, self.source, is_empty=not entry.authors, is_own=is_own)
        is_new = bool(authors) and authors != entry.authors and may
        if is_new:
            entry.authors, entry.authors_changed = authors, True
        is_confirmed = authors == entry.authors and outranks(self.source, entry.paper.field_sources.get(AUTHORS, ""))
        if authors and (is_new or is_confirmed):
            entry.paper.field_sources[AUTHORS] = self.source
            entry.changed_fields.add("field_sources")
        return is_new

    def _note_conflict(self, record: PaperRecord, entry: Entry) -> None:
        """Keep it for a curator when a record's identifiers name other papers too; papers are never merged here."""
        others = self._others_named_by(names(record), entry)
        if not others:
            return
        named = ", ".join(f"{display(known)} names {_slug_or_new(self._named[known])}" for known in others)
        reason = f"{CONFLICT}: taken for {_slug_or_new(entry)}, but {named}"
        self.conflicts.append(Conflict(reason, record))

    def _others_named_by(self, identifiers: Iterable[IdentifierValue], entry: Entry) -> list[IdentifierValue]:
        """Those identifiers that name other papers than this one."""
        return [known for known in identifiers if self._named.get(known, entry) is not entry]

    # Loading ---------------------------------------------------------------------------------------------------------

    def _load(self, wanted: set[IdentifierValue]) -> None:
        """Read the papers that carry any of these identifiers, with all that records are compared to."""
        found = _paper_ids(wanted)
        papers = _surviving_papers(set(found.values()))
        distinct = {paper.pk: paper for paper in papers.values()}
        entries = {key: Entry(distinct[key]) for key in sorted(distinct)}
        for identifier, paper_id in found.items():
            self._named[identifier] = entries[papers[paper_id].pk]
        for batch in batches(list(entries)):
            for row in Identifier.objects.filter(paper_id__in=batch):
                entries[row.paper_id].identifiers.add(row.as_value)
                self._named.setdefault(row.as_value, entries[row.paper_id])
            for paper_id, authors in _stored_authors(batch).items():
                entries[paper_id].authors = authors
            for counted in CitedByCount.objects.filter(paper_id__in=batch, source=self.source):
                entries[counted.paper_id].cited_by = counted.count
        self.entries = list(entries.values())

    # Writing ---------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Store everything new about the papers. The caller holds a transaction and the locks of the hubs concerned."""
        changed = self.changed()
        new = [entry for entry in changed if entry.is_new]
        stored = [entry for entry in changed if not entry.is_new]
        self._reload(stored)
        self._write_venues(changed)
        _name_by_identifier([entry for entry in new if not entry.paper.title])
        _set_slugs(new)
        Paper.objects.bulk_create([entry.paper for entry in new], batch_size=BATCH)
        self._update_columns(stored)
        self._write_identifiers(changed)
        self._write_authors([entry for entry in changed if entry.authors_changed])
        self._write_counts([entry for entry in changed if entry.cited_by_changed])

    def _reload(self, stored: list[Entry]) -> None:
        """Read stored papers again, now locked, and decide anew what records change: a curator may have edited them.

        Whoever edits authors holds the paper's row, too, so that they are read after it.
        """
        by_id = {entry.paper.pk: entry for entry in stored if entry.changed_fields}
        locked = Paper.objects.select_for_update(of=("self",)).select_related("venue")
        for batch in batches(sorted(by_id)):
            papers = list(locked.filter(pk__in=batch).order_by("pk"))
            authors = _stored_authors(batch)
            for paper in papers:
                entry = by_id[paper.pk]
                entry.paper, entry.venue_name, entry.changed_fields = paper, "", set()
                entry.authors, entry.authors_changed = authors.get(paper.pk, []), False
                for record in entry.records:
                    is_own = entry.is_own(record)
                    self._set_fields(entry, record, is_own=is_own)
                    self._set_authors(entry, record, is_own=is_own)

    def _write_venues(self, changed: list[Entry]) -> None:
        """Exchange the stand-ins for stored venues, making those that are new."""
        wanted = {venue_slug(entry.venue_name): entry.venue_name for entry in changed if entry.venue_name}
        stored = {venue.slug: venue for venue in Venue.objects.filter(slug__in=wanted)}
        missing = [Venue(slug=slug, name=wanted[slug]) for slug in sorted(wanted.keys() - stored.keys())]
        if missing:
            Venue.objects.bulk_create(missing, ignore_conflicts=True)
            stored = {venue.slug: venue for venue in Venue.objects.filter(slug__in=wanted)}
        for entry in changed:
            if entry.venue_name:
                entry.paper.venue = stored[venue_slug(entry.venue_name)]

    def _update_columns(self, stored: list[Entry]) -> None:
        """Write changed columns of stored papers, and no others."""
        by_columns: dict[tuple[str, ...], list[Paper]] = defaultdict(list)
        for entry in stored:
            if entry.changed_fields:
                by_columns[tuple(sorted(entry.changed_fields))].append(entry.paper)
        for columns, papers in by_columns.items():
            Paper.objects.bulk_update(papers, columns, batch_size=BATCH)

    def _write_identifiers(self, changed: list[Entry]) -> None:
        """Insert identifiers sorted, so that two writers who meet wait for each other in one order."""
        new = sorted((known, entry.paper.pk) for entry in changed for known in entry.new_identifiers)
        Identifier.objects.bulk_create(
            [
                Identifier(paper_id=paper_id, scheme=known.scheme, value=known.value, source=self.source)
                for known, paper_id in new
            ],
            batch_size=BATCH,
        )

    def _write_authors(self, changed: list[Entry]) -> None:
        """Replace the authors of these papers; people are shared by key."""
        wanted = {author.key: author for entry in reversed(changed) for author in reversed(entry.authors)}
        stored = _authors_by_key(wanted)
        missing = sorted(wanted.keys() - stored)
        if missing:
            people = [Author(key=key, name=wanted[key].name, orcid=wanted[key].orcid) for key in missing]
            Author.objects.bulk_create(people, batch_size=BATCH, ignore_conflicts=True)
            stored |= _authors_by_key(missing)
        for batch in batches(sorted(entry.paper.pk for entry in changed)):
            Authorship.objects.filter(paper_id__in=batch).delete()
        Authorship.objects.bulk_create(
            [
                Authorship(paper_id=entry.paper.pk, author_id=stored[author.key], position=position, name=author.name)
                for entry in changed
                for position, author in enumerate(entry.authors)
            ],
            batch_size=BATCH,
        )

    def _write_counts(self, changed: list[Entry]) -> None:
        """Store worldwide counts as of today; only those that changed, so that a repetition writes nothing."""
        today = timezone.now().date()
        CitedByCount.objects.bulk_create(
            [
                CitedByCount(paper_id=entry.paper.pk, source=self.source, count=entry.cited_by, as_of=today)
                for entry in sorted(changed, key=lambda entry: entry.paper.pk)
                if entry.cited_by is not None
            ],
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["paper", "source"],
            update_fields=["count", "as_of"],
        )


def _slug_or_new(entry: Entry) -> str:
    """How a paper is named in a reason for a curator."""
    return entry.paper.slug or "a new paper"


def names(record: PaperRecord) -> list[IdentifierValue]:
    """The identifiers of a record, with those that name the same paper by construction."""
    return [name for known in record.identifiers for name in (known, *equivalents(known))]


def _paper_ids(wanted: set[IdentifierValue]) -> dict[IdentifierValue, int]:
    """Which papers carry these identifiers."""
    by_scheme: dict[Scheme, list[str]] = defaultdict(list)
    for name in sorted(wanted):
        by_scheme[name.scheme].append(name.value)
    found = {}
    for scheme, values in by_scheme.items():
        for batch in batches(values):
            rows = Identifier.objects.filter(scheme=scheme, value__in=batch).values_list("value", "paper_id")
            found.update({IdentifierValue(scheme, value): paper_id for value, paper_id in rows})
    return found


def _stored_authors(paper_ids: list[int]) -> dict[int, list[Authored]]:
    """The authors of these papers in their order; papers without any are left out."""
    found: dict[int, list[Authored]] = defaultdict(list)
    authorships = Authorship.objects.filter(paper_id__in=paper_ids).order_by("position")
    for paper_id, *author in authorships.values_list("paper_id", "name", "author__key", "author__orcid"):
        found[paper_id].append(Authored(*author))
    return found


def _surviving_papers(ids: set[int]) -> dict[int, Paper]:
    """The papers of these ids; for one that was merged, the paper that it was merged into, at the end of the chain."""
    papers: dict[int, Paper] = {}
    wanted = set(ids)
    while wanted:
        for batch in batches(sorted(wanted)):
            papers |= {paper.pk: paper for paper in Paper.objects.select_related("venue").filter(pk__in=batch)}
        wanted = {paper.merged_into_id for paper in papers.values() if paper.merged_into_id} - papers.keys()
    survivors = {}
    for paper_id in ids:
        paper = papers[paper_id]
        while paper.merged_into_id:
            paper = papers[paper.merged_into_id]
        survivors[paper_id] = paper
    return survivors


def _authors_by_key(keys: Iterable[str]) -> dict[str, int]:
    """Ids of the authors with these keys."""
    stored: dict[str, int] = {}
    for batch in batches(sorted(keys)):
        stored.update(Author.objects.filter(key__in=batch).values_list("key", "pk"))
    return stored


def _name_by_identifier(untitled: list[Entry]) -> None:
    """Let an identifier stand for the title of papers that no source has named yet."""
    for entry in untitled:
        entry.paper.title = display(_strongest(entry))
        entry.paper.field_sources["title"] = PLACEHOLDER


def _strongest(entry: Entry) -> IdentifierValue:
    """The identifier by which a paper is best known."""
    return min(entry.identifiers, key=lambda known: (STRONGEST_FIRST.index(known.scheme), known.value))


def _set_slugs(new: list[Entry]) -> None:
    """Give new papers their addresses: the title; if taken, with the year; if that is taken, with a number."""
    wanted = {id(entry): _slug_wishes(entry) for entry in new}
    first_wishes = sorted({wish for wishes in wanted.values() for wish in wishes})
    taken: set[str] = set()
    for batch in batches(first_wishes):
        taken.update(Paper.objects.filter(slug__in=batch).values_list("slug", flat=True))
    for entry in new:
        wishes = wanted[id(entry)]
        slug = next((wish for wish in wishes if wish not in taken), "") or _numbered(wishes[0], taken)
        taken.add(slug)
        entry.paper.slug = slug


def _slug_wishes(entry: Entry) -> list[str]:
    """The slug a paper should have and, where the year is known, the one it gets when that is taken."""
    strongest = _strongest(entry)
    base = text.slugify(entry.paper.title) or text.slugify(f"{strongest.scheme.value} {strongest.value}")
    return [base, _with_suffix(base, str(entry.paper.year))] if entry.paper.year else [base]


def _numbered(base: str, taken: set[str]) -> str:
    """`base` with the first free number from 2 on."""
    stem = base[: _SLUG_LENGTH - 10]
    taken |= set(Paper.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for number in count(2) if (slug := _with_suffix(base, str(number))) not in taken)


def _with_suffix(base: str, suffix: str) -> str:
    """`base-suffix`, within the length of the column."""
    return f"{base[: _SLUG_LENGTH - len(suffix) - 1].rstrip('-')}-{suffix}"


def batches(values: list[_Value]) -> Iterator[list[_Value]]:
    """Stretches of at most `BATCH` values, for one IN (...) each."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
