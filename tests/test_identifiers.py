"""Names of papers: every spelling that people type and sources give becomes one identifier, or a clear error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.identifiers import (
    MAXIMUM_LENGTH,
    BadIdentifier,
    Identifier,
    Scheme,
    display,
    equivalents,
    fingerprint,
    normalise,
    parse,
)

RECORDED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PAPER_ID = "0f40b1f08821e22e859c6050916cec3667778613"
SICI = "10.1175/1520-0493(1937)65<104:aizoto>2.0.co;2"

SPELLINGS = [
    # DOIs
    ("10.1000/XYZ", "doi:10.1000/xyz"),
    ("DOI:10.1000/xyz", "doi:10.1000/xyz"),
    ("doi: 10.1000/xyz", "doi:10.1000/xyz"),
    ("doi 10.1000/xyz", "doi:10.1000/xyz"),
    ("doi:https://doi.org/10.1000/xyz", "doi:10.1000/xyz"),
    ("info:doi/10.1000/xyz", "doi:10.1000/xyz"),
    ("urn:doi:10.1000/xyz", "doi:10.1000/xyz"),
    ("https://doi.org/10.1000%2FABC", "doi:10.1000/abc"),
    ("https://doi.org/10.1000%252FABC", "doi:10.1000/abc"),
    ("http://dx.doi.org/10.1000/xyz", "doi:10.1000/xyz"),
    ("doi.org/10.1000/xyz", "doi:10.1000/xyz"),
    ("https://www.doi.org/10.1000/xyz/", "doi:10.1000/xyz"),
    ("https://doi.org/10.1000/xyz?utm_source=news&x=1", "doi:10.1000/xyz"),
    ("10.1000/xyz?utm_source=news", "doi:10.1000/xyz"),
    ("https://doi.org/10.1000/xyz#section-2", "doi:10.1000/xyz"),
    ("10.1000/xyz?a#b", "doi:10.1000/xyz?a#b"),
    ("https://dl.acm.org/doi/abs/10.1145/1234.5678", "doi:10.1145/1234.5678"),
    ("https://link.springer.com/article/10.1007/s00000-010-1628-y/fulltext.html", "doi:10.1007/s00000-010-1628-y"),
    ("https://link.springer.com/content/pdf/10.1007/s00000-010-1628-y.pdf", "doi:10.1007/s00000-010-1628-y"),
    ("10.1000/xyz.", "doi:10.1000/xyz"),
    ("(doi:10.1000/xyz).", "doi:10.1000/xyz"),
    ("“10.1000/xyz”,", "doi:10.1000/xyz"),
    ("<https://doi.org/10.1000/xyz>;", "doi:10.1000/xyz"),
    ("10.1016/0006-3207(95)00115-8", "doi:10.1016/0006-3207(95)00115-8"),
    ("10.1175/1520-0493(1937)65<104:AIZOTO>2.0.CO;2", f"doi:{SICI}"),
    ("10.1175/1520-0493(1937)65&lt;104:AIZOTO&gt;2.0.CO;2", f"doi:{SICI}"),
    ("10.1175/1520-0493(1937)65&amp;lt;104:AIZOTO&amp;gt;2.0.CO;2", f"doi:{SICI}"),
    ("https://doi.org/10.1175/1520-0493(1937)65%3C104:AIZOTO%3E2.0.CO;2", f"doi:{SICI}"),
    ("10.1890/1051-0761(1999)009[0880:OFMFMC]2.0.CO;2)", "doi:10.1890/1051-0761(1999)009[0880:ofmfmc]2.0.co;2"),
    (
        "https://doi.org/10.1002/(SICI)1000(1998)1:1<1::AID-X1>3.0.CO;2-#",
        "doi:10.1002/(sici)1000(1998)1:1<1::aid-x1>3.0.co;2-#",
    ),
    ("10.1002/(SICI)1000(1998)1:1<1::AID-X1>3.0.CO;2-%23", "doi:10.1002/(sici)1000(1998)1:1<1::aid-x1>3.0.co;2-#"),
    ("  10.1000/xyz\n", "doi:10.1000/xyz"),
    ("10.1000/x\u200by\u00adz\ufeff", "doi:10.1000/xyz"),
    ("１０．１０００／ｘｙｚ", "doi:10.1000/xyz"),
    ("10.1111/2041\u2010210X.14002", "doi:10.1111/2041-210x.14002"),
    ("10.1000/12\u201313", "doi:10.1000/12\u201313"),
    ("10.48550/arXiv.2304.01373", "doi:10.48550/arxiv.2304.01373"),
    ("10.1000/Ünïcode", "doi:10.1000/Ünïcode"),
    # arXiv
    ("arXiv:2304.01373", "arxiv:2304.01373"),
    ("arXiv:2304.01373v2", "arxiv:2304.01373"),
    ("arxiv 2304.01373", "arxiv:2304.01373"),
    ("2304.01373", "arxiv:2304.01373"),
    ("0704.0001V1", "arxiv:0704.0001"),
    ("arXiv:2304.01373v2 [cs.CL] 31 May 2023", "arxiv:2304.01373"),
    ("hep-th/9711200", "arxiv:hep-th/9711200"),
    ("arXiv:hep-th/9711200v3", "arxiv:hep-th/9711200"),
    ("math.GT/0309136", "arxiv:math/0309136"),
    ("cond-mat.stat-mech/0309136", "arxiv:cond-mat/0309136"),
    ("oai:arXiv.org:2304.01373", "arxiv:2304.01373"),
    ("https://arxiv.org/abs/2304.01373", "arxiv:2304.01373"),
    ("https://arxiv.org/abs/2304.01373?context=cs", "arxiv:2304.01373"),
    ("http://arxiv.org/pdf/2304.01373v1.pdf", "arxiv:2304.01373"),
    ("https://www.arxiv.org/pdf/hep-th/9711200", "arxiv:hep-th/9711200"),
    ("export.arxiv.org/abs/2304.01373", "arxiv:2304.01373"),
    ("https://ar5iv.labs.arxiv.org/html/2304.01373", "arxiv:2304.01373"),
    # Semantic Scholar
    (PAPER_ID.upper(), f"s2:{PAPER_ID}"),
    (f"https://www.semanticscholar.org/paper/{PAPER_ID}", f"s2:{PAPER_ID}"),
    (f"https://www.semanticscholar.org/paper/A-Title-Doe/{PAPER_ID}?sort=x", f"s2:{PAPER_ID}"),
    (f"https://api.semanticscholar.org/graph/v1/paper/{PAPER_ID}/citations?limit=1", f"s2:{PAPER_ID}"),
    ("CorpusId:14514057", "corpusid:14514057"),
    ("CORPUSID:14514057", "corpusid:14514057"),
    ("Corpus ID: 14514057", "corpusid:14514057"),
    ("S2CID 14514057", "corpusid:14514057"),
    ("https://api.semanticscholar.org/CorpusID:14514057", "corpusid:14514057"),
    ("https://api.semanticscholar.org/graph/v1/paper/DOI%3A10.1000%2Fxyz", "doi:10.1000/xyz"),
    ("1234567890" * 4, "s2:" + "1234567890" * 4),
    # the others
    ("W2741809807", "openalex:W2741809807"),
    ("w2741809807", "openalex:W2741809807"),
    ("https://openalex.org/W2741809807", "openalex:W2741809807"),
    ("https://api.openalex.org/works/W2741809807?select=id", "openalex:W2741809807"),
    ("PMID:0029456894", "pmid:29456894"),
    ("PMID 29456894", "pmid:29456894"),
    ("https://pubmed.ncbi.nlm.nih.gov/29456894/", "pmid:29456894"),
    ("https://www.ncbi.nlm.nih.gov/pubmed/29456894", "pmid:29456894"),
    ("https://europepmc.org/article/MED/29456894", "pmid:29456894"),
    ("PMC5815332", "pmcid:PMC5815332"),
    ("PMCID:PMC5815332", "pmcid:PMC5815332"),
    ("PMCID: 5815332", "pmcid:PMC5815332"),
    ("https://www.ncbi.nlm.nih.gov/pmc/articles/5815332", "pmcid:PMC5815332"),
    ("https://pmc.ncbi.nlm.nih.gov/articles/PMC5815332/pdf/x.pdf", "pmcid:PMC5815332"),
    ("https://europepmc.org/article/PMC/PMC5815332", "pmcid:PMC5815332"),
    ("https://europepmc.org/articles/PMC5815332", "pmcid:PMC5815332"),
    ("ACL:P18-1", "acl:P18-1"),
    ("p18-1001", "acl:P18-1001"),
    ("2024.naacl-long.290", "acl:2024.naacl-long.290"),
    ("https://aclanthology.org/2024.naacl-long.290/", "acl:2024.naacl-long.290"),
    ("https://aclanthology.org/P18-1001v2.pdf", "acl:P18-1001"),
    ("https://www.aclweb.org/anthology/papers/P/P18/P18-1001/", "acl:P18-1001"),
    ("MAG:2741809807", "mag:2741809807"),
    ("DBLP:conf/acl/DoeR18", "dblp:conf/acl/DoeR18"),
    ("journals/corr/abs-2304-01373", "dblp:journals/corr/abs-2304-01373"),
    ("https://dblp.org/rec/conf/acl/DoeR18.html?view=bibtex", "dblp:conf/acl/DoeR18"),
    ("https://dblp.uni-trier.de/rec/bibtex/conf/acl/DoeR18", "dblp:conf/acl/DoeR18"),
    ("fingerprint:" + "0A" * 16, "fingerprint:" + "0a" * 16),
]


@pytest.mark.parametrize(("spelling", "expected"), SPELLINGS)
def test_each_spelling_names_one_identifier(spelling: str, expected: str) -> None:
    assert str(parse(spelling)) == expected


@pytest.mark.parametrize("expected", sorted({expected for _, expected in SPELLINGS}))
def test_an_identifier_is_read_back_from_its_text_its_display_and_its_address(expected: str) -> None:
    identifier = parse(expected)
    assert str(identifier) == expected
    assert parse(display(identifier)) == identifier
    assert not identifier.url or parse(identifier.url) == identifier


MALFORMED = [
    "",
    "   \u200b ",
    "...",
    "Attention Is All You Need",
    "10.1000",
    "123.4",
    "10.1000/",
    "10.1000/a b",
    "10.1000/a\x00b",
    "10.1000/a%00b",
    "10.1000/a\ud800b",
    "10.1000/" + "x" * MAXIMUM_LENGTH,
    "x" * 100_000,
    "14514057",
    "arXiv:",
    "arXiv:2399.01373",
    "arXiv:9999.99999",
    "nonsense/9711200",
    "PMID:0",
    "PMID:abc",
    "CorpusId:-1",
    "CorpusId:1234567890123456",
    "W",
    "https://openalex.org/A5023888391",
    "ACL:18-P1",
    "DBLP:['A. Person']",
    "homepages/d/JaneDoe",
    "fingerprint:12",
    "https://example.org/paper/1",
    "https://doi.org/",
    "https://arxiv.org/list/cs.CL/recent",
    "https://www.semanticscholar.org/search?q=x",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_identifier_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadIdentifier) as refusal:
        parse(text)
    message = str(refusal.value)
    assert message.endswith(".")
    assert len(message) < 300


def test_an_error_repeats_the_text_and_says_what_was_expected() -> None:
    with pytest.raises(BadIdentifier, match=r"'PMID:abc' is not a PubMed id such as PMID:\d+"):
        parse("PMID:abc")
    with pytest.raises(BadIdentifier, match=r"'14514057' is only a number: say which one, as in PMID:14514057"):
        parse("14514057")


@pytest.mark.parametrize("value", [None, 1.5, True, ["10.1000/xyz"], 0, -3, 10**30])
def test_a_value_that_is_no_text_and_no_sensible_number_is_refused(value: object) -> None:
    with pytest.raises(BadIdentifier):
        normalise(Scheme.CORPUSID, value)  # type: ignore[arg-type]


def test_a_number_that_python_refuses_to_print_is_refused_as_well() -> None:
    with pytest.raises(BadIdentifier, match="at most 20 digits"):
        parse(10**5000)


@pytest.mark.parametrize("value", [470667, "470667", "0470667", "CorpusID:470667"])
def test_a_corpus_id_may_be_a_number_or_a_text(value: int | str) -> None:
    assert normalise(Scheme.CORPUSID, value) == Identifier(Scheme.CORPUSID, "470667")


def test_a_hint_decides_what_a_bare_number_is() -> None:
    assert parse("123", hint=Scheme.PMID) == Identifier(Scheme.PMID, "123")
    assert parse(123, hint=Scheme.MAG) == Identifier(Scheme.MAG, "123")


def test_a_scheme_that_the_text_states_wins_over_the_hint() -> None:
    assert parse("arXiv:2304.01373", hint=Scheme.DOI).scheme is Scheme.ARXIV
    assert parse("10.1000/xyz", hint=Scheme.PMID).scheme is Scheme.DOI


def test_normalising_refuses_a_name_of_another_scheme() -> None:
    with pytest.raises(BadIdentifier, match="belongs to arXiv; expected a DOI"):
        normalise(Scheme.DOI, "https://arxiv.org/abs/2304.01373")


def test_an_arxiv_paper_and_its_registered_doi_name_each_other() -> None:
    paper, doi = parse("arXiv:2304.01373"), parse("10.48550/arXiv.2304.01373")
    assert equivalents(paper) == (doi,)
    assert equivalents(doi) == (paper,)
    old = parse("hep-th/9711200")
    assert equivalents(equivalents(old)[0]) == (old,)


@pytest.mark.parametrize("text", ["10.1000/xyz", "10.48550/arxiv.nonsense", "PMID:1"])
def test_other_identifiers_have_no_equivalents(text: str) -> None:
    assert equivalents(parse(text)) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arxiv:2304.01373", "arXiv:2304.01373"),
        ("10.48550/arXiv.2304.01373", "doi:10.48550/arxiv.2304.01373"),
        ("pmid:1", "PMID:1"),
        ("PMC1", "PMCID:PMC1"),
        ("corpusid:1", "CorpusId:1"),
        ("W1", "OpenAlex:W1"),
    ],
)
def test_an_identifier_is_displayed_as_its_service_writes_it(text: str, expected: str) -> None:
    assert display(parse(text)) == expected


def test_an_address_escapes_what_would_end_a_path() -> None:
    assert parse("10.1000/a?b#c<d>%e").url == "https://doi.org/10.1000/a%3Fb%23c%3Cd%3E%25e"


def test_schemes_without_public_pages_have_no_address() -> None:
    assert {scheme for scheme in Scheme if not scheme.url("1")} == {Scheme.MAG, Scheme.FINGERPRINT}


def test_the_schemes_are_those_of_the_data_model() -> None:
    names = "doi arxiv s2 corpusid openalex pmid pmcid acl mag dblp fingerprint"
    assert [scheme.value for scheme in Scheme] == names.split()
    assert all(scheme.label and scheme.prefix for scheme in Scheme)
    assert f"{Scheme.DOI}" == "doi"


# --- fingerprints -----------------------------------------------------------------------------------------------


def test_a_fingerprint_ignores_case_diacritics_space_and_punctuation() -> None:
    expected = fingerprint("Über die Größe: a study", 1999, "Müller")
    assert expected is not None
    assert fingerprint("  UBER DIE GRÖSSE — A Study!", 1999, "muller") == expected


def test_a_fingerprint_tells_titles_years_and_names_apart() -> None:
    made = {fingerprint(*key) for key in (("A b", 1999, "Doe"), ("A c", 1999, "Doe"), ("A b", 2000, "Doe"),
                                          ("A b", 1999, "Roe"), ("A b", None, "Doe"), ("A b", 1999, None))}  # fmt: skip
    assert len(made) == 6


def test_titles_in_other_scripts_keep_fingerprints_of_their_own() -> None:
    titles = [
        "注意力机制",
        "语言模型",
        "ばら",
        "はら",
        "Внимание",
        "Модель",
        "انتباه",
        "نموذج",
        "किताब",
        "कताब",
        "주의",
        "모델",
    ]
    assert len({fingerprint(title, 2020, None) for title in titles}) == len(titles)


@pytest.mark.parametrize("title", [None, "", "  ", "…!?", "\u0301"])
def test_a_title_without_letters_has_no_fingerprint(title: str | None) -> None:
    assert fingerprint(title, 2020, "Doe") is None


def test_a_fingerprint_never_changes() -> None:
    # Stored in databases: a change of folding or hashing must be noticed here.
    assert str(fingerprint("A Fabricated Title", 2020, "Doe")) == "fingerprint:f1797aabbb3401c12ce9b173432e8628"


# --- properties -------------------------------------------------------------------------------------------------

tricky_characters = st.sampled_from("10./%23<>()[];:#?&-–.,\"'aAvV \u00ad\u200b２ﬁß\u0301\u037e")
doi_like = st.builds("10.{}/{}".format, st.integers(1, 99999), st.text(tricky_characters | st.characters(), min_size=1))
anything = st.text() | st.text(tricky_characters) | doi_like | st.sampled_from([spelling for spelling, _ in SPELLINGS])
prefixes = st.sampled_from(
    ["", "doi:", "https://doi.org/", "arXiv:", "https://arxiv.org/abs/", "PMID:", "DBLP:", "ACL:"]
)


def _parsed(text: str) -> Identifier | None:
    """The identifier in `text`, or None; anything but BadIdentifier fails the test that asked."""
    try:
        return parse(text)
    except BadIdentifier:
        return None


@given(prefixes, anything)
def test_parsing_raises_nothing_but_bad_identifier_and_round_trips(prefix: str, text: str) -> None:
    identifier = _parsed(prefix + text)
    if identifier is not None:
        assert parse(str(identifier)) == identifier
        assert parse(display(identifier)) == identifier
        assert normalise(identifier.scheme, identifier.value) == identifier
        assert not identifier.url or parse(identifier.url) == identifier
        identifier.value.encode("utf-8")


@given(doi_like)
def test_a_doi_is_one_however_its_ascii_letters_are_cased(text: str) -> None:
    upper = "".join(character.upper() if character.isascii() else character for character in text)
    assert _parsed(text) == _parsed(upper)


@given(st.text(), st.none() | st.integers(1000, 3000), st.none() | st.text())
def test_fingerprints_are_made_from_any_text_and_read_back(title: str, year: int | None, name: str | None) -> None:
    made = fingerprint(title, year, name)
    assert made is None or parse(str(made)) == made


# --- recorded answers of the services ---------------------------------------------------------------------------

SCHEMES_OF_SERVICES = {
    "DOI": Scheme.DOI,
    "doi": Scheme.DOI,
    "ArXiv": Scheme.ARXIV,
    "CorpusId": Scheme.CORPUSID,
    "PubMed": Scheme.PMID,
    "PubMedCentral": Scheme.PMCID,
    "ACL": Scheme.ACL,
    "MAG": Scheme.MAG,
    "DBLP": Scheme.DBLP,
    "pmid": Scheme.PMID,
    "pmcid": Scheme.PMCID,
    "mag": Scheme.MAG,
    "openalex": Scheme.OPENALEX,
    "paperId": Scheme.S2,
}


def _recorded_documents(folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.rglob("*.json*")):
        content = path.read_text("utf-8")
        yield from map(json.loads, content.splitlines() if path.suffix == ".jsonl" else [content])


def _recorded_identifiers(value: object) -> Iterator[tuple[Scheme, str | int]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in SCHEMES_OF_SERVICES and isinstance(inner, (str, int)):
                yield SCHEMES_OF_SERVICES[key], inner
            else:
                yield from _recorded_identifiers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _recorded_identifiers(inner)


@pytest.mark.skipif(not RECORDED_DATA.is_dir(), reason="the recorded answers of the services are not here")
@pytest.mark.parametrize(
    "source", ["crossref", "datacite", "semanticscholar", "opencitations", "openalex", "europepmc"]
)
def test_every_identifier_in_recorded_answers_is_read(source: str) -> None:
    refused: set[str] = set()
    read = 0
    for document in _recorded_documents(RECORDED_DATA / source):
        for scheme, raw in _recorded_identifiers(document.get("response", document)):
            try:
                assert normalise(scheme, raw).scheme is scheme
                read += 1
            except BadIdentifier:
                refused.add(str(raw))
    assert read
    assert refused == REFUSED_IN_RECORDED_ANSWERS.get(source, set())


# What the services do send under these keys and what names no paper.
REFUSED_IN_RECORDED_ANSWERS = {
    # An institution, a source, an author, a publisher and a topic.
    "openalex": {
        f"https://openalex.org/{name}" for name in ("I27837315", "S137773608", "A5023888391", "P4310319965", "T10001")
    },
}
