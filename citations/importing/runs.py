"""One run of an import: page by page, each in one transaction, to be resumed where it stopped."""

from __future__ import annotations

import datetime
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Count
from django.utils import timezone

from citations import labelling, summaries
from citations.importing.edges import Edge, Written, write_edges
from citations.importing.papers import CONFLICT, Entry, Shelf, batches, names
from citations.models import Citation, ImportRun, Paper, RejectedRecord
from citations.sources.records import CitationRecord, Page, Pages, PaperRecord, Rejected, SourceError
from citations.summaries import Cause

# What a run is resumed for; later the lists of services have moved on so far that a new run is the honest thing.
RESUMABLE_FOR = datetime.timedelta(days=7)
# How often a page is tried when another writer gets in its way (the same new paper, a lock that is held too long):
# where four imports of the same few papers met on PostgreSQL, one page needed seven attempts.
ATTEMPTS_PER_PAGE = 8
# The longest pause before the second attempt, in seconds; it doubles each time, up to the next constant. Drawn at
# random, so that imports that met do not meet again.
_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
# Of a rejected record's raw form and of its reason.
_RAW_LENGTH = 20_000
_REASON_LENGTH = 300
# Sentences for the user beyond these are only counted.
_MOST_NOTES = 20


class ImportStopped(Exception):
    """An import ended early: one line for the user. What was stored before stays, in whole pages."""


class RunsElsewhere(ImportStopped):
    """Another process goes on with the same run."""


