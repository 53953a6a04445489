"""The bulk loader: the same result as record by record, resumed after any end, in few statements."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from citations import engines, labelling
from citations.identifiers import Identifier as IdentifierValue
from citations.identifiers import Scheme
from citations.importing import (
    ImportStopped,
    bulk,
    bulk_indexes,
    bulk_links,
    bulk_work,
    run_import,
    runs,
)
from citations.importing.bulk import BulkReport, import_snapshot
from citations.importing.bulk_slugs import FreeSlugs
from citations.importing.runs import Counts, Report
from citations.models import (
    Author,
    Authorship,
    Citation,
    CitedByCount,
    ClassChange,
    HubSummary,
    HubTally,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Merge,
    Paper,
    RejectedRecord,
    Venue,
)
from citations.sources import edges, snapshot_openalex, snapshot_semanticscholar
from citations.sources.records import CitationRecord, Cursor, Page, PaperRecord, Rejected
from citations.sources.snapshots import Item, LinesOf, Link, Snapshot
from citations.vocabulary import CURATOR, PLACEHOLDER
from tests.factories import make_citation, make_curator, make_label, make_paper
from tests.snapshots import (
    openalex_snapshot,
    openalex_work,
    s2_citation,
    s2_paper,
    s2_snapshot,
    write_lines,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are tried again at once."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def load(snapshot: Snapshot, **options: Any) -> BulkReport:
    """A bulk import of a snapshot."""
    return import_snapshot(snapshot, {"directory": "made-up"}, name=snapshot.source, **options)


def s2(directory: Path, **sizes: int) -> Snapshot:
    """Semantic Scholar's datasets, made up."""
    return snapshot_semanticscholar.open_snapshot(s2_snapshot(directory, **sizes))


def pairs_in(path: Path, pairs: list[tuple[int, int]], **options: Any) -> Snapshot:
    """An edge list."""
    path.write_text("".join(f"{citing}\t{cited}\n" for citing, cited in pairs))
    return edges.open_edges(path, **options)


def made_pairs(number: int, nodes: int, seed: int = 3) -> list[tuple[int, int]]:
    """Pairs with repetitions and self-citations."""
    dice = random.Random(seed)
    return [(dice.randint(1, nodes), min(dice.randint(1, nodes), dice.randint(1, nodes))) for _ in range(number)]


# Record by record ----------------------------------------------------------------------------------------------------


def record_by_record(snapshot: Snapshot) -> Report:
    """The same data through the path of all other imports."""

    def pages(_: Cursor) -> Iterator[Page]:
        for step in snapshot.steps:
            for file in step.files:
                found = [item for _, several in step.read(file, LinesOf(file)) for item in several]
                for start in range(0, len(found), 100):
                    records = tuple(as_record(item, snapshot) for item in found[start : start + 100])
                    yield Page(records=records, cursor_after={"file": file.name, "line": start})

    return run_import(snapshot.source, pages, {"directory": "made-up"})


def as_record(item: Item, snapshot: Snapshot) -> CitationRecord | PaperRecord | Rejected:
    """A link as a whole record."""
    if not isinstance(item, Link):
        return item
    is_described = getattr(snapshot, "metadata", None) is not None
    citing, cited = (
        (None if is_described else snapshot.stand_in(node)) or PaperRecord((snapshot.identifier(node),))
        for node in (item.citing, item.cited)
    )
    if item.said is None:
        return CitationRecord(citing, cited)
    return CitationRecord(
        citing,
        cited,
        mentions=item.said.mentions,
        intents=item.said.intents,
        is_influential=item.said.is_influential,
    )


_NO_CONTENT = {"id", "created_at", "updated_at", "class_since", "as_of", "decision", "import_run_id"}


def rows(model: Any, references: dict[str, str], *also_without: str) -> list[dict[str, Any]]:
    """All rows of a table in an order of their own, references by what names the row, without ids and times."""
    columns = [field.attname for field in model._meta.concrete_fields]
    kept = [name for name in columns if name not in _NO_CONTENT and name not in references and name not in also_without]
    named = [*kept, *references.values()]
    return sorted(model.objects.order_by().values(*named), key=str)


