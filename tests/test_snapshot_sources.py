"""Bulk files as records: OpenAlex, Semantic Scholar, edge lists with and without metadata, and what is damaged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import BadIdentifier, Identifier, Scheme
from citations.sources import edges, snapshot_openalex, snapshot_semanticscholar
from citations.sources.records import PaperRecord, Rejected, SourceError
from citations.sources.snapshots import Item, LinesOf, Link, Said, Snapshot, SnapshotFile
from tests.conftest import SHARED
from tests.snapshots import openalex_snapshot, openalex_work, s2_citation, s2_paper, s2_snapshot, write_lines

GRAPHS = SHARED / "data" / "graphs"


def items(snapshot: Snapshot, step: str = "") -> list[Item]:
    """All items of a step (of all steps), with the faults of files."""
    found: list[Item] = []
    for one in snapshot.steps:
        for file in one.files if step in ("", one.name) else ():
            lines = LinesOf(file)
            for _, several in one.read(file, lines):
                found += several
            found += [lines.fault] if lines.fault else []
    return found


def links(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The pairs of a snapshot."""
    return [(item.citing, item.cited) for item in items(snapshot) if isinstance(item, Link)]


def faults(found: list[Item]) -> list[tuple[str, Any, Any]]:
    """Reason, file and line of each rejected record."""
    refused = [item for item in found if isinstance(item, Rejected)]
    return [(one.reason, one.raw["file"], one.raw["line"]) for one in refused if isinstance(one.raw, dict)]


def list_in(path: Path, text: str | bytes, **options: Any) -> edges.EdgeList:
    """The edge list of a file with this content."""
    content = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return edges.open_edges(path, **options)


# OpenAlex ------------------------------------------------------------------------------------------------------------


def test_openalex_works_come_before_the_links_between_them(tmp_path: Path) -> None:
    snapshot = snapshot_openalex.open_snapshot(openalex_snapshot(tmp_path, works=4))
    papers = items(snapshot, "papers")
    assert [step.name for step in snapshot.steps] == ["papers", "citations"]
    assert [item.title for item in papers if isinstance(item, PaperRecord)] == [f"Work Number {n}" for n in range(1, 5)]
    assert links(snapshot)[:3] == [("W1", "W2"), ("W1", "W4"), ("W1", "W901")]


def test_openalex_is_found_from_the_directory_of_works_too(tmp_path: Path) -> None:
    openalex_snapshot(tmp_path)
    for directory in (tmp_path, tmp_path / "works"):
        names = [file.path.parent.name for file in snapshot_openalex.open_snapshot(directory).files]
        assert names == ["updated_date=2024-01-01", "updated_date=2024-02-01"]


def test_what_is_no_work_or_cites_a_deleted_one_is_rejected(tmp_path: Path) -> None:
    deleted = "https://openalex.org/W4285719527"
    rows = [
        openalex_work(1, referenced_works=[deleted, "nonsense", None, "https://openalex.org/W2", "W3"]),
        {"id": deleted, "display_name": "Deleted Work"},
        {"id": "https://openalex.org/A1", "display_name": "An author"},
        [1, 2],
        openalex_work(5, display_name=None, title=None),
    ]
    write_lines(tmp_path / "works" / "updated_date=2024-01-01" / "part_000.gz", rows)
    snapshot = snapshot_openalex.open_snapshot(tmp_path)
    file = "works/updated_date=2024-01-01/part_000.gz"
    assert faults(items(snapshot, "papers")) == [
        ("deleted work", file, 2),
        ("not a work", file, 3),
        ("empty record", file, 4),
        ("no title", file, 5),
    ]
    assert faults(items(snapshot, "citations")) == [
        ("deleted work", file, 1),
        ("no identifier", file, 1),
        ("no identifier", file, 1),
    ]
    assert links(snapshot) == [("W1", "W2"), ("W1", "W3")]


# Semantic Scholar ----------------------------------------------------------------------------------------------------


def test_the_datasets_are_read_in_order_papers_first(tmp_path: Path) -> None:
    snapshot = snapshot_semanticscholar.open_snapshot(s2_snapshot(tmp_path))
    assert [step.name for step in snapshot.steps] == ["papers", "paper-ids", "abstracts", "tldrs", "citations"]
    assert [len(step.files) for step in snapshot.steps] == [2, 1, 1, 1, 3]


