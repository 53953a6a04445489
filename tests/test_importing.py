"""Records come into the database once, whole page by whole page, and never over a curator's head."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from citations import labelling
from citations.identifiers import parse
from citations.importing import ImportStopped, Report, fingerprint, run_import, runs
from citations.importing.papers import Shelf
from citations.models import (
    Author,
    Authorship,
    Citation,
    CitedByCount,
    HubSummary,
    Identifier,
    ImportRun,
    Label,
    Mention,
    Paper,
    RejectedRecord,
    Venue,
)
from citations.sources.records import (
    AuthorRecord,
    CitationRecord,
    MentionRecord,
    Page,
    PaperRecord,
    Rejected,
    SourceError,
)
from citations.vocabulary import Role
from tests.factories import add_identifier, make_citation, make_curator, make_label, make_paper

pytestmark = pytest.mark.django_db

S2 = "semanticscholar"
ARGUMENTS = {"paper": "corpusid:1", "direction": "citations", "limit": None}


def paper(number: int, *identifiers: str, **facts: Any) -> PaperRecord:
    """A record with a corpus id of that number, and other identifiers after it."""
    named = tuple(parse(raw) for raw in (f"CorpusId:{number}", *identifiers))
    return PaperRecord(**{"identifiers": named, "title": f"Paper number {number}", **facts})


HUB = paper(1, title="The hub")


def cites(number: int, *identifiers: str, **facts: Any) -> CitationRecord:
    """A record: the paper of that number cites the hub. Facts of the citation are told from the paper's by name."""
    of_citation = {name: facts.pop(name) for name in ("mentions", "intents", "is_influential", "role") if name in facts}
    record = paper(number, *identifiers, **facts)
    return CitationRecord(citing=record, cited=HUB, raw={"number": number}, **of_citation)