def content() -> dict[str, Any]:
    """Everything that an import writes."""
    pair = {"citation_id": "citation__citing__slug", "mention_id": "mention__content_hash"}
    counts = "counts"
    return {
        "papers": rows(Paper, {"venue_id": "venue__slug"}, "field_sources"),
        "sources": {
            slug: {name: source for name, source in stated.items() if name != "title"}
            for slug, stated in Paper.objects.values_list("slug", "field_sources")
        },
        "venues": rows(Venue, {}),
        "identifiers": rows(Identifier, {"paper_id": "paper__slug"}),
        "authors": rows(Author, {}),
        "authorships": rows(Authorship, {"paper_id": "paper__slug", "author_id": "author__key"}),
        "cited by": rows(CitedByCount, {"paper_id": "paper__slug"}),
        "citations": rows(
            Citation, {"citing_id": "citing__slug", "cited_id": "cited__slug", "venue_id": "venue__slug"}
        ),
        "mentions": rows(Mention, {"citation_id": "citation__citing__slug", "hub": "citation__cited__slug"}),
        "labels": rows(Label, pair | {"hub": "citation__cited__slug"}),
        "hubs": rows(HubSummary, {"paper_id": "paper__slug", "venue_id": "venue__slug"}, "representatives"),
        "representatives": representatives(),
        "tallies": rows(HubTally, {"hub_id": "hub__slug"}),
        "classes": rows(ClassChange, {"hub_id": "hub__slug"}, "cause"),
        counts: dict(ImportRun.objects.values_list("status", "created")),
    }


def representatives() -> dict[str, list[tuple[str, str]]]:
    """The chosen citing papers of each hub, and why."""
    citing = dict(Citation.objects.values_list("pk", "citing__slug"))
    chosen = HubSummary.objects.values_list("paper__slug", "representatives")
    return {slug: [(citing[one["citation"]], one["why"]) for one in several] for slug, several in chosen}


def nothing_is_stale() -> bool:
    """Whether summaries, effective and copied columns, tallies and the full text are what the rows say."""
    hubs = labelling.hubs_to_rebuild()
    differing = [hub for hub in hubs if labelling.hub_differs(hub).differed]
    papers = list(Paper.objects.values_list("pk", flat=True))
    return not differing and not engines.text_differs(connection, papers)


def undone(work: Any) -> Any:
    """What `work` gives, done in a transaction that is taken back."""
    with transaction.atomic():
        result = work()
        transaction.set_rollback(True)
    return result


def one_after_the_other(snapshot: Snapshot) -> tuple[Any, Any]:
    """Content and counts after a bulk import, and after the same data record by record."""

    def in_bulk() -> Any:
        report = load(snapshot)
        assert nothing_is_stale()
        return content(), report.counts, report.reasons

    def by_record() -> Any:
        report = record_by_record(snapshot)
        return content(), report.counts, report.reasons

    return undone(in_bulk), undone(by_record)