def test_files_are_told_by_their_names_where_they_lie_in_one_directory(tmp_path: Path) -> None:
    write_lines(tmp_path / "papers-part0.jsonl.gz", [s2_paper(1)])
    write_lines(tmp_path / "paper_ids-part0.jsonl.gz", [{"sha": "a" * 40, "corpusid": 1}])
    write_lines(tmp_path / "citations.jsonl", [s2_citation(1, 2)])
    snapshot = snapshot_semanticscholar.open_snapshot(tmp_path)
    assert [(step.name, step.files[0].name) for step in snapshot.steps] == [
        ("papers", "papers-part0.jsonl.gz"),
        ("paper-ids", "paper_ids-part0.jsonl.gz"),
        ("citations", "citations.jsonl"),
    ]


def test_a_paper_of_the_datasets_is_that_of_the_service(tmp_path: Path) -> None:
    row = s2_paper(9, publicationdate="2009-03-04", authors=[{"authorId": "4", "name": "Ada Example"}, None])
    write_lines(tmp_path / "papers" / "part.gz", [row])
    (record,) = items(snapshot_semanticscholar.open_snapshot(tmp_path))
    assert isinstance(record, PaperRecord)
    assert [str(known) for known in record.identifiers] == ["corpusid:9", "doi:10.1000/made.9", f"s2:{9:040x}"]
    assert (record.title, record.year, str(record.published_on)) == ("A Made-Up Study 9", 2009, "2009-03-04")
    assert [(author.name, author.keys) for author in record.authors] == [("Ada Example", ("s2:4",))]
    assert (record.venue, record.cited_by_count) == ("Journal 0", 9)


@pytest.mark.parametrize(
    ("contexts", "intents", "mentions", "whole"),
    [
        (None, None, [], ()),
        (["One."], [["background"]], [("One.", ("background",))], ()),
        (["One.", "Two."], [["background"], None], [("One.", ("background",)), ("Two.", ())], ()),
        (["One.", "one."], [["background"], ["result"]], [("One.", ("background", "result"))], ()),
        (["One."], ["background"], [("One.", ("background",))], ()),
        (["One.", "Two."], [["background"]], [("One.", ()), ("Two.", ())], ("background",)),
        (["", "Two."], [["result"], []], [("Two.", ())], ("result",)),
        ([5, "Two."], [["result"], [None, 3, ""]], [("Two.", ())], ("result",)),
        ("One.", {"a": 1}, [], ()),
    ],
)
def test_each_sentence_has_its_own_list_of_intents(
    tmp_path: Path,
    contexts: object,
    intents: object,
    mentions: list[tuple[str, tuple[str, ...]]],
    whole: tuple[str, ...],
) -> None:
    row = s2_citation(1, 2, contexts=contexts, intents=intents, isinfluential=True)
    write_lines(tmp_path / "citations" / "part.gz", [row])
    (link,) = items(snapshot_semanticscholar.open_snapshot(tmp_path))
    assert isinstance(link, Link) and link.said is not None
    assert [(mention.sentence, mention.intents) for mention in link.said.mentions] == mentions
    assert (link.said.intents, link.said.is_influential) == (whole, True)


def test_citations_without_both_ids_are_rejected_and_odd_spellings_are_not(tmp_path: Path) -> None:
    rows = [s2_citation(1, None), s2_citation(None, 2), s2_citation(1, 2), "null", "17"]
    rows += [{"citingcorpusid": "0007", "citedcorpusid": "8"}, {"citingcorpusid": True, "citedcorpusid": 8.5}]
    write_lines(tmp_path / "citations" / "part.gz", rows)
    snapshot = snapshot_semanticscholar.open_snapshot(tmp_path)
    assert links(snapshot) == [("1", "2"), ("7", "8")]
    assert [line for _, _, line in faults(items(snapshot))] == [1, 2, 4, 5, 7]
    assert [item.said for item in items(snapshot) if isinstance(item, Link)][1] == Said(None, (), ())