class Source:
    """Pages given one after the other; an exception among them is raised in its turn."""

    def __init__(self, *pages: list[Any] | Exception) -> None:
        self.pages = pages
        self.began_at: list[int] = []

    def __call__(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        start = cursor.get("page", 0)
        self.began_at.append(start)
        for number, records in enumerate(self.pages[start:], start=start):
            if isinstance(records, Exception):
                raise records
            yield Page(
                papers=(HUB,) if number == start else (),
                records=tuple(records),
                cursor_after={"page": number + 1},
                done=number + 1 == len(self.pages),
            )


def take_in(*records: Any, source: str = S2, **options: Any) -> Report:
    """Import one page of records."""
    return run_import(source, Source(list(records)), ARGUMENTS, **options)


def hub() -> Paper:
    """The stored hub."""
    stored: Paper = Paper.objects.get(identifiers__scheme="corpusid", identifiers__value="1")
    return stored


def counts(report: Report) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected."""
    return report.created, report.updated, report.unchanged, report.rejected


# What is stored ------------------------------------------------------------------------------------------------------


def test_a_record_brings_the_paper_its_authors_its_venue_and_the_citation() -> None:
    report = take_in(
        cites(
            2,
            "DOI:10.1000/X",
            title="Über die Dinge",
            abstract="An abstract.",
            summary="It works.",
            year=2020,
            published_on=datetime.date(2020, 5, 1),
            venue="Journal of Things",
            kind="article",
            url="https://example.org/2",
            authors=(AuthorRecord("Ann Example", ("s2:7",)), AuthorRecord("Bo Example")),
            cited_by_count=12,
            is_influential=True,
        )
    )
    assert counts(report) == (1, 0, 0, 0)
    stored = Paper.objects.get(slug="uber-die-dinge")
    assert (stored.title, stored.abstract, stored.summary) == ("Über die Dinge", "An abstract.", "It works.")
    assert (stored.year, stored.published_on) == (2020, datetime.date(2020, 5, 1))
    assert (stored.kind, stored.url) == ("article", "https://example.org/2")
    assert stored.venue is not None
    assert (stored.venue.slug, stored.venue.name) == ("journal-of-things", "Journal of Things")
    assert set(stored.identifiers.values_list("scheme", "value")) == {("corpusid", "2"), ("doi", "10.1000/x")}
    assert list(stored.authorships.values_list("name", "author__key")) == [
        ("Ann Example", "s2:7"),
        ("Bo Example", "bo example"),
    ]
    assert stored.cited_by_count == 12
    assert stored.field_sources["title"] == S2
    citation = Citation.objects.get()
    assert (citation.citing, citation.cited) == (stored, hub())
    assert citation.is_influential
    assert (citation.year, citation.sort_date) == (2020, datetime.date(2020, 5, 1))
    summary = HubSummary.objects.get()
    assert (summary.paper, summary.known, summary.classified) == (hub(), 1, 0)


def test_a_second_run_changes_nothing_and_says_so() -> None:
    records = [
        cites(
            number,
            f"DOI:10.1000/{number}",
            year=2000 + number,
            venue="V",
            authors=(AuthorRecord("Ann", ("s2:7",)), AuthorRecord("Bo")),
            cited_by_count=number,
            mentions=(MentionRecord(f"Sentence {number}.", intents=("methodology",)),),
            intents=("background",),
        )
        for number in range(2, 12)
    ]
    assert counts(take_in(*records)) == (10, 0, 0, 0)
    before = list(Paper.objects.order_by("pk").values()) + list(Label.objects.order_by("pk").values())
    assert counts(take_in(*records)) == (0, 0, 10, 0)
    assert list(Paper.objects.order_by("pk").values()) + list(Label.objects.order_by("pk").values()) == before
    assert labelling.hub_differs(hub().pk).differed is False


def test_what_a_source_changes_is_updated_and_counted_as_such() -> None:
    take_in(cites(2, year=2020), cites(3, year=2020))
    report = take_in(cites(2, year=2021), cites(3, year=2020))
    assert counts(report) == (0, 1, 1, 0)
    assert Citation.objects.get(citing__title="Paper number 2").year == 2021


def test_a_record_never_empties_a_field() -> None:
    take_in(cites(2, abstract="Kept.", year=2020))
    assert counts(take_in(cites(2))) == (0, 0, 1, 0)
    assert Paper.objects.get(title="Paper number 2").abstract == "Kept."


def test_a_new_count_of_citations_worldwide_carries_the_day_it_was_seen() -> None:
    take_in(cites(2, cited_by_count=5))
    CitedByCount.objects.update(as_of=datetime.date(2020, 1, 1))
    take_in(cites(2, cited_by_count=5))
    assert CitedByCount.objects.get().as_of == datetime.date(2020, 1, 1)
    assert counts(take_in(cites(2, cited_by_count=6))) == (0, 1, 0, 0)
    assert CitedByCount.objects.get().as_of > datetime.date(2020, 1, 1)
    assert Citation.objects.get().cited_by_count == 6


@pytest.mark.parametrize(
    ("facts", "column", "value"),
    [
        ({"title": "T" * 3000}, "title", "T" * 2000),
        ({"year": 12}, "year", None),
        ({"url": "javascript:alert(1)"}, "url", ""),
        ({"url": "https://example.org/a b"}, "url", ""),
    ],
)
def test_what_a_column_cannot_hold_is_cut_or_left_out(facts: dict[str, Any], column: str, value: Any) -> None:
    take_in(cites(2, **facts))
    assert Paper.objects.exclude(pk=hub().pk).values_list(column, flat=True).get() == value


def test_a_list_without_rows_still_stores_the_paper_that_was_asked_for() -> None:
    assert counts(take_in()) == (0, 0, 0, 0)
    assert hub().title == "The hub"
    assert not HubSummary.objects.exists()


def test_papers_alone_are_counted_like_citations() -> None:
    pages = Source([paper(5), replace(paper(6), identifiers=()), paper(7)])
    assert counts(run_import("file", pages, {})) == (2, 0, 0, 1)
    assert counts(run_import("file", Source([paper(5), paper(7, year=1999)]), {})) == (0, 1, 1, 0)


# Addresses -----------------------------------------------------------------------------------------------------------


def test_equal_titles_get_addresses_with_the_year_and_then_with_a_number() -> None:
    take_in(*(cites(number, title="Introduction", year=2001) for number in range(2, 6)), cites(6, title="Introduction"))
    slugs = Paper.objects.exclude(pk=hub().pk).order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["introduction", "introduction-2001", "introduction-2", "introduction-3", "introduction-4"]


def test_a_title_without_latin_letters_is_addressed_by_its_strongest_identifier() -> None:
    take_in(cites(2, "DOI:10.1000/AbC", title="深度学习"))
    assert Paper.objects.exclude(pk=hub().pk).get().slug == "doi-10-1000-abc"


def test_an_address_is_never_changed_by_a_new_title() -> None:
    take_in(cites(2, title="First title"))
    take_in(cites(2, title="Second title"))
    assert Paper.objects.get(title="Second title").slug == "first-title"


def test_venues_that_are_spelled_alike_are_one_and_long_or_foreign_ones_are_kept_apart() -> None:
    names = ["J. of Things", "J of things", "学报", "月刊", "L" * 300 + " one", "L" * 300 + " two"]
    take_in(*(cites(number, venue=name) for number, name in enumerate(names, start=2)))
    slugs = list(Venue.objects.values_list("slug", flat=True))
    assert len(slugs) == 5
    assert all(len(slug) <= 120 for slug in slugs)


# Which paper is meant ------------------------------------------------------------------------------------------------


def test_a_paper_is_found_by_any_identifier_and_gains_the_others() -> None:
    stored = make_paper("An old one", identifiers=["DOI:10.1000/x"])
    report = take_in(cites(2, "DOI:10.1000/X", "arXiv:2001.00001", title="An old one"))
    assert counts(report) == (1, 0, 0, 0)
    assert set(stored.identifiers.values_list("scheme", flat=True)) == {"doi", "corpusid", "arxiv"}
    assert Paper.objects.count() == 2


def test_an_arxiv_id_and_its_doi_are_one_name() -> None:
    stored = make_paper("A preprint", identifiers=["arXiv:2001.00001"])
    take_in(cites(2, "DOI:10.48550/arXiv.2001.00001", title="A preprint"))
    assert Citation.objects.get().citing == stored


def test_two_records_of_one_page_that_share_an_identifier_are_one_paper() -> None:
    report = take_in(cites(2, "DOI:10.1000/x"), cites(3, "DOI:10.1000/x"))
    assert counts(report) == (1, 1, 0, 0)
    assert Paper.objects.count() == 2
    assert Citation.objects.get().citing.identifiers.count() == 3


def test_equal_titles_alone_do_not_make_one_paper() -> None:
    take_in(cites(2, title="Editorial"), cites(3, title="Editorial"))
    assert Citation.objects.count() == 2


def test_several_records_of_one_paper_do_not_overwrite_each_other_on_every_run() -> None:
    both = [
        cites(3, "DOI:10.1000/x", title="One spelling", cited_by_count=5, intents=("methodology",)),
        cites(2, "DOI:10.1000/x", title="Another spelling", cited_by_count=9, intents=("background",)),
    ]
    take_in(*both)
    labels = Label.objects.count()
    assert counts(take_in(*both)) == (0, 0, 2, 0)
    assert Label.objects.count() == labels
    assert Paper.objects.exclude(pk=hub().pk).get().title == "Another spelling"
    assert CitedByCount.objects.get().count == 9


def test_a_record_that_names_two_papers_goes_to_the_stronger_name_and_a_curator_hears_of_it() -> None:
    by_doi = make_paper("By DOI", identifiers=["DOI:10.1000/x"])
    by_mag = make_paper("By number", identifiers=["MAG:77"])
    report = take_in(cites(2, "MAG:77", "DOI:10.1000/x", title="By DOI"))
    assert Citation.objects.get().citing == by_doi
    assert Identifier.objects.get(scheme="mag").paper == by_mag
    kept = RejectedRecord.objects.get()
    assert kept.reason == "conflicting identifiers: taken for by-doi, but MAG:77 names by-number"
    assert "nothing was merged" in report.notes[0]
    assert report.rejected == 0


def test_a_record_of_a_merged_paper_goes_to_the_survivor() -> None:
    survivor = make_paper("The survivor")
    loser = make_paper("The loser", identifiers=["CorpusId:2"], merged_into=survivor)
    take_in(cites(2, title="The survivor"))
    assert Citation.objects.get().citing == survivor
    assert loser.references_made.count() == 0


# What is not taken in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (cites(2, identifiers=()), "no identifier"),
        (cites(2, title=""), "no title"),
        (replace(cites(2), citing=HUB), "a paper citing itself"),
        (cites(2, "CorpusId:1"), "a paper citing itself"),
        (Rejected("empty record", None), "empty record"),
    ],
)
def test_a_record_that_cannot_be_is_kept_with_its_reason(record: Any, reason: str) -> None:
    report = take_in(record, cites(9))
    assert counts(report) == (1, 0, 0, 1)
    kept = RejectedRecord.objects.get()
    assert (kept.run, kept.reason) == (report.run, reason)
    assert Citation.objects.get().citing.title == "Paper number 9"
    assert Paper.objects.count() == 2


def test_a_paper_that_turns_out_to_be_the_hub_does_not_cite_itself() -> None:
    add_identifier(make_paper("The hub", identifiers=["CorpusId:1"]), "DOI:10.1000/hub")
    report = take_in(cites(2, "DOI:10.1000/hub"))
    assert counts(report) == (0, 0, 0, 1)
    assert RejectedRecord.objects.get().reason == "a paper citing itself"


def test_a_known_paper_needs_no_title() -> None:
    make_paper("Known", identifiers=["CorpusId:2"])
    assert counts(take_in(cites(2, title=""))) == (1, 0, 0, 0)
    assert Paper.objects.filter(title="Known").exists()


def test_the_raw_form_of_a_rejected_record_is_cut() -> None:
    take_in(replace(cites(2, title=""), raw={"text": "\x00" + "x" * 50_000}))
    raw = RejectedRecord.objects.get().raw
    assert len(raw) == 20_000
    assert "\x00" not in raw


# Whose word counts ---------------------------------------------------------------------------------------------------


def test_a_field_that_a_curator_set_outlives_a_later_import() -> None:
    take_in(cites(2, title="As printed", year=2020, venue="V"))
    Paper.objects.filter(title="As printed").update(
        title="As corrected",
        abstract="",
        field_sources={"title": "curator", "abstract": "curator", "venue": "curator", "year": S2},
    )
    report = take_in(cites(2, title="As printed", abstract="Unwanted.", year=2021, venue="W"))
    assert counts(report) == (0, 1, 0, 0)
    stored = Paper.objects.exclude(pk=hub().pk).get()
    assert (stored.title, stored.abstract, stored.year) == ("As corrected", "", 2021)
    assert stored.venue is not None
    assert stored.venue.name == "V"


def test_a_better_source_wins_and_a_lesser_one_only_fills_gaps() -> None:
    take_in(cites(2, title="From the service", year=2020))
    take_in(cites(2, title="From a file", year=1999, abstract="Only here."), source="file")
    stored = Paper.objects.exclude(pk=hub().pk).get()
    assert (stored.title, stored.year, stored.abstract) == ("From the service", 2020, "Only here.")
    take_in(cites(2, title="From the registrar"), source="crossref")
    take_in(cites(2, title="From the service"))
    stored.refresh_from_db()
    assert stored.title == "From the registrar"
    assert stored.field_sources["title"] == "crossref"


def test_authors_of_a_better_source_replace_those_of_a_lesser() -> None:
    take_in(cites(2, authors=(AuthorRecord("A. Example"),)), source="file")
    take_in(cites(2, authors=(AuthorRecord("Ann Example", ("s2:7",)), AuthorRecord("Bo"))))
    take_in(cites(2, authors=(AuthorRecord("Other"),)), source="file")
    stored = Paper.objects.exclude(pk=hub().pk).get()
    assert list(stored.authorships.values_list("position", "name")) == [(0, "Ann Example"), (1, "Bo")]


def test_an_orcid_names_a_person_before_anything_else() -> None:
    take_in(cites(2, authors=(AuthorRecord("Ann Example", ("s2:7",), orcid="0000-0002-1825-0097"),)))
    author = Author.objects.get()
    assert (author.key, author.orcid) == ("orcid:0000-0002-1825-0097", "0000-0002-1825-0097")


# Sentences and labels ------------------------------------------------------------------------------------------------


def test_intents_become_one_decision_with_our_words_and_the_raw_values() -> None:
    take_in(
        cites(
            2,
            intents=("methodology", "background"),
            mentions=(
                MentionRecord("We use it.", intents=("methodology",)),
                MentionRecord("Compared with it.", order=1, intents=("result",)),
                MentionRecord("Named in passing.", order=2),
            ),
        )
    )
    citation = Citation.objects.get()
    labels = Label.objects.all()
    assert set(labels.values_list("mention__sentence", "raw_value", "role", "coarse")) == {
        (None, "methodology", "method", True),
        (None, "background", "background", False),
        ("We use it.", "methodology", "method", True),
        ("Compared with it.", "result", "comparison", True),
    }
    assert len({label.decision for label in labels}) == 1
    assert {(label.decided_by, label.source) for label in labels} == {("import", S2)}
    assert (citation.role, citation.role_by, citation.source, citation.coarse) == ("method", "import", S2, True)
    assert citation.mention_count == 3
    assert HubSummary.objects.get().classified == 1


def test_an_unknown_intent_keeps_its_raw_value_only() -> None:
    take_in(cites(2, intents=("motivation", " ")))
    label = Label.objects.get()
    assert (label.raw_value, label.role, label.polarity) == ("motivation", "", "")
    assert Citation.objects.get().role == ""


def test_a_source_in_our_own_words_states_role_and_polarity_in_one_label() -> None:
    take_in(replace(cites(2, role="dataset"), polarity="supports"), source="sample")
    label = Label.objects.get()
    assert (label.role, label.polarity, label.raw_value, label.coarse) == ("dataset", "supports", "dataset", False)


def test_a_source_that_says_something_else_adds_a_decision_and_the_old_one_stays() -> None:
    take_in(cites(2, intents=("background",)))
    report = take_in(cites(2, intents=("methodology",)))
    assert counts(report) == (0, 1, 0, 0)
    assert Label.objects.count() == 2
    assert Citation.objects.get().role == "method"


def test_a_source_that_falls_silent_takes_nothing_back() -> None:
    take_in(cites(2, intents=("background",)))
    assert counts(take_in(cites(2))) == (0, 0, 1, 0)
    assert Citation.objects.get().role == "background"


def test_a_curator_label_outlives_a_later_import() -> None:
    take_in(cites(2, intents=("background",)))
    labelling.decide(Citation.objects.get(), make_curator(), role=Role.EXTENSION)
    take_in(cites(2, intents=("methodology",)))
    citation = Citation.objects.get()
    assert (citation.role, citation.role_by) == ("extension", "curator")


def test_an_imported_label_that_a_curator_undid_does_not_come_back() -> None:
    take_in(cites(2, intents=("background",)))
    labelling.retract(Label.objects.get(), make_curator())
    assert counts(take_in(cites(2, intents=("background",)))) == (0, 0, 1, 0)
    assert Citation.objects.get().role == ""


def test_a_new_sentence_joins_the_old_ones() -> None:
    take_in(cites(2, mentions=(MentionRecord("First."),)))
    report = take_in(cites(2, mentions=(MentionRecord("first."), MentionRecord("Second.", order=1))))
    assert counts(report) == (0, 1, 0, 0)
    assert list(Mention.objects.order_by("order").values_list("sentence", flat=True)) == ["First.", "Second."]
    assert Citation.objects.get().mention_count == 2


def test_the_labels_of_a_page_change_the_class_of_the_hub_with_the_run_as_cause() -> None:
    report = take_in(*(cites(number, intents=("background",)) for number in range(2, 32)))
    summary = HubSummary.objects.get()
    assert summary.hub_class == "background-reference"
    change = hub().class_changes.get()
    assert (change.cause, change.import_run) == ("30 labels came with an import.", report.run)


# Flags ---------------------------------------------------------------------------------------------------------------


def test_papers_that_share_an_author_by_a_stable_key_are_a_self_citation() -> None:
    ann, bo = AuthorRecord("Ann", ("s2:7",)), AuthorRecord("Bo")
    cited = replace(HUB, authors=(ann, bo))
    rows = [cites(2, authors=(ann,)), cites(3, authors=(bo,)), cites(4, authors=(AuthorRecord("Cy", ("s2:9",)),))]
    take_in(*(replace(row, cited=cited) for row in rows))
    flags = Citation.objects.order_by("pk").values_list("is_self_citation", flat=True)
    assert list(flags) == [True, False, False]


def test_influence_follows_the_source_but_not_over_a_curators_head() -> None:
    take_in(cites(2), cites(3))
    first = Citation.objects.order_by("pk")[0]
    Citation.objects.filter(pk=first.pk).update(flag_sources={"is_influential": "curator"})
    report = take_in(cites(2, is_influential=True), cites(3, is_influential=True))
    assert counts(report) == (0, 1, 1, 0)
    assert list(Citation.objects.order_by("pk").values_list("is_influential", flat=True)) == [False, True]


# Runs ----------------------------------------------------------------------------------------------------------------


def test_a_finished_run_says_what_was_asked_for_and_what_became_of_it() -> None:
    curator = make_curator()
    report = take_in(cites(2), cites(3, title=""), started_by=curator)
    run = ImportRun.objects.get()
    assert run == report.run
    assert (run.source, run.arguments, run.started_by) == (S2, ARGUMENTS, curator)
    assert (run.status, run.created, run.rejected, run.cursor) == ("finished", 1, 1, {"page": 1})
    assert run.finished_at is not None


def test_a_finished_run_is_not_resumed() -> None:
    source = Source([cites(2)])
    run_import(S2, source, ARGUMENTS)
    run_import(S2, source, ARGUMENTS)
    assert source.began_at == [0, 0]
    assert ImportRun.objects.count() == 2


def test_a_run_that_failed_on_its_way_goes_on_after_its_last_whole_page() -> None:
    broken = Source([cites(2), cites(3)], SourceError("The service is down."), [cites(4)])
    with pytest.raises(SourceError, match="down"):
        run_import(S2, broken, ARGUMENTS)
    run = ImportRun.objects.get()
    assert (run.status, run.message, run.cursor, run.created) == ("failed", "The service is down.", {"page": 1}, 2)
    whole = Source([cites(2), cites(3)], [cites(5)], [cites(4)])
    report = run_import(S2, whole, ARGUMENTS)
    assert whole.began_at == [1]
    assert report.resumed_after == 2
    assert counts(report) == (4, 0, 0, 0)
    run.refresh_from_db()
    assert (run.status, run.message, run.created) == ("finished", "", 4)
    assert ImportRun.objects.count() == 1


def test_an_interrupted_run_goes_on_after_its_last_whole_page() -> None:
    def interrupt(report: Report) -> None:
        raise KeyboardInterrupt

    source = Source([cites(2)], [cites(3)])
    with pytest.raises(KeyboardInterrupt):
        run_import(S2, source, ARGUMENTS, progress=interrupt)
    assert ImportRun.objects.get().status == "running"
    assert counts(run_import(S2, source, ARGUMENTS)) == (2, 0, 0, 0)
    assert source.began_at == [0, 1]


def test_other_arguments_make_another_run() -> None:
    with pytest.raises(SourceError):
        run_import(S2, Source([cites(2)], SourceError("down")), ARGUMENTS)
    source = Source([cites(2)])
    run_import(S2, source, ARGUMENTS | {"limit": 5})
    assert source.began_at == [0]


def test_a_run_of_last_month_is_not_resumed_because_the_list_has_moved_on() -> None:
    with pytest.raises(SourceError):
        run_import(S2, Source([cites(2)], SourceError("down")), ARGUMENTS)
    ImportRun.objects.update(started_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    source = Source([cites(2)])
    run_import(S2, source, ARGUMENTS)
    assert source.began_at == [0]


def test_a_source_that_fails_at_once_leaves_nothing_but_the_failed_run() -> None:
    with pytest.raises(SourceError):
        run_import(S2, Source(SourceError("The service knows no such paper.")), ARGUMENTS)
    assert not Paper.objects.exists()
    assert ImportRun.objects.get().status == "failed"


def test_the_order_of_arguments_does_not_matter_to_the_fingerprint() -> None:
    assert fingerprint("a", {"x": 1, "y": 2}) == fingerprint("a", {"y": 2, "x": 1})
    assert fingerprint("a", {"x": 1}) != fingerprint("b", {"x": 1})


def test_a_run_that_another_process_goes_on_with_is_left_to_it() -> None:
    def overtake(report: Report) -> None:
        ImportRun.objects.update(cursor={"page": 2})

    with pytest.raises(ImportStopped, match="running elsewhere"):
        run_import(S2, Source([cites(2)], [cites(3)], [cites(4)]), ARGUMENTS, progress=overtake)
    run = ImportRun.objects.get()
    assert (run.status, run.cursor) == ("running", {"page": 2})
    assert Citation.objects.count() == 1


def test_a_page_that_another_writer_got_in_the_way_of_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = runs._store
    attempts: list[int] = []

    def collide_once(*args: Any) -> Any:
        attempts.append(1)
        outcome = store(*args)
        if len(attempts) == 1:
            raise IntegrityError("somebody was faster")
        return outcome

    monkeypatch.setattr(runs, "_store", collide_once)
    pauses: list[float] = []
    assert counts(take_in(cites(2), cites(3), sleep=pauses.append)) == (2, 0, 0, 0)
    assert len(attempts) == 2
    assert len(pauses) == 1
    assert Citation.objects.count() == 2


def test_a_page_that_the_database_refuses_again_and_again_ends_the_run_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def collide(*_: Any) -> None:
        raise IntegrityError("constraint\nfailed")

    monkeypatch.setattr(runs, "_store", collide)
    pauses: list[float] = []
    with pytest.raises(ImportStopped, match="refused a page 8 times: constraint failed"):
        take_in(cites(2), sleep=pauses.append)
    assert len(pauses) == 7
    assert all(0 <= seconds <= 1 for seconds in pauses)
    assert ImportRun.objects.get().status == "failed"
    assert not Paper.objects.exists()


def test_a_dry_run_reports_the_same_and_stores_nothing() -> None:
    make_citation(make_paper("Known", identifiers=["CorpusId:2"]), make_paper("The hub", identifiers=["CorpusId:1"]))
    pages = [cites(2, title="Known"), cites(3), cites(4, title="")], [cites(3), cites(5, intents=("result",))]
    before = (Paper.objects.count(), Citation.objects.count(), list(HubSummary.objects.values()))
    dry = run_import(S2, Source(*pages), ARGUMENTS, dry_run=True)
    assert (Paper.objects.count(), Citation.objects.count(), list(HubSummary.objects.values())) == before
    assert not ImportRun.objects.exists()
    assert not Label.objects.exists()
    assert not RejectedRecord.objects.exists()
    assert dry.run is None
    assert counts(dry) == counts(run_import(S2, Source(*pages), ARGUMENTS)) == (2, 0, 2, 1)


def test_a_page_of_twice_the_size_takes_hardly_more_queries() -> None:
    def queries(numbers: range) -> int:
        with CaptureQueriesContext(connection) as captured:
            take_in(
                *(
                    cites(
                        number,
                        f"DOI:10.1000/{number}",
                        venue=f"V{number}",
                        cited_by_count=number,
                        authors=(AuthorRecord("Ann", (f"s2:{number}",)),),
                        mentions=(MentionRecord(f"Sentence {number}.", intents=("methodology",)),),
                    )
                    for number in numbers
                )
            )
        return len(captured)

    take_in(cites(2))
    # A few more because engines limit the values of one statement, but not one a record.
    assert queries(range(200, 300)) - queries(range(100, 150)) < 25


def test_a_label_of_another_source_does_not_count_as_this_sources_word() -> None:
    stored = make_citation(make_paper("C", identifiers=["CorpusId:2"]), make_paper("H", identifiers=["CorpusId:1"]))
    make_label(stored, Role.BACKGROUND, raw_value="background", source="scicite")
    assert counts(take_in(cites(2, intents=("background",)))) == (0, 1, 0, 0)
    assert Label.objects.count() == 2


def edited_before_the_lock(monkeypatch: pytest.MonkeyPatch, edit: Callable[[], None]) -> None:
    """Let somebody edit between the moment when an import reads papers and the one when it holds them."""
    reload = Shelf._reload

    def late(self: Shelf, stored: list[Any]) -> None:
        edit()
        reload(self, stored)

    monkeypatch.setattr(Shelf, "_reload", late)


def test_authors_that_a_curator_set_while_an_import_was_reading_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(cites(2, authors=(AuthorRecord("A. Machine"),)))
    cited_by = Paper.objects.get(identifiers__value="2")

    def edit() -> None:
        Authorship.objects.filter(paper=cited_by).update(name="Ann Curated")
        Paper.objects.filter(pk=cited_by.pk).update(field_sources={**cited_by.field_sources, "authors": "curator"})

    edited_before_the_lock(monkeypatch, edit)
    take_in(cites(2, title="Another title", authors=(AuthorRecord("B. Machine"),)), source="crossref")
    cited_by.refresh_from_db()
    assert cited_by.title == "Another title"
    assert list(cited_by.authorships.values_list("name", flat=True)) == ["Ann Curated"]
    assert cited_by.field_sources["authors"] == "curator"


def test_a_better_sources_authors_that_came_meanwhile_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(cites(2, authors=(AuthorRecord("A. Machine"),)))
    cited_by = Paper.objects.get(identifiers__value="2")

    def edit() -> None:
        Authorship.objects.filter(paper=cited_by).update(name="A. Registered")
        Paper.objects.filter(pk=cited_by.pk).update(field_sources={**cited_by.field_sources, "authors": "crossref"})

    edited_before_the_lock(monkeypatch, edit)
    take_in(cites(2, authors=(AuthorRecord("B. Machine"),)), source="openalex")
    cited_by.refresh_from_db()
    assert list(cited_by.authorships.values_list("name", flat=True)) == ["A. Registered"]
    assert cited_by.field_sources["authors"] == "crossref"