@pytest.fixture(params=["whole", "small batches"])
def batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in one batch, or in many."""
    if request.param == "small batches":
        monkeypatch.setattr(bulk, "PAPERS_PER_BATCH", 7)
        monkeypatch.setattr(bulk, "LINKS_PER_BATCH", 20)
        monkeypatch.setattr(bulk, "HUBS_PER_BATCH", 5)
        monkeypatch.setattr(bulk_links, "REMEMBERED", 10)


@pytest.mark.usefixtures("batches")
def test_the_datasets_of_semantic_scholar_come_in_as_record_by_record(tmp_path: Path) -> None:
    (found, counts, reasons), (wanted, wanted_counts, wanted_reasons) = one_after_the_other(s2(tmp_path))
    for part, expected in wanted.items():
        assert found[part] == expected, part
    assert found["labels"] and found["mentions"] and found["hubs"] and found["representatives"]
    # Record by record, the reason is that the paper has no title.
    assert counts == wanted_counts
    assert sum(reasons.values()) == sum(wanted_reasons.values()) == counts.rejected > 0
    assert counts.updated > 0


@pytest.mark.usefixtures("batches")
def test_works_of_openalex_come_in_as_record_by_record(tmp_path: Path) -> None:
    snapshot = snapshot_openalex.open_snapshot(openalex_snapshot(tmp_path))
    (found, counts, _), (wanted, wanted_counts, _) = one_after_the_other(snapshot)
    for part, expected in wanted.items():
        assert found[part] == expected, part
    assert counts == wanted_counts
    assert any(row["is_self_citation"] for row in found["citations"])
    assert any(row["retracted"] for row in found["citations"])


@pytest.mark.usefixtures("batches")
def test_an_edge_list_comes_in_as_record_by_record(tmp_path: Path) -> None:
    described = "".join(f"{n}\tTitle {n % 20}\t{1990 + n % 3}\tDoe, Jo\n" for n in range(1, 31))
    (tmp_path / "meta.tsv").write_text(f"id\ttitle\tyear\tauthors\n{described}")
    for metadata in (None, tmp_path / "meta.tsv"):
        snapshot = pairs_in(tmp_path / "graph.tsv", made_pairs(400, 30), metadata=metadata)
        (found, counts, reasons), (wanted, wanted_counts, wanted_reasons) = one_after_the_other(snapshot)
        for part, expected in wanted.items():
            assert found[part] == expected, part
        assert (counts, reasons) == (wanted_counts, wanted_reasons)


def test_hubs_of_any_size_have_their_tallies(tmp_path: Path) -> None:
    pairs = [(n, 1) for n in range(2, 2_102)]
    (found, _, _), (wanted, _, _) = one_after_the_other(pairs_in(tmp_path / "graph.tsv", pairs))
    assert found["tallies"] == wanted["tallies"] != []


# Again, and again ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("batches")
def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    for snapshot in (
        s2(tmp_path / "s2", papers=20, citations=60),
        snapshot_openalex.open_snapshot(openalex_snapshot(tmp_path / "openalex", works=12)),
        pairs_in(tmp_path / "graph.tsv", made_pairs(100, 15)),
    ):
        first = load(snapshot)
        before = content() | {"counts": None}
        again = load(snapshot)
        assert (again.created, again.updated) == (0, 0)
        assert (again.unchanged, again.rejected) == (first.counts.total - first.rejected, first.rejected)
        assert content() | {"counts": None} == before


def test_a_second_run_takes_in_what_is_new(tmp_path: Path) -> None:
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (3, 2)]))
    report = load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (4, 2), (1, 3)]))
    assert report.counts == Counts(created=2, unchanged=1)
    assert Citation.objects.count() == 4
    assert HubSummary.objects.get(paper__slug="graph-2").known == 3
    assert nothing_is_stale()


def test_what_is_known_already_keeps_curators_and_gains_sentences(tmp_path: Path) -> None:
    citing, cited = (make_paper(f"Known {n}", identifiers=[f"CorpusId:{n}"]) for n in (1, 2))
    Paper.objects.filter(pk=cited.pk).update(title="As corrected", field_sources={"title": CURATOR})
    citation = Citation.objects.create(citing=citing, cited=cited)
    make_label(citation, "dataset", curator=make_curator())
    write_lines(tmp_path / "papers" / "part.gz", [s2_paper(1), s2_paper(2)])
    said = s2_citation(1, 2, contexts=["We follow [2]."], intents=[["methodology"]], isinfluential=True)
    write_lines(tmp_path / "citations" / "part.gz", [said])
    report = load(snapshot_semanticscholar.open_snapshot(tmp_path))
    assert report.counts == Counts(updated=3)
    citation.refresh_from_db()
    cited.refresh_from_db()
    assert (citation.role, citation.role_by, citation.is_influential) == ("dataset", "curator", True)
    assert (citation.mention_count, citation.labels.count()) == (1, 2)
    assert (cited.title, cited.venue and cited.venue.name) == ("As corrected", "Journal 2")
    assert nothing_is_stale()


def test_links_to_a_merged_paper_go_to_the_one_that_remains(tmp_path: Path) -> None:
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (3, 4)]))
    loser, survivor, last = (Paper.objects.get(slug=f"graph-{n}") for n in (2, 4, 3))
    Paper.objects.filter(pk=loser.pk).update(merged_into=survivor)
    Paper.objects.filter(pk=survivor.pk).update(merged_into=last)
    Merge.objects.create(survivor=last, loser=survivor, curator=make_curator())
    load(pairs_in(tmp_path / "graph.tsv", [(5, 2), (3, 2)]))
    assert Citation.objects.filter(citing__slug="graph-5", cited=last).exists()
    assert RejectedRecord.objects.filter(reason="a paper citing itself").count() == 1


def test_an_import_that_others_made_better_is_not_undone(tmp_path: Path) -> None:
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    paper = Paper.objects.get(slug="graph-2")
    assert (paper.title, paper.field_sources) == ("graph 2", {"title": PLACEHOLDER})
    identifier = IdentifierValue(Scheme.FINGERPRINT, paper.identifiers.get().value)
    better = PaperRecord((identifier,), title="Its real title")
    run_import("file", lambda _: [Page(records=(better,), cursor_after={"at": 1})], {"file": "a"})
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (3, 2)]))
    paper.refresh_from_db()
    assert (paper.title, paper.slug) == ("Its real title", "graph-2")


# Ends before the end -------------------------------------------------------------------------------------------------


class Stop(BaseException):
    """Something that ends a process in the middle."""


def stop_after(monkeypatch: pytest.MonkeyPatch, batches: int, error: BaseException) -> None:
    """Let an error come when so many batches are stored."""
    stored: list[int] = []
    usual = bulk._Load._store

    def store(self: Any, *args: Any) -> None:
        if len(stored) == batches:
            raise error
        stored.append(1)
        usual(self, *args)

    monkeypatch.setattr(bulk._Load, "_store", store)


@pytest.mark.parametrize("batches_before", [0, 1, 4, 9, 14])
def test_a_run_that_was_stopped_anywhere_goes_on_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches_before: int
) -> None:
    monkeypatch.setattr(bulk, "PAPERS_PER_BATCH", 10)
    monkeypatch.setattr(bulk, "LINKS_PER_BATCH", 25)
    snapshot = s2(tmp_path)
    whole = undone(lambda: (load(snapshot).counts, content()))
    with monkeypatch.context() as patch:
        stop_after(patch, batches_before, Stop())
        with pytest.raises(Stop):
            load(snapshot)
    report = load(snapshot)
    assert (report.counts, content()) == whole
    assert report.resumed_after <= report.counts.total
    assert ImportRun.objects.count() == 1
    assert nothing_is_stale()


def test_summaries_that_were_not_reached_are_made_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "HUBS_PER_BATCH", 3)
    snapshot = pairs_in(tmp_path / "graph.tsv", made_pairs(80, 20))
    with monkeypatch.context() as patch:
        counted: list[list[int]] = []

        def count(self: Any, hubs: list[int]) -> None:
            if len(counted) == 2:
                raise Stop
            counted.append(hubs)

        patch.setattr(bulk._Load, "_count", count)
        with pytest.raises(Stop):
            load(snapshot)
    assert bulk_work.count(bulk_work.Task.COUNT) > 0
    load(snapshot)
    assert bulk_work.TABLE not in connection.introspection.table_names()


def test_files_that_changed_are_read_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAPERS_PER_BATCH", 5)
    monkeypatch.setattr(bulk, "LINKS_PER_BATCH", 5)
    with monkeypatch.context() as patch:
        stop_after(patch, 2, Stop())
        with pytest.raises(Stop):
            load(pairs_in(tmp_path / "graph.tsv", made_pairs(50, 20)))
    report = load(pairs_in(tmp_path / "graph.tsv", made_pairs(60, 20)))
    assert (report.resumed_after, report.counts.total) == (0, 60)


def test_a_database_that_refuses_ends_the_run_with_a_reason_and_it_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PAPERS_PER_BATCH", 5)
    monkeypatch.setattr(bulk, "LINKS_PER_BATCH", 5)
    snapshot = pairs_in(tmp_path / "graph.tsv", made_pairs(50, 20))
    usual, calls = bulk_links.store_links, []

    def refuse(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            raise OperationalError("the disk\nis full")
        return usual(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "store_links", refuse)
        with pytest.raises(ImportStopped, match=r"refused a batch [0-9]+ times: the disk is full"):
            load(snapshot)
    assert ImportRun.objects.get().status == ImportRun.FAILED
    report = load(snapshot)
    assert (report.resumed_after, report.counts.total) == (10, 50)
    assert ImportRun.objects.get().status == ImportRun.FINISHED


def test_a_writer_in_the_way_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, refusals = bulk_links.store_links, iter([IntegrityError("taken"), OperationalError("deadlock")])

    def store(*args: Any, **options: Any) -> Any:
        stored = usual(*args, **options)
        if error := next(refusals, None):
            raise error
        return stored

    monkeypatch.setattr(bulk, "store_links", store)
    report = load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (3, 2)]))
    assert report.counts == Counts(created=2)
    assert nothing_is_stale()


def test_only_one_process_goes_on_with_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = runs._take_turn

    def taken(run: ImportRun) -> None:
        ImportRun.objects.filter(pk=run.pk).update(cursor={"step": "citations", "file": "else", "line": 1})
        usual(run)

    monkeypatch.setattr(runs, "_take_turn", taken)
    with pytest.raises(ImportStopped, match="running elsewhere"):
        load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))


# Indexes and constraints ---------------------------------------------------------------------------------------------


def test_indexes_are_off_while_empty_tables_are_filled_and_back_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, missing = bulk_links.store_links, []

    def store(*args: Any, **options: Any) -> Any:
        missing.append(len(bulk_indexes.missing_indexes()))
        return usual(*args, **options)

    monkeypatch.setattr(bulk, "store_links", store)
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (3, 2)]))
    # What was merged is looked up meanwhile: an index of each stays.
    assert missing == [len(Paper._meta.indexes) - 1 + len(Citation._meta.indexes) - 1, 0]
    assert bulk_indexes.missing_indexes() == []


def test_indexes_are_back_also_when_a_run_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after(monkeypatch, 0, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    assert bulk_indexes.missing_indexes() == []


def test_indexes_that_a_killed_run_left_off_are_put_back_by_the_next_start(tmp_path: Path) -> None:
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    engines.bulk.drop_indexes(connection, Citation)
    # What was merged is looked up meanwhile.
    assert len(bulk_indexes.missing_indexes()) == len(Citation._meta.indexes) - 1
    load(pairs_in(tmp_path / "other.tsv", [(1, 2)]))
    assert bulk_indexes.missing_indexes() == []
    engines.bulk.drop_indexes(connection, Paper)
    assert bulk_indexes.restore_indexes() == len(Paper._meta.indexes) - 1


def foreign_keys() -> set[str]:
    """The names of the foreign keys of papers and citations; SQLite's have no names."""
    found = set()
    with connection.cursor() as cursor:
        for model in (Paper, Citation):
            constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
            found |= {name for name, one in constraints.items() if one["foreign_key"]}
    return found


