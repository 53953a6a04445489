"""Two pages about the pages: what the words mean and which keys there are, and every component in every state."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from citations import charts
from citations.facets.lines import FacetValue, YearMark
from citations.filters.base import PageLink, Pages
from citations.hub_class import HubCounts, Verdict, classify_hub
from citations.listing.marking import NO_MARKING
from citations.listing.rows import Ledger, Row, Sentence
from citations.models import Citation, Paper
from citations.vocabulary import DecidedBy, HubClass, Kind, Notice, Polarity, Role

# What single keys do, in the order of the page. Those of the curation desk stand on its buttons.
KEYS = (
    ("/", "to the search"),
    ("j", "to the next row of a list"),
    ("k", "to the row before"),
    ("o", "open the row that has the focus"),
    ("f", "to the filters"),
    ("?", "show these keys"),
)

# Made up, so that every part of a chart has something to show.
_ROLES = {
    Role.METHOD: 46,
    Role.DATASET: 9,
    Role.COMPARISON: 14,
    Role.EXTENSION: 8,
    Role.EVIDENCE: 6,
    Role.BACKGROUND: 17,
    Role.UNCLEAR: 5,
}
_POLARITIES = {Polarity.DISPUTES: 6, Polarity.MIXED: 4, Polarity.NEUTRAL: 12, Polarity.SUPPORTS: 18}
_KNOWN = 140
_YEARS = {
    2021: {Role.METHOD: 4, Role.BACKGROUND: 2, None: 1},
    2022: {Role.METHOD: 9, Role.DATASET: 3, Role.COMPARISON: 5, None: 4},
    2024: {Role.METHOD: 20, Role.EXTENSION: 6, Role.EVIDENCE: 5, Role.BACKGROUND: 8, Role.UNCLEAR: 3, None: 9},
}
# Where a component needs an address, it gets one of this page.
_HERE = "#charts"


@dataclass(frozen=True)
class Said:
    """A verdict and the counts that it is of."""

    verdict: Verdict
    known: int


@require_safe
def about_words(request: HttpRequest) -> HttpResponse:
    """Every word of the glossary, and the single keys. No query."""
    return render(request, "about_words.html", {"keys": KEYS})


@require_safe
def about_style(request: HttpRequest) -> HttpResponse:
    """Every component in every state, from the macros that all pages use and from made-up numbers. No query."""
    context = {
        "roles": tuple(Role),
        "polarities": tuple(Polarity),
        "deciders": tuple(DecidedBy),
        "classes": tuple(HubClass),
        "notices": tuple(Notice),
        "here": _HERE,
        "bars": [
            ("Every role, unclear and not classified", charts.role_bar(_ROLES, _KNOWN)),
            ("All classified", charts.role_bar({Role.METHOD: 30, Role.EVIDENCE: 12}, 42)),
            ("None classified", charts.role_bar({}, 42)),
        ],
        "polarity_bars": [
            ("Every polarity", charts.polarity_bar(_POLARITIES, _KNOWN)),
            ("Disputes alone", charts.polarity_bar({Polarity.DISPUTES: 5}, 42)),
        ],
        "years": charts.year_chart(_YEARS),
        "marks": _year_marks(),
        "ranges": [charts.range_mark(*shares) for shares in ((0.0, 0.0, 0.14), (0.58, 0.78, 0.9), (0.97, 1.0, 1.0))],
        "verdicts": [_said(roles, known) for roles, known in _VERDICTS],
        "facet_values": _facet_values(),
        "pages": [_pages(1, 8, 1), _pages(2, 412, 9), _pages(1, 0, 1)],
        "rows": _rows(),
    }
    return render(request, "about_style.html", context)


_VERDICTS = (
    (_ROLES, _KNOWN),
    ({Role.METHOD: 18, Role.DATASET: 5}, 30),
    ({Role.EXTENSION: 50}, 50),
    ({Role.EVIDENCE: 3}, 12),
)


def _said(roles: dict[Role, int], known: int) -> Said:
    """What the rules say of made-up counts."""
    return Said(classify_hub(HubCounts(known=known, roles=roles)), known)


def _year_marks() -> list[YearMark]:
    """The histogram of a facet, two of its years chosen."""
    counts = {2017: 3, 2018: 8, 2020: 13, 2021: 21, 2022: 34, 2023: 30, 2024: 12}
    return [YearMark(bar, _HERE) for bar in charts.year_bars(counts, counts, 2021, 2022)]


def _facet_values() -> list[FacetValue]:
    """A line of a facet in each of its states: alone, beside a chosen one, chosen, chosen without any paper, empty."""
    other = "#facets"
    return [
        FacetValue("method", "Alone", "method", 46, False, _HERE, _HERE),
        FacetValue("dataset", "Beside a chosen one", "dataset", 9, False, _HERE, other),
        FacetValue("evidence", "Chosen", "evidence", 1234, True, _HERE, other),
        FacetValue("extension", "Chosen, without a paper", "extension", 0, True, _HERE, other),
        FacetValue("background", "Without a paper", "background", 0, False, _HERE, _HERE),
    ]


def _pages(number: int, total: int, last: int) -> Pages:
    """A pager: of one page, of many in the middle, of none."""
    first = [PageLink(page, "#lists", page == number) for page in (1, 2, 3)]
    links = (*first, PageLink(None), PageLink(last, "#lists"))
    return Pages(
        number=number,
        size=50,
        total=total,
        last_number=last,
        previous="#lists" if number > 1 else "",
        next="#lists" if number < last else "",
        links=links if last > 1 else (),
    )


def _rows() -> list[Row]:
    """Rows of a list that have what is hard to set: long and foreign titles, many authors, every kind of mark."""
    text = "We train on it and compare our results with it."
    sentence = Sentence(text, "Experiments", "Semantic Scholar", NO_MARKING.sentence(text))
    rows = [
        _row("A citing paper that a curator read", {"role": "method", "role_by": "curator"}, sentence=sentence),
        _row(
            "An imported label, coarse, and a dispute that nobody has confirmed",
            {"role": "comparison", "role_by": "import", "source": "semanticscholar", "coarse": True}
            | {"polarity": "disputes", "polarity_by": "import", "is_influential": True},
            sentence=sentence,
        ),
        _row("Not classified, and a suggestion", {"suggested_role": "evidence", "suggested_confidence": 0.91}),
        _row(
            "A very long title without an end: " + "on the treatment of headings that go on and on, " * 5,
            {"role": "unclear", "role_by": "curator", "is_self_citation": True},
            authors=tuple(f"Author Number {number}" for number in range(1, 4)),
            more_authors=37,
        ),
        _row("דוגמה לכותרת מימין לשמאל (2024): citations", {}, authors=("محمد بن موسى", "Ada Author", "יוסף כהן")),
        _row("深層学習による引用分類の研究：大規模言語モデルの評価", {"role": "background", "role_by": "curator"}),
        _row("Bounds on ∫₀^∞ e^(−x²) dx, α-stable ℝⁿ-valued processes and O(n log n)", {}, notice="retracted"),
    ]
    for number, row in enumerate(rows, start=1):
        row.citation.pk = number  # each row is a place of its own on the page
    return rows


def _row(
    title: str,
    facts: dict[str, object],
    *,
    authors: tuple[str, ...] = ("Ada Author", "Bo Writer"),
    more_authors: int = 0,
    sentence: Sentence | None = None,
    notice: str = "",
) -> Row:
    """A row of objects that are in no database."""
    paper = Paper(slug="made-up", title=title, year=2024, notice=notice, kind=Kind.ARTICLE)
    citation = Citation(citing=paper, **facts)
    said = () if sentence is None else (sentence,)
    return Row(citation, authors, more_authors, said, Ledger())