# Edge lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.tsv", "1\t2\n3\t4\n", [("1", "2"), ("3", "4")]),
        ("a.txt", "H05-1110 , A00-1002\n", [("H05-1110", "A00-1002")]),
        ("a.txt", "# comment\n% other\n\n 1   2  0.5\n", [("1", "2")]),
        ("a.csv", "citing,cited\n1,2\n", [("1", "2")]),
        ("a.csv", '"oci","citing","cited","creation"\n"9","10.1/a,b","10.1/c","2003"\n', [("10.1/a,b", "10.1/c")]),
        ("a.csv", "cited;citing\n2;1\n", [("1", "2")]),
        ("a.txt", "# FromNodeId\tToNodeId\n1\t2\n", [("1", "2")]),
        ("a.tsv", "Source\tTarget\tWeight\n1\t2\t3\n", [("1", "2")]),
        ("a.tsv.gz", "1\t2\r\n3\t4", [("1", "2"), ("3", "4")]),
        ("a.tsv", "\ufeff1\t2\n", [("1", "2")]),
        ("a.tsv", "", []),
    ],
)
def test_pairs_are_read_in_every_usual_layout(
    tmp_path: Path, name: str, text: str, expected: list[tuple[str, str]]
) -> None:
    snapshot = list_in(tmp_path / name, text)
    assert links(snapshot) == expected
    assert faults(items(snapshot)) == []


def test_a_line_that_is_no_pair_is_rejected_with_its_number(tmp_path: Path) -> None:
    snapshot = list_in(tmp_path / "a.tsv", f"1\t2\n3\n\t4\n5\t\n6\t{'7' * 400}\n8\t9\n")
    assert links(snapshot) == [("1", "2"), ("8", "9")]
    assert faults(items(snapshot)) == [
        ("no pair", "a.tsv", 2),
        ("no name of a paper", "a.tsv", 3),
        ("no name of a paper", "a.tsv", 4),
        ("no name of a paper", "a.tsv", 5),
    ]


def test_nodes_are_names_in_the_namespace_of_the_list(tmp_path: Path) -> None:
    one = list_in(tmp_path / "one.tsv", "1\t2\n")
    other = list_in(tmp_path / "two.tsv", "1\t2\n")
    same = list_in(tmp_path / "three.tsv", "1\t2\n", name="one")
    assert one.identifier("1").scheme is Scheme.FINGERPRINT
    assert one.identifier("1") == same.identifier("1") != other.identifier("1")
    assert one.stand_in("1").title == "one 1"


@given(st.tuples(*[st.text(min_size=1, max_size=8)] * 4))
def test_two_nodes_have_one_identifier_only_if_they_are_one(texts: tuple[str, str, str, str]) -> None:
    name, node, other_name, other_node = (text.replace("\x1f", "").encode(errors="replace").decode() for text in texts)
    is_same = (name, node) == (other_name, other_node)
    assert (edges.node_identifier(name, node) == edges.node_identifier(other_name, other_node)) is is_same


def test_with_a_scheme_nodes_are_its_identifiers(tmp_path: Path) -> None:
    snapshot = list_in(tmp_path / "a.tsv", "P05-1001\tbad\n", scheme=edges.known_scheme("ACL"))
    assert snapshot.identifier("P05-1001") == Identifier(Scheme.ACL, "P05-1001")
    record = snapshot.stand_in("P05-1001")
    assert (record.title, record.may_lack_title) == ("", True)
    with pytest.raises(BadIdentifier):
        snapshot.identifier("bad")


def test_the_title_of_a_hostile_node_is_plain_text(tmp_path: Path) -> None:
    snapshot = list_in(tmp_path / "a.tsv", "<b>x</b>\t2\n", name="graph")
    assert snapshot.stand_in("<b>x</b>").title == "graph x"


TABLE = (
    "id\ttitle\tauthors\tyear\tvenue\tdoi\n7\tA &amp; B\tDoe, Jo; Roe, Al\t1999\tNature\t10.1000/X\n8\t\t\t\t\t\n\t?\n"
)
BLOCKS = (
    "id = {7}\nauthor = {Doe, Jo; Roe, Al}\ntitle = {A &amp; B}\nvenue = {Nature}\nyear = {1999}\n\n"
    "id = {8}\ntitle = {}\n"
)
OBJECTS = (
    json.dumps({"id": 7, "title": "A &amp; B", "authors": ["Doe, Jo", "Roe, Al"], "year": 1999, "venue": "Nature"})
    + '\n{"id": "8"}\nno json\n'
)