ON_POSTGRESQL_ALONE = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite's foreign keys are part of a table and stay."
)


@ON_POSTGRESQL_ALONE
def test_foreign_keys_are_off_while_empty_tables_are_filled_and_back_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, usual, missing = foreign_keys(), bulk_links.store_links, []

    def store(*args: Any, **options: Any) -> Any:
        missing.append(sorted(column for _, column in bulk_indexes.missing_keys()))
        stored = usual(*args, **options)
        if missing[-1]:
            # Nothing that was just pointed to may go away.
            with (
                pytest.raises(IntegrityError, match="citations_paper cannot be deleted while citations are loaded"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute("DELETE FROM citations_paper")
        return stored

    monkeypatch.setattr(bulk, "store_links", store)
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    assert foreign_keys() == before
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2), (3, 2)]))
    assert missing == [["cited_id", "citing_id", "merged_into_id", "merged_into_id", "venue_id", "venue_id"], []]
    assert foreign_keys() == before
    paper = make_paper("Cited by nobody")
    assert Paper.objects.filter(pk=paper.pk).delete()[0] == 1
    cited = Paper.objects.exclude(references_made=None).earliest("pk")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM citations_identifier")
        cursor.execute("DELETE FROM citations_paper WHERE id = %s", [cited.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@ON_POSTGRESQL_ALONE
def test_foreign_keys_are_back_also_when_a_run_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = foreign_keys()
    stop_after(monkeypatch, 0, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    assert foreign_keys() == before
    assert Paper.objects.filter(pk=make_paper("Cited by nobody").pk).delete()[0] == 1


@ON_POSTGRESQL_ALONE
def test_a_foreign_key_is_not_put_back_over_a_row_that_points_to_nothing(tmp_path: Path) -> None:
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    with transaction.atomic():
        engines.bulk.drop_keys(connection, Citation)
        Citation.objects.update(cited_id=10**9)
    with pytest.raises(ImportStopped, match="cited_id"):
        bulk_indexes.restore_indexes()
    Citation.objects.update(cited_id=Paper.objects.latest("pk").pk)
    assert bulk_indexes.restore_indexes() == 3
    assert bulk_indexes.missing_keys() == []


def test_constraints_hold_while_indexes_are_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = bulk_links.store_links

    def store(*args: Any, **options: Any) -> Any:
        stored = usual(*args, **options)
        citation = Citation.objects.get()
        for fault in (
            {"citing": citation.citing, "cited": citation.cited},
            {"citing": citation.citing, "cited": citation.citing},
            {"citing": citation.cited, "cited": citation.citing, "role": "method"},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Citation.objects.create(**fault)
        return stored

    monkeypatch.setattr(bulk, "store_links", store)
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))


def test_new_rows_after_a_load_get_ids_of_their_own(tmp_path: Path) -> None:
    load(s2(tmp_path, papers=20, citations=60))
    paper = make_paper("Made by hand", identifiers=["10.1000/by.hand"], authors=["Ann New"])
    citation = make_citation(paper, Paper.objects.exclude(pk=paper.pk).latest("pk"), sentences=["By hand."])
    make_label(citation, "method", curator=make_curator())
    load(pairs_in(tmp_path / "graph.tsv", [(1, 2)]))
    assert nothing_is_stale()


# Reports -------------------------------------------------------------------------------------------------------------


def test_a_dry_run_reports_the_same_and_stores_nothing(tmp_path: Path) -> None:
    snapshot = s2(tmp_path)
    dry = load(snapshot, dry_run=True)
    for model in (Paper, Citation, Label, ImportRun, RejectedRecord, HubSummary):
        assert not model.objects.exists()
    assert bulk_work.TABLE not in connection.introspection.table_names()
    assert bulk_indexes.missing_indexes() == []
    real = load(snapshot)
    assert (dry.counts, dry.steps, dry.reasons) == (real.counts, real.steps, real.reasons)


def test_rejected_records_are_kept_up_to_a_bound_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_REJECTED_KEPT", 3)
    monkeypatch.setattr(bulk, "PAPERS_PER_BATCH", 2)
    (tmp_path / "graph.tsv").write_text("1\t2\n3\t3\nalone\n4\t4\n5\t5\nalone\n")
    report = load(edges.open_edges(tmp_path / "graph.tsv"))
    kept = RejectedRecord.objects.order_by("pk")
    assert report.counts == Counts(created=1, rejected=5)
    assert dict(report.reasons) == {"a paper citing itself": 3, "no pair": 2}
    assert len(kept) == 3
    assert {'"file": "graph.tsv"' in one.raw for one in kept} == {True}
    assert report.notes == ["Of the rejected records, the first 3 are kept; the others are only counted."]


def test_conflicts_of_identity_are_bounded_too_and_nothing_is_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_REJECTED_KEPT", 2)
    papers = [s2_paper(n) for n in range(1, 9)]
    meeting = [s2_paper(n, externalids={"DOI": f"10.1000/made.{n + 4}"}) for n in range(1, 5)]
    write_lines(tmp_path / "papers" / "part.gz", [*papers, *meeting])
    report = load(snapshot_semanticscholar.open_snapshot(tmp_path))
    assert Paper.objects.count() == 8
    assert RejectedRecord.objects.filter(reason__startswith="conflicting identifiers").count() == 2
    assert any("nothing was merged" in note for note in report.notes)


def test_progress_tells_how_far_each_step_is(tmp_path: Path) -> None:
    seen: list[bulk.Progress] = []
    load(s2(tmp_path), progress=seen.append)
    names = list(dict.fromkeys(one.step for one in seen))
    assert names == ["papers", "paper-ids", "abstracts", "tldrs", "citations", "indexes", "summaries", "full text"]
    last = {one.step: (one.done, one.total) for one in seen if one.step != "indexes"}
    assert all(done == total for done, total in last.values())


def test_the_run_holds_the_counts_of_all_steps(tmp_path: Path) -> None:
    report = load(snapshot_openalex.open_snapshot(openalex_snapshot(tmp_path)))
    run = ImportRun.objects.get()
    assert (run.created, run.rejected) == (report.created, report.rejected)
    assert report.steps["papers"] == Counts(created=30)
    assert sum(report.steps.values(), Counts()) == report.counts


# Slugs ---------------------------------------------------------------------------------------------------------------


def suffixed(base: str, suffix: str) -> str:
    """As the importer joins them, without its bound."""
    return f"{base}-{suffix}"


def test_papers_of_one_title_get_one_number_after_the_other() -> None:
    for n in range(2, 40):
        make_paper("Editorial", slug=f"editorial-{n}")
    make_paper("Editorial", slug="editorial")
    slugs = FreeSlugs(suffixed)
    assert slugs.take([["editorial"], ["editorial", "editorial-1999"], ["editorial", "editorial-1999"]]) == [
        "editorial-40",
        "editorial-1999",
        "editorial-41",
    ]
    assert slugs.take([["other"], ["other"], ["other"]]) == ["other", "other-2", "other-3"]


def test_a_slug_that_only_looks_numbered_is_gone_around() -> None:
    for slug in ("section", "section-2", "section-4"):
        make_paper("Section", slug=slug)
    found = FreeSlugs(suffixed).take([["section"]] * 4)
    assert len(set(found)) == 4
    assert not Paper.objects.filter(slug__in=found).exists()


def test_a_hundred_thousand_editorials_take_few_statements() -> None:
    slugs = FreeSlugs(suffixed)
    make_paper("Editorial", slug="editorial")
    with CaptureQueriesContext(
        connection,
    ) as first:
        found = slugs.take([["editorial"]] * 1_000)
    assert found == [f"editorial-{n}" for n in range(2, 1_002)]
    assert len(first) < 20


def test_titles_without_letters_are_named_by_their_identifier(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "works" / "updated_date=2024-01-01" / "part_000.gz",
        [openalex_work(1, title="量子", display_name=None, doi=None)],
    )
    load(snapshot_openalex.open_snapshot(tmp_path))
    assert Paper.objects.get().slug == "openalex-w1"