@dataclass
class Counts:
    """What became of the records of a source: each is counted once."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        """How many records there were."""
        return self.created + self.updated + self.unchanged + self.rejected

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
        )

    def __str__(self) -> str:
        return f"created {self.created}, updated {self.updated}, unchanged {self.unchanged}, rejected {self.rejected}"


@dataclass
class Report:
    """What an import did.

    `run` is None after a dry run. `resumed_after` is how many records the run that was gone on with had counted before,
    `expected` how many the source promises, where it does. `reasons` counts why records were rejected.
    """

    counts: Counts = field(default_factory=Counts)
    notes: list[str] = field(default_factory=list)
    run: ImportRun | None = None
    resumed_after: int = 0
    expected: int | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def created(self) -> int:
        """Records that made a citation (or, where a source lists papers alone, a paper)."""
        return self.counts.created

    @property
    def updated(self) -> int:
        """Records that changed something about what was stored."""
        return self.counts.updated

    @property
    def unchanged(self) -> int:
        """Records that said nothing new."""
        return self.counts.unchanged

    @property
    def rejected(self) -> int:
        """Records that were not taken in."""
        return self.counts.rejected


Progress = Callable[[Report], None]


def run_import(
    source: str,
    pages: Pages,
    arguments: Mapping[str, Any],
    *,
    started_by: User | None = None,
    dry_run: bool = False,
    trial: Trial | None = None,
    progress: Progress | None = None,
    sleep: Callable[[float], None] | None = None,
) -> Report:
    """Take in what `pages` gives; repeatable, and resumable by the same `source` and `arguments`.

    Each record (one row of a list, one entry of a file) is counted once: created when its citation is new, updated when
    anything it says changed what was stored, unchanged, or rejected. Papers that come along with a page are stored
    without being counted. Of a resumed run, the report counts the whole.

    Each page is one transaction, together with the cursor behind it, so that an import that is killed goes on after its
    last whole page when the same is asked for again (within `RESUMABLE_FOR`); a finished run is never resumed. Rejected
    records, and those whose identifiers name several papers, are kept with the run. `progress` is called after pages,
    `sleep` (with seconds) before a page is tried again that another writer got in the way of.

    With `dry_run`, all records are written and then taken back: the report is the same, and nothing is stored. Dry
    runs with the same `trial` build on each other. What is derived (effective labels, counts of hubs) is not made:
    no report tells of it, and other writers wait as long as this lasts, on SQLite all of them.

    Raises `SourceError` when the source cannot be read any further, and `ImportStopped` when the database is in the
    way; the run is then marked as failed with the reason, and can be resumed.
    """
    if dry_run:
        return _try_out(source, pages, progress, trial or Trial())
    run = _unfinished_run(source, arguments) or _new_run(source, arguments, started_by)
    counts = _counts_of(run)
    report = Report(counts, run=run, resumed_after=counts.total, reasons=_reasons_of(run))
    try:
        for page in pages(run.cursor):
            _store_persistently(page, source, run, report, sleep or time.sleep)
            if progress:
                progress(report)
        _finish(run, report)
    except RunsElsewhere:
        raise
    except (SourceError, ImportStopped) as error:
        run.status, run.message, run.finished_at = ImportRun.FAILED, str(error), timezone.now()
        run.save(update_fields=["status", "message", "finished_at"])
        raise
    return report


@dataclass
class Trial:
    """Dry runs that belong together: each is tried on the collection as those before it would have left it."""

    read: list[tuple[str, list[Page]]] = field(default_factory=list)

    @contextmanager
    def as_if_stored(self) -> Iterator[None]:
        """The collection as it would be; whatever is written within is taken back, too."""
        with transaction.atomic():
            for source, pages in self.read:
                for page in pages:
                    _store(page, source, None, Report())
            yield
            transaction.set_rollback(True)


def _try_out(source: str, pages: Pages, progress: Progress | None, trial: Trial) -> Report:
    """The report of an import that is then undone, and is the last of `trial` from now on.

    All pages are read first, so that the database is not held while a service takes its time.
    """
    report = Report()
    read = []
    for page in pages({}):
        read.append(page)
        if progress:
            progress(Report(Counts(unchanged=sum(len(page.records) for page in read)), expected=page.expected))
    try:
        with trial.as_if_stored():
            for page in read:
                _note(report, page.notes)
                report.counts += _store(page, source, None, report)
    except (IntegrityError, OperationalError) as error:
        raise ImportStopped(f"The database refused a page: {_one_line(error)}") from error
    trial.read.append((source, read))
    return report


def _one_line(error: Exception) -> str:
    """What a database says, without its line breaks."""
    return " ".join(str(error).split())


# Runs ----------------------------------------------------------------------------------------------------------------


def fingerprint(source: str, arguments: Mapping[str, Any]) -> str:
    """What the same command has in common with itself: a hash of source and arguments."""
    content = json.dumps([source, arguments], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _new_run(source: str, arguments: Mapping[str, Any], started_by: User | None) -> ImportRun:
    """A run that begins."""
    return ImportRun.objects.create(
        source=source,
        arguments=dict(arguments),
        fingerprint=fingerprint(source, arguments),
        started_by=started_by,
    )


def _unfinished_run(source: str, arguments: Mapping[str, Any]) -> ImportRun | None:
    """The newest run of the same command, if it stopped on its way: killed, interrupted, or failed after some pages."""
    same = ImportRun.objects.filter(fingerprint=fingerprint(source, arguments))
    newest = same.order_by("-started_at", "-id").first()
    if newest is None or newest.status == ImportRun.FINISHED or newest.started_at < timezone.now() - RESUMABLE_FOR:
        return None
    if newest.status == ImportRun.FAILED:
        if not newest.cursor:
            return None
        newest.status, newest.message, newest.finished_at = ImportRun.RUNNING, "", None
        newest.save(update_fields=["status", "message", "finished_at"])
    return newest


def _counts_of(run: ImportRun) -> Counts:
    """What a run has counted so far."""
    return Counts(run.created, run.updated, run.unchanged, run.rejected)


def _reasons_of(run: ImportRun) -> Counter[str]:
    """Why a run has rejected records so far, as far as they are kept; conflicts of identity were taken in."""
    kept = run.rejected_records.exclude(reason__startswith=CONFLICT).order_by().values_list("reason")
    return Counter(dict(kept.annotate(n=Count("id"))))


def _finish(run: ImportRun, report: Report) -> None:
    """Close a run that came to its end."""
    run.status, run.finished_at, run.message = ImportRun.FINISHED, timezone.now(), "\n".join(report.notes)
    run.save(update_fields=["status", "finished_at", "message"])


def _note(report: Report, notes: Iterable[str]) -> None:
    """Keep sentences for the user, each once, and not without end."""
    for note in notes:
        if note not in report.notes and len(report.notes) < _MOST_NOTES:
            report.notes.append(note)


# Pages ---------------------------------------------------------------------------------------------------------------


def _store_persistently(
    page: Page, source: str, run: ImportRun, report: Report, sleep: Callable[[float], None]
) -> None:
    """Store a page and the cursor behind it in one transaction; again where another writer got in the way."""
    for attempt in range(1, ATTEMPTS_PER_PAGE + 1):
        before = list(report.notes), Counter(report.reasons)
        try:
            with transaction.atomic():
                _take_turn(run)
                counts = _counts_of(run) + _store(page, source, run, report)
                cursor = dict(page.cursor_after)
                ImportRun.objects.filter(pk=run.pk).update(cursor=cursor, **asdict(counts))
        except (IntegrityError, OperationalError) as error:
            report.notes, report.reasons = before
            if attempt == ATTEMPTS_PER_PAGE:
                raise ImportStopped(f"The database refused a page {attempt} times: {_one_line(error)}") from error
            sleep(random.uniform(0, min(_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)))
            continue
        run.cursor, report.counts, report.expected = cursor, counts, page.expected
        run.created, run.updated, run.unchanged, run.rejected = astuple(counts)
        _note(report, page.notes)
        return


def _take_turn(run: ImportRun) -> None:
    """Hold the run, and make sure that no other process goes on with it."""
    stored = ImportRun.objects.select_for_update().filter(pk=run.pk).values_list("cursor", "status").first()
    if stored != (run.cursor, ImportRun.RUNNING):
        raise RunsElsewhere("The same import is running elsewhere: it goes on there, and this one ends.")


def _store(page: Page, source: str, run: ImportRun | None, report: Report) -> Counts:
    """Write one page; returns what became of its records. Without a run it is tried, and nothing derived is made."""
    shelf = Shelf(source, _papers_of(page))
    counted: Counter[str] = Counter()
    rejected: list[Rejected] = []
    edges: list[Edge] = []
    alone: list[tuple[PaperRecord, bool]] = []
    along = {id(record) for record in page.papers}
    for paper in page.papers:
        if not _fault_of_paper(paper, shelf):
            shelf.place(paper)
    for record in page.records:
        fault = record if isinstance(record, Rejected) else _fault(record, shelf)
        if fault is not None:
            rejected.append(fault)
        elif isinstance(record, CitationRecord):
            edges.append(_edge(record, shelf, along))
        elif isinstance(record, PaperRecord):
            is_new = shelf.find(record) is None
            shelf.place(record)
            alone.append((record, is_new))
    _lock(shelf, edges)
    shelf.write()
    written = write_edges(edges, source, run)
    _refuse_merged_meanwhile(shelf)
    if run is None:
        labelling.restore_labels(written.labels)  # for the pages after this one; the rest nobody will see
    else:
        _bring_up_to_date(shelf, written, len(edges), run)
    counted.update("created" if edge.is_new else "updated" if edge.is_changed else "unchanged" for edge in edges)
    counted.update(
        "created" if is_new else "updated" if shelf.was_changed_by(record) else "unchanged" for record, is_new in alone
    )
    counted["rejected"] = len(rejected)
    _keep(rejected, shelf, run, report)
    return Counts(**counted)


def _papers_of(page: Page) -> list[PaperRecord]:
    """All paper records of a page."""
    found = list(page.papers)
    for record in page.records:
        if isinstance(record, CitationRecord):
            found += [record.citing, record.cited]
        elif isinstance(record, PaperRecord):
            found.append(record)
    return found


def _edge(record: CitationRecord, shelf: Shelf, along: set[int]) -> Edge:
    """Place both papers of a row. News of a paper that came along with the page are not news of each row."""
    citing, cited = shelf.place(record.citing), shelf.place(record.cited)
    changed = any(shelf.was_changed_by(paper) for paper in (record.citing, record.cited) if id(paper) not in along)
    return Edge(record, citing, cited, is_changed=changed)


def _fault(record: CitationRecord | PaperRecord, shelf: Shelf) -> Rejected | None:
    """Why a record cannot be taken in; None where it can."""
    if isinstance(record, PaperRecord):
        reason = _fault_of_paper(record, shelf)
        return Rejected(reason, record.raw) if reason else None
    for paper in (record.citing, record.cited):
        reason = _fault_of_paper(paper, shelf)
        if reason:
            return Rejected(reason, record.raw)
    citing, cited = shelf.find(record.citing), shelf.find(record.cited)
    shares_a_name = not set(names(record.citing)).isdisjoint(names(record.cited))
    if shares_a_name or (citing is not None and citing is cited):
        return Rejected("a paper citing itself", record.raw)
    return None


def _fault_of_paper(record: PaperRecord, shelf: Shelf) -> str:
    """Why there can be no such paper: without an identifier it has no identity, and a new one needs a title,
    unless its source knows none.
    """
    if not record.identifiers:
        return "no identifier"
    has_name = bool(record.title) or record.may_lack_title
    return "no title" if not has_name and shelf.find(record) is None else ""


def _lock(shelf: Shelf, edges: list[Edge]) -> None:
    """Hold the summaries of all stored hubs that this page may change, before anything is written."""
    changed = [entry.paper.pk for entry in shelf.changed() if not entry.is_new]
    cited = {edge.cited.paper.pk for edge in edges if not edge.cited.is_new}
    cited.update(Citation.objects.filter(citing_id__in=changed).values_list("cited_id", flat=True))
    has_summary = Citation.objects.filter(cited_id__in=changed).values_list("cited_id", flat=True)
    summaries.lock_hubs(cited | set(has_summary))


def _refuse_merged_meanwhile(shelf: Shelf) -> None:
    """Raises `OperationalError`, so that the page is taken in again, when a curator has merged one of its papers.

    A merge holds its papers, and who adds a citation waits for it: whatever was merged before is seen by now.
    """
    ids = [entry.paper.pk for entry in shelf.entries if entry.paper.pk is not None]
    for batch in batches(ids):
        if Paper.objects.filter(pk__in=batch, merged_into__isnull=False).exists():
            raise OperationalError("a paper was merged into another meanwhile")


def _bring_up_to_date(shelf: Shelf, written: Written, number_of_rows: int, run: ImportRun) -> None:
    """Add the labels, copy facts and count hubs anew, each hub once."""
    changed: list[Entry] = shelf.changed()
    hubs = written.hubs | summaries.paper_changed({entry.paper.pk for entry in changed} | written.citing)
    if written.labels:
        n = len(written.labels)
        cause = Cause(f"{n} {'label' if n == 1 else 'labels'} came with an import.", import_run=run)
        labelling.add_labels(written.labels, cause, uncounted=hubs)
        hubs -= {label.citation.cited_id for label in written.labels}
    rows = "1 citation" if number_of_rows == 1 else f"{number_of_rows} citations"
    summaries.recount(hubs, Cause(f"An import brought {rows}.", import_run=run))


def _keep(rejected: list[Rejected], shelf: Shelf, run: ImportRun | None, report: Report) -> None:
    """Store what was not taken in, and conflicts of identity, for a curator to look at."""
    report.reasons.update(one.reason for one in rejected)
    if shelf.conflicts:
        _note(
            report, ["Some records' identifiers name two papers: nothing was merged, see the run's rejected records."]
        )
    if run is None:
        return
    kept = [(one.reason, one.raw) for one in rejected]
    kept += [(conflict.reason, conflict.record.raw) for conflict in shelf.conflicts]
    RejectedRecord.objects.bulk_create(
        [RejectedRecord(run=run, reason=reason[:_REASON_LENGTH], raw=_as_text(raw)) for reason, raw in kept]
    )


def _as_text(raw: object) -> str:
    """A raw record as JSON (ASCII only, so that any database takes it), cut where it is very long."""
    return json.dumps(raw, sort_keys=True, default=str)[:_RAW_LENGTH]
