"""BibTeX and BibLaTeX files: what each entry says, and what becomes of broken ones."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.sources import bibtex
from citations.sources.records import PaperRecord, Rejected
from citations.vocabulary import Kind


def records(text: str) -> list[PaperRecord]:
    """The entries that can be read; all must be."""
    found = list(bibtex.entries(text))
    assert all(isinstance(entry, PaperRecord) for entry in found), found
    return [entry for entry in found if isinstance(entry, PaperRecord)]


def only(text: str) -> PaperRecord:
    """The one entry of a file."""
    (record,) = records(text)
    return record


def entry(fields: str, kind: str = "article") -> PaperRecord:
    """An entry with these fields and a title."""
    return only(f"@{kind}{{key, title = {{On Tools}},\n{fields}\n}}")


def names(record: PaperRecord) -> list[str]:
    return [author.name for author in record.authors]


def identifiers(record: PaperRecord) -> list[str]:
    return [str(identifier) for identifier in record.identifiers]


def test_an_entry_says_what_it_says() -> None:
    record = only(
        """
        @article{doe2024,
          title = {A Study of {Citation} Use},
          subtitle = "in Practice",
          author = {Doe, Jane and Roe, Richard},
          journal = {Journal of Made-Up Results},
          year = 2024, month = mar, day = 7,
          abstract = {First paragraph.

          Second one.},
          doi = {10.1000/ABC.1},
          url = {https://example.org/a\\_b},
        }
        """
    )
    assert record.title == "A Study of Citation Use: in Practice"
    assert names(record) == ["Jane Doe", "Richard Roe"]
    assert (record.year, record.published_on) == (2024, datetime.date(2024, 3, 7))
    assert (record.venue, record.kind) == ("Journal of Made-Up Results", Kind.ARTICLE)
    assert record.abstract == "First paragraph.\n\nSecond one."
    assert (identifiers(record), record.url) == (["doi:10.1000/abc.1"], "https://example.org/a_b")
    assert "doe2024" in str(record.raw)


def test_latex_and_braces_are_read() -> None:
    record = only(
        r"@article{k, title={{{The} $n^2$ of {\'E}t{\'e} \& \textit{Co}}}, author={G{\"o}del, Kurt}, year={1931}}"
    )
    assert record.title == "The n² of Été & Co"
    assert names(record) == ["Kurt Gödel"]


def test_macros_and_concatenations_are_put_together() -> None:
    text = """
    @string{j = "Journal of "}
    @STRING(Full = j # {Tools})
    @article{k, title = "On " # {Tools}, journal = FULL, month = jan # "~15", year = 2020}
    """
    record = only(text)
    assert (record.title, record.venue) == ("On Tools", "Journal of Tools")
    assert record.published_on == datetime.date(2020, 1, 15)


def test_an_unknown_macro_stands_for_its_name() -> None:
    assert entry("journal = mnras").venue == "mnras"


def test_macros_of_macros_cannot_fill_the_memory() -> None:
    doubling = "\n".join(f"@string{{a{n + 1} = a{n} # a{n}}}" for n in range(60))
    (found,) = bibtex.entries(f'@string{{a0 = "xxxxxxxxxx"}}\n{doubling}\n@book{{k, title = a12 # a13 # a13 # a13}}')
    assert isinstance(found, Rejected)
    assert "100,000" in found.reason


def test_a_child_inherits_from_the_volume_that_it_refers_to() -> None:
    text = """
    @inproceedings{child, title = {A Talk}, author = {Doe, Jane}, crossref = {Volume}}
    @proceedings{volume, title = {Proceedings of Talks}, year = 2001, doi = {10.1000/volume}, editor = {Roe, Richard}}
    """
    child, volume = records(text)
    assert (child.title, child.venue, child.year) == ("A Talk", "Proceedings of Talks", 2001)
    assert identifiers(child)[0].startswith("fingerprint:")
    assert identifiers(volume) == ["doi:10.1000/volume"]


def test_references_in_a_circle_end() -> None:
    assert len(records("@book{a, title={A}, crossref={b}}\n@book{b, title={B}, crossref={a}}")) == 2


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Ludwig van Beethoven", ["Ludwig van Beethoven"]),
        ("van Beethoven, Ludwig", ["Ludwig van Beethoven"]),
        ("King, Jr, Martin Luther", ["Martin Luther King Jr"]),
        ("{NASA and Others}", ["NASA and Others"]),
        ("Doe, J. and others", ["J. Doe"]),
        ("family=Duchamp, given=Philippe, prefix=du", ["Philippe du Duchamp"]),
        ("{\\'E}mile Zola AND Ann Lee", ["Émile Zola", "Ann Lee"]),
        ("", []),
    ],
)
def test_names_are_read_in_every_form(raw: str, expected: list[str]) -> None:
    assert names(entry(f"author = {{{raw}}}")) == expected


@pytest.mark.parametrize(
    ("fields", "year", "date"),
    [
        ("year = 1999", 1999, None),
        ("year = {c. 1999}", 1999, None),
        ("date = {2016-07-18T20:26:06}", 2016, datetime.date(2016, 7, 18)),
        ("date = {2015-06-22/2015-06-26}", 2015, datetime.date(2015, 6, 22)),
        ("date = {1988/1992}", 1988, None),
        ("date = {2004-06~}", 2004, None),
        ("date = {199u}", None, None),
        ("date = {20XX}", None, None),
        ("date = {-0876}", None, None),
        ("date = {y52000}", None, None),
        ("year = {in press}", None, None),
        ("year = 2019, month = {4 July}", 2019, datetime.date(2019, 7, 4)),
        ("year = 2019, month = 2, day = 30", 2019, None),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(fields: str, year: int | None, date: datetime.date | None) -> None:
    record = entry(fields)
    assert (record.year, record.published_on) == (year, date)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("doi = {https://doi.org/10.1000/X\\_1}", ["doi:10.1000/x_1"]),
        ("eprint = {2304.01373v2}, archivePrefix = {arXiv}", ["arxiv:2304.01373"]),
        ("eprint = {2304.01373}", ["arxiv:2304.01373"]),
        ("eprint = {9861700}, eprinttype = {pubmed}", ["pmid:9861700"]),
        ("eprint = {123}, eprinttype = {jstor}", []),
        ("journal = {arXiv preprint arXiv:1810.04805}", ["arxiv:1810.04805"]),
        ("pmid = {123}, pmcid = {PMC45}", ["pmid:123", "pmcid:PMC45"]),
        ("url = {http://doi.acm.org/10.1145/637069.637096}", ["doi:10.1145/637069.637096"]),
        ("url = {https://api.semanticscholar.org/CorpusID:14514057}", ["corpusid:14514057"]),
        ("url = {https://example.org/}", []),
        ("url = {https://arxiv.org/abs/hep-th/9711200}, doi = {10.1023/A:1026654312961}", ["doi:", "arxiv:"]),
    ],
)
def test_identifiers_are_found_wherever_tools_put_them(fields: str, expected: list[str]) -> None:
    found = [name for name in identifiers(entry(fields)) if not name.startswith("fingerprint:")]
    assert len(found) == len(expected)
    assert all(name.startswith(wanted) for name, wanted in zip(found, expected, strict=True))


def test_the_venue_of_preprints_is_arxiv() -> None:
    record = entry("journal = {arXiv preprint arXiv:1810.04805}")
    assert (record.venue, record.kind) == ("arXiv", Kind.PREPRINT)


def test_entries_without_identifiers_get_the_same_fingerprint_in_any_spelling() -> None:
    one = only("@article{a, title={The {Title}}, author={van Doe, Jane}, year=2001}")
    other = only('@misc{b, title="the TITLE.", author="Jane van Doe and others", date={2001-05}}')
    assert one.identifiers == other.identifiers


def test_comments_groups_and_preambles_are_no_entries() -> None:
    text = """
    Some words of a person.
    @comment{jabref-meta: grouping:0 AllEntriesGroup:;}
    @comment{@book{hidden, title = {Hidden}}}
    @preamble{"\\newcommand{\\x}{y}"}
    @book{seen, title = {Seen}}
    """
    assert [record.title for record in records(text)] == ["Seen"]


def test_entries_in_parentheses_and_with_spaces_are_read() -> None:
    text = '@book(a, title = "One (1)")\n  @ book\n  {b, title = "Two"}\n@book{ c , title = "Three" , }'
    assert [record.title for record in records(text)] == ["One (1)", "Two", "Three"]


def test_keys_and_fields_that_come_twice_lose_nothing() -> None:
    addresses = "url={https://arxiv.org/abs/2304.01373}, url={https://example.org/}"
    one, two = records(f"@book{{a, title={{One}}, {addresses}}}\n@book{{a, title={{Two}}}}")
    assert (one.title, two.title) == ("One", "Two")
    assert identifiers(one) == ["arxiv:2304.01373"]


def test_a_missing_key_or_comma_is_forgiven() -> None:
    one, two = records("@book{title = {One}, year = 2001}\n@book{b, title = {Two} year = 2002, volume = 3}")
    assert (one.title, two.title, two.year) == ("One", "Two", 2002)


def test_a_broken_entry_is_rejected_and_the_rest_comes_in() -> None:
    text = "@book{a, title={One}}\n@book{b, title = {Unclosed, year = 2001\n\n@book{c, title={Three}}"
    one, broken, three = bibtex.entries(text)
    assert isinstance(one, PaperRecord) and isinstance(three, PaperRecord)
    assert isinstance(broken, Rejected)
    assert broken.reason.startswith("broken entry") and "Unclosed" in str(broken.raw)


def test_what_is_no_work_is_rejected_with_a_reason() -> None:
    found = list(bibtex.entries("@xdata{x, publisher={P}}\n@set{s, entryset={a,b}}\n@misc{m, note={nothing}}"))
    assert [entry.reason[:8] for entry in found if isinstance(entry, Rejected)] == ["@xdata h", "@set hol", "no ident"]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("InProceedings", "", Kind.CONFERENCE),
        ("phdthesis", "", Kind.THESIS),
        ("incollection", "", Kind.CHAPTER),
        ("misc", "", Kind.OTHER),
        ("misc", "eprint={2304.01373}", Kind.PREPRINT),
        ("article", "eprint={2304.01373}, journal={Nature}", Kind.ARTICLE),
        ("dataset", "", Kind.DATASET),
    ],
)
def test_types_become_kinds(kind: str, fields: str, expected: Kind) -> None:
    assert entry(fields, kind).kind == expected


@given(st.text(alphabet=st.sampled_from('@{}(),="#\\ \nabook'), max_size=60))
def test_any_text_is_read_or_rejected(text: str) -> None:
    for found in bibtex.entries(text):
        assert isinstance(found, PaperRecord) or found.reason