@pytest.mark.parametrize(("name", "text"), [("m.tsv", TABLE), ("m.txt", BLOCKS), ("m.jsonl", OBJECTS)])
def test_metadata_come_as_a_table_as_blocks_or_as_objects(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    snapshot = list_in(tmp_path / "a.tsv", "7\t8\n", metadata=tmp_path / name)
    first, second, *_ = items(snapshot, "papers")
    assert isinstance(first, PaperRecord) and isinstance(second, PaperRecord)
    assert first.identifiers[0] == snapshot.identifier("7")
    assert (first.title, first.year, first.venue) == ("A & B", 1999, "Nature")
    assert [author.name for author in first.authors] == ["Jo Doe", "Al Roe"]
    assert (second.identifiers[0], second.title) == (snapshot.identifier("8"), "")
    assert [step.name for step in snapshot.steps] == ["papers", "citations"]


def test_a_table_of_metadata_names_further_identifiers(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text(TABLE)
    found = items(list_in(tmp_path / "a.tsv", "7\t8\n", metadata=tmp_path / "m.tsv"), "papers")
    assert isinstance(found[0], PaperRecord)
    assert Identifier(Scheme.DOI, "10.1000/x") in found[0].identifiers
    assert faults(found) == [("no identifier", "m.tsv", 4)]


def test_blocks_stay_whole_wherever_one_goes_on_reading(tmp_path: Path) -> None:
    text = "id = {1}\ntitle = {One}\nodd line\nyear = {2001}\nid = {2}\ntitle = {Two}\n\n\nid = {3}\ntitle = {Three"
    (tmp_path / "m.txt").write_text(text)
    snapshot = list_in(tmp_path / "a.tsv", "1\t2\n", metadata=tmp_path / "m.txt")
    (step,) = [step for step in snapshot.steps if step.name == "papers"]
    (file,) = step.files
    whole = list(step.read(file, LinesOf(file)))
    assert [getattr(several[0], "title", None) for _, several in whole] == ["One", "Two", "Three"]
    for place, (number, _) in enumerate(whole):
        assert list(step.read(file, LinesOf(file, after=number))) == whole[place + 1 :]


# What is damaged -----------------------------------------------------------------------------------------------------


def test_a_file_that_breaks_off_gives_its_whole_lines_and_says_where(tmp_path: Path) -> None:
    # Random texts: what compresses well breaks off in the first block.
    rows = [openalex_work(n, title=gzip.compress(str(n).encode()).hex() * 30) for n in range(1, 400)]
    path = write_lines(tmp_path / "works" / "updated_date=2024-01-01" / "part_000.gz", rows)
    path.write_bytes(path.read_bytes()[:-2_000])
    found = items(snapshot_openalex.open_snapshot(tmp_path), "papers")
    whole = [item for item in found if isinstance(item, PaperRecord)]
    assert 0 < len(whole) < 399
    assert faults(found) == [
        ("the file breaks off here: load it again", "works/updated_date=2024-01-01/part_000.gz", len(whole) + 1)
    ]


def test_broken_lines_and_binary_files_are_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    works = tmp_path / "works" / "updated_date=2024-01-01"
    write_lines(
        works / "part_000.gz", [openalex_work(1), '{"id": "https://openalex.org/W2", "ti', "", openalex_work(3)]
    )
    (works / "part_001.gz").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    damaged = gzip.compress(json.dumps(openalex_work(4)).encode() + b"\n")
    (works / "part_002.gz").write_bytes(damaged + b"junk behind the end")
    (works / "part_003.gz").write_bytes(b"")
    (works / "part_004.gz").write_bytes(b"[" * 100_000)
    write_lines(works / "part_005.gz", ["[" * 100_000])
    found = items(snapshot_openalex.open_snapshot(tmp_path), "papers")
    assert [item.title for item in found if isinstance(item, PaperRecord)] == [f"Work Number {n}" for n in (1, 3, 4)]
    assert [(reason, Path(file).name, line) for reason, file, line in faults(found)] == [
        ("no JSON", "part_000.gz", 2),
        ("no gzip file", "part_001.gz", 1),
        ("gzip is damaged from here on", "part_002.gz", 2),
        ("no gzip file", "part_004.gz", 1),
        ("no JSON", "part_005.gz", 1),
    ]


def test_reading_goes_on_behind_any_line(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl.gz", ["1", "2", "3"])
    file = SnapshotFile("a.jsonl.gz", path, path.stat().st_size)
    assert [[line.text for line in LinesOf(file, after)] for after in range(4)] == [
        ["1", "2", "3"],
        ["2", "3"],
        ["3"],
        [],
    ]


OPENERS: dict[str, Callable[[Path], Snapshot]] = {
    "openalex": snapshot_openalex.open_snapshot,
    "semanticscholar": snapshot_semanticscholar.open_snapshot,
    "edges": edges.open_edges,
}


@pytest.mark.parametrize("source", OPENERS)
def test_a_directory_without_such_files_is_refused_in_one_line(tmp_path: Path, source: str) -> None:
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(SourceError, match=f"{tmp_path.name} holds no") as refusal:
        OPENERS[source](tmp_path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(SourceError, match="missing does not exist"):
        OPENERS[source](tmp_path / "missing")


def test_files_of_another_source_are_refused_by_their_first_line(tmp_path: Path) -> None:
    write_lines(tmp_path / "a" / "works" / "updated_date=2024-01-01" / "part_000.gz", [s2_paper(1)])
    with pytest.raises(SourceError, match=r"part_000\.gz is no file of OpenAlex's works"):
        snapshot_openalex.open_snapshot(tmp_path / "a")
    write_lines(tmp_path / "b" / "papers" / "part.gz", [openalex_work(1)])
    with pytest.raises(SourceError, match=r"papers/part\.gz is no file of Semantic Scholar's papers"):
        snapshot_semanticscholar.open_snapshot(tmp_path / "b")
    write_lines(tmp_path / "c.txt", [openalex_work(1)])
    with pytest.raises(SourceError, match="its lines are JSON"):
        edges.open_edges(tmp_path / "c.txt")
    with pytest.raises(SourceError, match="is a file"):
        snapshot_openalex.open_snapshot(tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x89PNG\r\n\x1a\n\x00\x01\x02", "no text file"), (b"\x00\x01\t\x02\n", "no text file")],
)
def test_binary_content_is_no_edge_list(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=f"a.tsv is {reason}"):
        list_in(tmp_path / "a.tsv", content)


def test_options_of_edge_lists_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no scheme 'isbn': choose one of doi, arxiv"):
        edges.known_scheme("isbn")
    with pytest.raises(SourceError, match="should have 1 to 60 characters"):
        list_in(tmp_path / "a.tsv", "1\t2\n", name="x" * 61)
    with pytest.raises(SourceError, match=r"gone\.tsv does not exist"):
        list_in(tmp_path / "a.tsv", "1\t2\n", metadata=tmp_path / "gone.tsv")
    (tmp_path / "m.tsv").write_text("number\tname\n1\tx\n")
    snapshot = list_in(tmp_path / "a.tsv", "1\t2\n", metadata=tmp_path / "m.tsv")
    with pytest.raises(SourceError, match=r"m\.tsv holds no metadata"):
        items(snapshot)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_content_of_a_file_raises_anything_but_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    content = b"\n".join(pieces)
    directory = tmp_path_factory.mktemp("fuzz")
    for name in ("papers/a.jsonl", "citations/a.gz", "works/updated_date=2024-01-01/a.json", "list.tsv", "meta.txt"):
        (directory / name).parent.mkdir(exist_ok=True, parents=True)
        (directory / name).write_bytes(content)
    for opened in (
        lambda: OPENERS["openalex"](directory),
        lambda: OPENERS["semanticscholar"](directory),
        lambda: OPENERS["edges"](directory / "list.tsv"),
        lambda: edges.open_edges(directory / "list.tsv", metadata=directory / "meta.txt"),
    ):
        try:
            items(opened())
        except SourceError as refusal:
            assert "\n" not in str(refusal)


# Recorded graphs -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not GRAPHS.is_dir(), reason="the recorded graphs are not beside the project")
def test_every_line_of_the_recorded_graphs_is_an_item() -> None:
    hepth = edges.open_edges(GRAPHS / "hepth_edges_reindexed.tsv", name="hepth")
    assert len(items(hepth)) == 352_807
    network = edges.open_edges(
        GRAPHS / "aan_edges_citing_to2005.txt",
        scheme=Scheme.ACL,
        metadata=GRAPHS / "aan_metadata_to2005.txt",
    )
    papers = items(network, "papers")
    assert len(papers) == 9_874
    # The network tells parts of one journal issue by a letter, as in J79-1009a; the Anthology has no such names.
    assert len(faults(papers)) == 54
    assert all(paper.title for paper in papers if isinstance(paper, PaperRecord))
    assert len(links(network)) == 34_269
